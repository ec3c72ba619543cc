// SPDX-License-Identifier: Apache-2.0
#include "config/places.h"

namespace espgate::config {

Location Places::of(std::string_view path) const {
  while (true) {
    if (const auto found = places_.find(path); found != places_.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    if (dot == std::string_view::npos) return {file_, 0, 0};
    path = path.substr(0, dot);
  }
}

}  // namespace espgate::config
