// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/common.h>

namespace espgate::control {

// Of l2tp::Report and ppp::Report.
template <typename Level>
[[nodiscard]] spdlog::level::level_enum level_of(Level level) {
  return level == Level::debug  ? spdlog::level::debug
         : level == Level::info ? spdlog::level::info
                                : spdlog::level::warn;
}

}  // namespace espgate::control
