// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace espgate::openswan {

// Where the old files and what they include are read from: the disk, or what a test makes up.
class SourceFiles {
 public:
  // Error: what the system says.
  [[nodiscard]] virtual tl::expected<crypto::SecretBytes, std::string> read(
      const std::filesystem::path& path) const = 0;
  // Files that a shell's pattern fits, sorted; a pattern without wildcards fits itself, there or not.
  [[nodiscard]] virtual std::vector<std::filesystem::path> matching(const std::string& pattern) const = 0;

 protected:
  ~SourceFiles() = default;
};

class DiskFiles final : public SourceFiles {
 public:
  [[nodiscard]] tl::expected<crypto::SecretBytes, std::string> read(
      const std::filesystem::path& path) const override;
  [[nodiscard]] std::vector<std::filesystem::path> matching(const std::string& pattern) const override;
};

// What `include PATTERN` in `file` means: a relative pattern begins in the file's folder.
[[nodiscard]] std::string included_pattern(const std::filesystem::path& file, std::string_view pattern);

// Includes within includes, at most.
inline constexpr unsigned most_includes_deep = 10;
// Files that one run reads, at most: files may include one another.
inline constexpr unsigned most_files = 256;

}  // namespace espgate::openswan
