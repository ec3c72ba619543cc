// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file_json_element.h"

#include <fmt/format.h>

namespace espgate::replay {

tl::unexpected<Error> JsonElement::error(std::string what, std::string hint) const {
  return file_.error(node_.place, fmt::format("{}: {}", path_, what), std::move(hint));
}

tl::unexpected<Error> JsonElement::blame(std::string_view name, Error error) const {
  const JsonNode* member = node_.find(name);
  error.what = fmt::format("{}.{}: {}", path_, name, error.what);
  error.where = file_.place_of(member == nullptr ? node_.place : member->place);
  return fail(std::move(error));
}

tl::unexpected<Error> JsonElement::blame(std::string_view name, std::string what) const {
  return blame(name, Error{std::move(what), {}, {}, ErrorKind::input});
}

Expected<const JsonNode*> JsonElement::optional(std::string_view name, JsonNode::Type type) const {
  const JsonNode* member = node_.find(name);
  if (member == nullptr || member->type == JsonNode::Type::null) return nullptr;
  if (member->type == type) return member;
  return blame(name, fmt::format("expected {}, got {}", type_name(type), type_name(member->type)));
}

Expected<std::string_view> JsonElement::string(std::string_view name) const {
  const auto member = optional(name, JsonNode::Type::string);
  if (!member) return fail(member.error());
  if (*member == nullptr) return error(fmt::format("\"{}\" is missing", name));
  return (*member)->text;
}

Expected<std::optional<JsonElement>> JsonElement::object(std::string_view name) const {
  const auto member = optional(name, JsonNode::Type::object);
  if (!member) return fail(member.error());
  if (*member == nullptr) return std::nullopt;
  return JsonElement(file_, **member, fmt::format("{}.{}", path_, name));
}

Expected<std::optional<std::uint32_t>> JsonElement::number(std::string_view name) const {
  const JsonNode* member = node_.find(name);
  if (member == nullptr || member->type == JsonNode::Type::null) return std::nullopt;
  const bool may_be_number = member->type == JsonNode::Type::number || member->type == JsonNode::Type::string;
  const auto value = may_be_number ? parse_number(member->text) : std::nullopt;
  if (value) return value;
  return blame(name, fmt::format("expected a number of at most 32 bits, got {}",
                                 may_be_number ? shown(member->text) : std::string(type_name(member->type))));
}

Expected<crypto::SecretBytes> JsonElement::key(std::string_view name) const {
  const auto text = string(name);
  if (!text) return fail(text.error());
  if (!text->starts_with("0x") && !text->starts_with("0X")) {
    return blame(name, "expected a key in hexadecimal behind 0x");
  }
  auto key = parse_key(file_, *text);
  if (!key) return blame(name, key.error());
  return key;
}

}  // namespace espgate::replay
