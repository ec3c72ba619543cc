// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <iosfwd>
#include <string>

#include <tl/expected.hpp>

namespace espgate::cli {

// Where a user's password comes from; by default the standard input: one line of it, or, on a terminal, typed
// twice without being shown.
struct PasswordSource {
  std::string file;  // its first line; "-" is the standard input, too
  bool generate = false;
};

// Error, never with the password in it: there is none, or it is none that the gateway can have. `prompt`:
// where a terminal's user is asked.
[[nodiscard]] tl::expected<crypto::SecretBytes, std::string> take_password(const PasswordSource& source,
                                                                           std::ostream& prompt);

// 120 bits from the system, as 24 letters and digits that nobody takes for one another.
[[nodiscard]] crypto::SecretBytes generate_password();

}  // namespace espgate::cli
