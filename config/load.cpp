// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include "config/check.h"
#include "config/config_file.h"

#include <iterator>
#include <utility>

namespace espgate::config {

Expected<Loaded> load(const std::filesystem::path& path) {
  auto parsed = read_config(path);
  if (!parsed) return tl::unexpected(std::move(parsed.error()));
  Problems found = check(parsed->config, parsed->places);
  found.warnings.insert(found.warnings.end(), std::make_move_iterator(parsed->warnings.begin()),
                        std::make_move_iterator(parsed->warnings.end()));
  found.sort();
  if (!found.errors.empty()) return tl::unexpected(std::move(found));
  return Loaded{std::move(parsed->config), std::move(found.warnings)};
}

}  // namespace espgate::config
