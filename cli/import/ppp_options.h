// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/old_dial_in.h"
#include "cli/import/source_files.h"

#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace espgate::openswan {

// An option of pppd's with what belongs to it: `mtu 1280`, `auth`.
struct PppOption {
  std::string name;                    // in one spelling: "require-mschap-v2" for "+mschap-v2"
  std::vector<std::string> arguments;  // none where they may be a secret
  std::string shown;                   // as the file has it, for messages
  config::Location where;
};

// Reads a file of pppd's options (pppd(8)): words, in quotes or not, several a line if one likes. A word that
// is no option of pppd's that is known here gets a note, and the rest of its line is passed over. Error: the
// file can't be read.
[[nodiscard]] tl::expected<std::vector<PppOption>, std::string> read_ppp_options(
    const std::filesystem::path& file, const SourceFiles& files, Notes& notes);

// Into `old` and `draft` goes what these options are called here; a note tells of what is always so or can't
// be had.
void translate_ppp_options(const std::vector<PppOption>& options, OldDialIn& old, GatewayDraft& draft,
                           Notes& notes);

}  // namespace espgate::openswan
