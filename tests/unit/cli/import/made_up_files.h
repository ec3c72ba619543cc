// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/import.h"

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace espgate::openswan {

// Files that a test makes up: `*` at the end of a pattern fits what begins so.
class MadeUpFiles final : public SourceFiles {
 public:
  std::map<std::string, std::string> contents;

  [[nodiscard]] tl::expected<crypto::SecretBytes, std::string> read(
      const std::filesystem::path& path) const override {
    const auto at = contents.find(path.string());
    if (at == contents.end())
      return tl::unexpected<std::string>("cannot be opened: No such file or directory");
    return crypto::SecretBytes(std::as_bytes(std::span(at->second)));
  }
  [[nodiscard]] std::vector<std::filesystem::path> matching(const std::string& pattern) const override {
    std::vector<std::filesystem::path> found;
    for (const auto& [name, content] : contents)
      if (name == pattern ||
          (pattern.ends_with('*') && name.starts_with(pattern.substr(0, pattern.size() - 1))))
        found.emplace_back(name);
    return found;
  }
};

// Where a gateway of a test stands, so that nothing is left to be filled in.
inline const Surroundings made_up_surroundings = {.outside_interface = "s0",
                                                  .outside_address = "10.20.0.10/24",
                                                  .outside_gateway = "10.20.0.1",
                                                  .inside_interface = "s1",
                                                  .inside_address = "10.30.0.1/24",
                                                  .pool = "10.40.0.0/24"};

inline std::string_view as_text(const crypto::SecretBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace espgate::openswan
