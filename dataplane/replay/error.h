// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/program_error.h"

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

using Error = dataplane::ProgramError<ErrorKind, ErrorKind::input>;

template <typename T>
using Expected = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace espgate::replay
