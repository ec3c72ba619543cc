// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/ipsec_conf.h"
#include "cli/import/old_dial_in.h"

#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace espgate::openswan {

// `[global]`, `[lns default]` with what stands below it.
struct Xl2tpdSection {
  enum class Kind : unsigned char { global, lns, other };
  Kind kind = Kind::other;
  std::string name;  // "lns default", as the file has it
  config::Location where;
  std::vector<Setting> settings;  // keys in lower case; repeated ones, too
};

// Reads an xl2tpd.conf (xl2tpd.conf(5)). What is none gets a note and is passed over. Error: the file can't
// be read.
[[nodiscard]] tl::expected<std::vector<Xl2tpdSection>, std::string> read_xl2tpd_conf(
    const std::filesystem::path& file, const SourceFiles& files, Notes& notes);

// Into `old` and `draft` goes what [global] and the LNS's section say; a note tells of what is always so here
// or can't be had. Error: there is no such section, so the file is for clients.
[[nodiscard]] tl::expected<void, std::string> translate_xl2tpd(const std::vector<Xl2tpdSection>& sections,
                                                               OldDialIn& old, GatewayDraft& draft,
                                                               Notes& notes);

}  // namespace espgate::openswan
