// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include <tl/expected.hpp>

namespace espgate::cli {

// Writes a file that nobody but its owner may use (0600), whole or not at all. Error: it could not be
// written, or it is there already and `replace` is false.
[[nodiscard]] tl::expected<void, std::string> write_new_file(const std::filesystem::path& path,
                                                             std::span<const std::byte> content,
                                                             bool replace);

}  // namespace espgate::cli
