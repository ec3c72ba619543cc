// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace espgate::openswan {

// What ike= and esp= (phase2alg=) ask for, in Openswan's, Libreswan's and strongSwan's spelling, sorted by
// what becomes of it.
struct Proposals {
  std::vector<std::string> legacy;   // as ike.legacy or ike.legacy_esp takes them: refused unless named there
  std::vector<std::string> unknown;  // as the file has them: there is no such thing here
  // Without a group of their own: what Openswan's defaults would have added, which stays refused.
  std::vector<std::string> left_out;
  bool pfs_group = false;  // esp: a group for PFS is named
};

[[nodiscard]] Proposals ike_proposals(std::string_view list);
[[nodiscard]] Proposals esp_proposals(std::string_view list);

}  // namespace espgate::openswan
