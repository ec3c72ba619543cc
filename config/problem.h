// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"

#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace espgate::config {

// One thing that is wrong with a file: where, what was expected and what came, and the remedy. Never holds a
// key.
struct Problem {
  Location where;
  std::string what;
  std::string hint;  // may be empty

  // "gateway.toml:14:9: unknown key "adddres" in [outside]; did you mean "address"?"
  [[nodiscard]] std::string to_string() const;
};

// All that is wrong with a file, in the order of its lines: errors refuse it, warnings don't.
struct Problems {
  std::vector<Problem> errors;
  std::vector<Problem> warnings;

  void error(Location where, std::string what, std::string hint = {}) {
    errors.push_back({std::move(where), std::move(what), std::move(hint)});
  }
  void warn(Location where, std::string what, std::string hint = {}) {
    warnings.push_back({std::move(where), std::move(what), std::move(hint)});
  }
  // By line and column.
  void sort();
  // A line for each, errors first, warnings marked "warning: "; every line ends with a newline.
  [[nodiscard]] std::string to_string() const;
};

template <typename T>
using Expected = tl::expected<T, Problems>;

}  // namespace espgate::config
