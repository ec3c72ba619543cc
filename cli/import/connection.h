// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/ipsec_conf.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::openswan {

// A conn with its also= and %default resolved; its own settings win, then those of also=, then the default's.
// "left" is our side: where a file calls us right, the sides are changed over.
struct Connection {
  std::string name;
  config::Location where;
  std::map<std::string, Setting, std::less<>> settings;
  bool part_of_another = false;  // some also= names it

  [[nodiscard]] const Setting* find(std::string_view key) const;
  // Empty: not set.
  [[nodiscard]] std::string_view value(std::string_view key) const;
  // Whether the other program would have used it: auto= is not ignore, its default.
  [[nodiscard]] bool is_loaded() const;
};

// Every conn but %default, in the order of the file. What can't be resolved gets a note.
[[nodiscard]] std::vector<Connection> resolve_connections(const std::vector<Section>& sections, Notes& notes);

// Why a connection is none that L2TP clients with a pre-shared key use, "IKEv2"; nullopt: it is one.
[[nodiscard]] std::optional<std::string> why_not_l2tp(const Connection& connection);

}  // namespace espgate::openswan
