// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace espgate::replay {

enum class ErrorKind : std::uint8_t {
  usage,   // the command line asks for something that can't be
  input,   // a capture or key file that can't be used
  output,  // a file that can't be written
};

// What a person needs to go on: what was expected and what came, where, and the remedy. Never holds a key.
struct Error {
  std::string what;
  std::string where;  // "keys.json:12:7", "in.pcap"; empty where the message names it
  std::string hint;   // what to do about it; may be empty
  ErrorKind kind = ErrorKind::input;

  // "where: what; hint"
  [[nodiscard]] std::string to_string() const {
    std::string text = where;
    if (!text.empty()) text += ": ";
    text += what;
    if (!hint.empty()) text += "; " + hint;
    return text;
  }
};

template <typename T>
using Expected = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace espgate::replay
