// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace espgate::config {

// Where a setting stands, for messages: "gateway.toml:14:9".
struct Location {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;

  [[nodiscard]] std::string to_string() const;
};

}  // namespace espgate::config
