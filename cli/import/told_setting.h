// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/notes.h"
#include "config/location.h"

#include <string>
#include <string_view>

namespace espgate::openswan {

// A setting of xl2tpd's or pppd's on its way: how messages call it, where it stands, and who is told what
// became of it. Refers to what it was made of.
struct ToldSetting {
  const std::string& shown;  // "mtu 1280", "name = l2tpd"
  const config::Location& where;
  Notes& notes;

  void lost(std::string_view what) const { notes.lost(where, shown + ": " + std::string(what)); }
  void same(std::string_view what) const { notes.same(where, shown + ": " + std::string(what)); }
  // For a comment behind our own: "mtu 1280 (options.xl2tpd:6)".
  [[nodiscard]] std::string origin() const;
};

// What origin() put its place behind.
[[nodiscard]] std::string_view without_place(std::string_view origin);

}  // namespace espgate::openswan
