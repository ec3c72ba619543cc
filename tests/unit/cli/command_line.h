// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/run.h"

#include <initializer_list>
#include <sstream>
#include <string>
#include <vector>

namespace espgate::cli {

struct Answer {
  int exit_code;
  std::string out;
  std::string err;
};

// What `espgate ARGUMENTS…` does, in this process.
inline Answer espgate(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"espgate"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  std::ostringstream out;
  std::ostringstream err;
  const int exit_code = run(static_cast<int>(argv.size()), argv.data(), {out, err});
  return {exit_code, out.str(), err.str()};
}
inline Answer espgate(std::initializer_list<std::string> arguments) {
  return espgate(std::vector<std::string>(arguments));
}

}  // namespace espgate::cli
