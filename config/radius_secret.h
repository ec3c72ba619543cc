// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/preshared_key.h"
#include "crypto/secret.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include <tl/expected.hpp>

namespace espgate::config {

// Why these characters can't be a RADIUS server's secret, without one of them. nullopt: they can.
[[nodiscard]] std::optional<std::string> fault_of_radius_secret(std::span<const std::byte> characters);

// A secret from a file that holds nothing else; newlines at its end are not part of it. Unlike a pre-shared
// key it is always the characters themselves, as FreeRADIUS's clients.conf has it. Error also: not a regular
// file, or one that others than its owner may read.
[[nodiscard]] tl::expected<crypto::SecretBytes, PresharedKeyFileError> read_radius_secret_file(
    const std::filesystem::path& path);

}  // namespace espgate::config
