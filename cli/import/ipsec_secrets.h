// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/notes.h"
#include "cli/import/source_files.h"
#include "config/location.h"
#include "crypto/secret.h"

#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace espgate::openswan {

// `IDS : PSK "…"`.
struct SecretLine {
  std::vector<std::string> ids;  // "%any", "203.0.113.10", "@vpn.example.com"; none: anybody's
  // As config::parse_preshared_key() takes it, which has tried it; never with a single quote or a control
  // character in it, so that it can stand in single quotes.
  crypto::SecretBytes key;
  config::Location where;
};

// Reads an ipsec.secrets (ipsec.secrets(5)) and what it includes. Secrets of other kinds, and lines that are
// not understood, get a note, which never shows what may be a secret. Error: the file can't be read.
[[nodiscard]] tl::expected<std::vector<SecretLine>, std::string> read_ipsec_secrets(
    const std::filesystem::path& file, const SourceFiles& files, Notes& notes);

}  // namespace espgate::openswan
