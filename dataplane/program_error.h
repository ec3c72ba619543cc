// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace espgate::dataplane {

// What a person who runs one of our programs needs to go on: what was expected and what came, where, and the
// remedy. Never holds a key. `Kind` says what was at fault, for the exit code; `usual` is what it mostly is.
template <typename Kind, Kind usual>
struct ProgramError {
  std::string what;
  std::string where;  // "keys.json:12:7", "--gateway", "/dev/net/tun"; empty where the message names it
  std::string hint;   // what to do about it; may be empty
  Kind kind = usual;

  // "where: what; hint"
  [[nodiscard]] std::string to_string() const {
    std::string text = where;
    if (!text.empty()) text += ": ";
    text += what;
    if (!hint.empty()) text += "; " + hint;
    return text;
  }
};

}  // namespace espgate::dataplane
