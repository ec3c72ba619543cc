// SPDX-License-Identifier: Apache-2.0
#include "cli/import/told_setting.h"

#include <filesystem>

#include <fmt/format.h>

namespace espgate::openswan {

std::string ToldSetting::origin() const {
  const config::Location short_place{std::filesystem::path(where.file).filename().string(), where.line, 0};
  return fmt::format("{} ({})", shown, place_text(short_place));
}

std::string_view without_place(std::string_view origin) { return origin.substr(0, origin.rfind(" (")); }

}  // namespace espgate::openswan
