// SPDX-License-Identifier: Apache-2.0
#include "cli/import/source_files.h"

#include "config/secret_file.h"

#include <glob.h>

namespace espgate::openswan {
namespace {

constexpr std::size_t largest_file = 1U << 20;

}  // namespace

tl::expected<crypto::SecretBytes, std::string> DiskFiles::read(const std::filesystem::path& path) const {
  auto file = config::read_regular_secret_file(path, largest_file);
  if (!file) return tl::unexpected(std::move(file.error()));
  return std::move(file->content);
}

std::vector<std::filesystem::path> DiskFiles::matching(const std::string& pattern) const {
  glob_t found{};
  std::vector<std::filesystem::path> paths;
  const int result = ::glob(pattern.c_str(), GLOB_BRACE | GLOB_NOMAGIC, nullptr, &found);
  for (std::size_t i = 0; result == 0 && i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  return paths;
}

std::string included_pattern(const std::filesystem::path& file, std::string_view pattern) {
  const std::filesystem::path path(pattern);
  return path.is_absolute() ? path.string() : (file.parent_path() / path).string();
}

}  // namespace espgate::openswan
