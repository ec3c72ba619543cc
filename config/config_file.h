// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/places.h"
#include "config/problem.h"

#include <filesystem>
#include <string_view>
#include <vector>

namespace espgate::config {

// A file whose every key is known and whose every value is of the right kind. Whether they fit together is
// check()'s question.
struct Parsed {
  Config config;
  Places places;
  std::vector<Problem> warnings;
};

// Reads a configuration (TOML 1.0; docs/configuration.md has the keys). `file_name` is for messages. Error:
// everything that is wrong, not just the first. Of the keys in `text` no copy stays behind in ordinary
// memory.
[[nodiscard]] Expected<Parsed> parse_config(std::string_view text, std::string_view file_name);
// The same from a file, which is read once, into secret memory. Warns when others may read keys in it.
[[nodiscard]] Expected<Parsed> read_config(const std::filesystem::path& path);

}  // namespace espgate::config
