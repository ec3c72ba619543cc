// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace espgate::cli {

// A line of a chap-secrets file that has a name and a server at least, right or wrong; it may go on over
// several lines of text.
struct SecretsLine {
  std::string name, server;
  unsigned line = 0;             // where it begins
  std::size_t begin = 0;         // bytes of the text, its end of line included
  std::size_t end = 0;           // behind it
  std::size_t secret_begin = 0;  // the third word, quotes included; both 0: there is none
  std::size_t secret_end = 0;
};

// Words are read as the gateway reads them. What is no such line (comments, broken ones) is not among them.
[[nodiscard]] std::vector<SecretsLine> secrets_lines(std::string_view text);

// The word for a chap-secrets file: in quotes, with what would end it escaped. Error, without the word in it:
// the gateway would not read it back, being too long or holding a zero byte.
[[nodiscard]] tl::expected<crypto::SecretBytes, std::string> quoted_word(std::span<const std::byte> word);

// A user's line to be.
struct NewUser {
  std::string name, server;
  std::span<const std::byte> secret;
  std::string address;  // "*", or an address
};

// All give the whole new text and leave every other byte as it was. Errors are sentences without secrets:
// the gateway would not find in the new text what was asked for, or would lose another user.
using Edited = tl::expected<crypto::SecretBytes, std::string>;
[[nodiscard]] Edited with_user(std::string_view text, const NewUser& user);
[[nodiscard]] Edited without_line(std::string_view text, const SecretsLine& line);
[[nodiscard]] Edited with_secret(std::string_view text, const SecretsLine& line,
                                 std::span<const std::byte> secret);

}  // namespace espgate::cli
