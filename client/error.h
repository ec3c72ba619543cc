// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/program_error.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace espgate::client {

enum class ErrorKind : std::uint8_t {
  usage,          // the command line asks for something that can't be
  configuration,  // the gateway's file has not what is needed, or has errors
  system,         // the TUN device, the socket or a file
  silence,        // the server does not answer, or not any more
  ike,            // no agreement with it on phase 1 or 2, or another pre-shared key
  call,           // no L2TP session, no PPP link, no address
  user,           // the user is refused
  hung_up,        // the server has ended it
  some,           // of many clients, some have no tunnel
};

using Error = dataplane::ProgramError<ErrorKind, ErrorKind::system>;

template <typename T>
using Expected = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

// A system call that failed with `number` (errno), in the kernel's words: "cannot bind: Address already in
// use".
[[nodiscard]] inline tl::unexpected<Error> system_failure(std::string where, const std::string& doing,
                                                          int number, std::string hint = {}) {
  return fail({.what = "cannot " + doing + ": " + std::strerror(number),
               .where = std::move(where),
               .hint = std::move(hint),
               .kind = ErrorKind::system});
}

}  // namespace espgate::client
