// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include <tl/expected.hpp>

namespace espgate::config {

// A pre-shared key as ipsec.secrets writes it: "0x…" hexadecimal, "0s…" base64 (RFC 4648 §4), anything else
// the characters themselves. Error: what is wrong with it, without a character of it.
[[nodiscard]] tl::expected<crypto::SecretBytes, std::string> parse_preshared_key(
    std::span<const std::byte> characters);

struct PresharedKeyFileError {
  std::string what;  // with the file's name
  std::string hint;
};

// The same from a file that holds nothing else; newlines at its end are not part of it. Error also: not a
// regular file, or one that others than its owner may read.
[[nodiscard]] tl::expected<crypto::SecretBytes, PresharedKeyFileError> read_preshared_key_file(
    const std::filesystem::path& path);

}  // namespace espgate::config
