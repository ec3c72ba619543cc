// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"
#include "dataplane/replay/error.h"
#include "dataplane/replay/key_file_fields.h"
#include "dataplane/replay/key_file_json_tree.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace espgate::replay {

// An object of a JSON key file that says in errors which member is to blame, by path
// ("esp_sas[3].encap.sport") and by place. Refers to the file and its tree. A member that is null counts as
// missing.
class JsonElement {
 public:
  JsonElement(const KeyText& file, const JsonNode& node, std::string path)
      : file_(file), node_(node), path_(std::move(path)) {}

  [[nodiscard]] const KeyText& file() const { return file_; }
  [[nodiscard]] const JsonNode& node() const { return node_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool has(std::string_view name) const { return node_.find(name) != nullptr; }

  // About the object as a whole.
  [[nodiscard]] tl::unexpected<Error> error(std::string what, std::string hint = {}) const;
  // About the member `name`: what a parser of key_file_fields.h said, or a text.
  [[nodiscard]] tl::unexpected<Error> blame(std::string_view name, Error error) const;
  [[nodiscard]] tl::unexpected<Error> blame(std::string_view name, std::string what) const;

  // nullptr: missing. Error: there, and of another type.
  [[nodiscard]] Expected<const JsonNode*> optional(std::string_view name, JsonNode::Type type) const;
  // Error: missing, or of another type.
  [[nodiscard]] Expected<std::string_view> string(std::string_view name) const;
  [[nodiscard]] Expected<std::optional<JsonElement>> object(std::string_view name) const;
  // A JSON number, or a string that holds one ("0x1a2b").
  [[nodiscard]] Expected<std::optional<std::uint32_t>> number(std::string_view name) const;
  // Hexadecimal behind 0x. Error: missing as well.
  [[nodiscard]] Expected<crypto::SecretBytes> key(std::string_view name) const;

 private:
  const KeyText& file_;
  const JsonNode& node_;
  std::string path_;
};

}  // namespace espgate::replay
