// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <cstddef>
#include <filesystem>
#include <string>

#include <sys/types.h>
#include <tl/expected.hpp>

namespace espgate::config {

// A file that went straight into secret memory.
struct SecretFile {
  crypto::SecretBytes content;
  mode_t mode = 0;  // its permissions
};

// Error: what the system says, "cannot be opened: …".
[[nodiscard]] tl::expected<SecretFile, std::string> read_secret_file(const std::filesystem::path& path,
                                                                     std::size_t largest);
// The same for a regular file only: a pipe or a device may have no end.
[[nodiscard]] tl::expected<SecretFile, std::string> read_regular_secret_file(
    const std::filesystem::path& path, std::size_t largest);

}  // namespace espgate::config
