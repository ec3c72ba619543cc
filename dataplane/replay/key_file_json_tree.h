// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"
#include "dataplane/replay/error.h"
#include "dataplane/replay/key_file_fields.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::replay {

// One value of a JSON text. Strings and numbers are views into the text, so keys aren't copied and every
// value knows its place.
struct JsonNode {
  enum class Type : std::uint8_t { null, boolean, number, string, array, object };

  Type type = Type::null;
  bool truth = false;
  std::string name;        // within an object
  std::string_view place;  // where it starts in the text
  std::string_view text;   // of a string, without quotes; of a number, as written
  std::vector<JsonNode> children;

  // Member of that name; the last, if there are several. nullptr: none, or not an object.
  [[nodiscard]] const JsonNode* find(std::string_view member) const;
};

// "a string", "an object", …
[[nodiscard]] std::string_view type_name(JsonNode::Type type);

struct JsonTree {
  JsonNode root;
  std::deque<crypto::SecretBytes>
      unescaped;  // strings that hold escapes, which no view into the text can show
};

// Error: at line and column, without anything of the text, which may be a key.
[[nodiscard]] Expected<JsonTree> parse_json(const KeyText& file);

}  // namespace espgate::replay
