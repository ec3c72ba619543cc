// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/problem.h"
#include "crypto/secret.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

namespace espgate::config {

// A TOML document as we use it: every value with its place, tables in the order of the file, and strings that
// may be keys in secret memory. The one user of the TOML library is document.cpp.
struct Node;
struct Entry;
using Array = std::vector<Node>;
using Table = std::vector<Entry>;

// A string with 16 or more hexadecimal digits in a row.
struct HiddenText {
  crypto::SecretBytes characters;  // empty: written with escapes, as keys may not be
};
struct OtherValue {
  std::string_view kind;  // "a date", "a time"
};

struct Node {
  Location where;
  std::variant<std::string, HiddenText, std::int64_t, double, bool, OtherValue, Array, Table> value;

  // "the string "x"", "the integer 5", "a table"; never the content of hidden text.
  [[nodiscard]] std::string describe() const;
};

struct Entry {
  std::string key;
  Location where;  // of the key
  Node value;
};

// Error: the first place where it is not TOML.
[[nodiscard]] tl::expected<Table, Problem> parse_document(std::string_view text, std::string_view file_name);

}  // namespace espgate::config
