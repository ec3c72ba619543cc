// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace espgate::cli {

enum class Mark : std::uint8_t {
  good,
  bad,             // works, but not as well as it could
  fatal,           // the gateway would not start, or would cut this host off
  not_applicable,  // says something of this machine that is neither
};

// What one check of the doctor has seen.
struct Finding {
  std::string check;  // "hugepages"
  Mark mark;
  std::string what;
  std::string remedy;  // the command that mends it, or in words what to do; empty: nothing to mend
};

using Findings = std::vector<Finding>;

inline Finding good(std::string check, std::string what) {
  return {std::move(check), Mark::good, std::move(what), std::string()};
}
inline Finding bad(std::string check, std::string what, std::string remedy = {}) {
  return {std::move(check), Mark::bad, std::move(what), std::move(remedy)};
}
inline Finding fatal(std::string check, std::string what, std::string remedy = {}) {
  return {std::move(check), Mark::fatal, std::move(what), std::move(remedy)};
}
inline Finding not_applicable(std::string check, std::string what) {
  return {std::move(check), Mark::not_applicable, std::move(what), std::string()};
}

}  // namespace espgate::cli
