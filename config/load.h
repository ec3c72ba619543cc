// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/problem.h"

#include <filesystem>
#include <vector>

namespace espgate::config {

// A configuration that was read and checked as a whole.
struct Loaded {
  Config config;
  std::vector<Problem> warnings;  // for the log
};

// The one way in for programs: reads the file and checks it. Error: everything that is wrong with it, to be
// printed by to_string(); nothing of a file that has errors may be used. Any thread.
[[nodiscard]] Expected<Loaded> load(const std::filesystem::path& path);

}  // namespace espgate::config
