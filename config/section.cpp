// SPDX-License-Identifier: Apache-2.0
#include "config/section.h"

#include "config/printable.h"
#include "config/spelling.h"
#include "wire/ip_address.h"

#include <algorithm>

namespace espgate::config {
namespace {

int hex_value(std::byte character) {
  const auto c = std::to_integer<char>(character);
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::span<const std::byte> without_0x(std::span<const std::byte> text) {
  const bool prefixed =
      text.size() >= 2 && text[0] == std::byte{'0'} && (text[1] | std::byte{0x20}) == std::byte{'x'};
  return prefixed ? text.subspan(2) : text;
}

std::optional<std::uint32_t> parse_address(const Node& node) {
  const auto* text = std::get_if<std::string>(&node.value);
  if (text == nullptr) return std::nullopt;
  const auto address = wire::IpAddress::from_string(*text);
  if (!address || !address->is_v4()) return std::nullopt;
  return address->as_v4();
}

std::optional<wire::Ipv4Prefix> parse_prefix(const Node& node) {
  const auto* text = std::get_if<std::string>(&node.value);
  if (text == nullptr || text->find('/') == std::string::npos) return std::nullopt;
  return wire::Ipv4Prefix::from_string(*text);
}

}  // namespace

Section::Section(const Table& table, Location where, std::string path, std::string title, Notes& notes)
    : table_(&table),
      where_(std::move(where)),
      path_(std::move(path)),
      title_(std::move(title)),
      notes_(&notes) {
  if (!path_.empty()) notes_->places.note(path_, where_);
  for (const Entry& entry : *table_) notes_->places.note(path_of(entry.key), entry.value.where);
}

const Node* Section::find(std::string_view key) const {
  const auto found = std::ranges::find(*table_, key, &Entry::key);
  return found == table_->end() ? nullptr : &found->value;
}

std::string Section::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

std::string Section::within() const { return title_.empty() ? std::string() : " in " + title_; }

const Node* Section::take(std::string_view key) {
  known_.push_back(key);
  return find(key);
}

Location Section::where(std::string_view key) const {
  const Node* node = find(key);
  return node == nullptr ? where_ : node->where;
}

void Section::error(std::string_view key, std::string what, std::string hint) {
  notes_->problems.error(where(key), std::move(what), std::move(hint));
}

void Section::error(const Location& place, std::string what, std::string hint) {
  notes_->problems.error(place, std::move(what), std::move(hint));
}

void Section::warn(std::string_view key, std::string what, std::string hint) {
  notes_->problems.warn(where(key), std::move(what), std::move(hint));
}

void Section::refuse(const Node& node, std::string_view key, const std::string& expected) {
  notes_->problems.error(node.where, fmt::format("{}: expected {}, got {}", key, expected, node.describe()));
}

bool Section::text(std::string_view key, std::string& into) {
  const Node* node = take(key);
  if (node == nullptr) return false;
  const auto* value = std::get_if<std::string>(&node->value);
  if (value != nullptr && !value->empty() &&
      std::ranges::none_of(*value, [](char c) { return c >= 0 && c < ' '; })) {
    into = *value;
    return true;
  }
  refuse(*node, key, "a string of at least one character, in one line");
  return false;
}

bool Section::flag(std::string_view key, bool& into) {
  const Node* node = take(key);
  if (node == nullptr) return false;
  const bool* value = std::get_if<bool>(&node->value);
  if (value != nullptr) into = *value;
  if (value == nullptr) refuse(*node, key, "true or false");
  return value != nullptr;
}

bool Section::address(std::string_view key, std::uint32_t& into) {
  std::optional<std::uint32_t> value;
  if (!address(key, value)) return false;
  into = *value;
  return true;
}

bool Section::address(std::string_view key, std::optional<std::uint32_t>& into) {
  const Node* node = take(key);
  if (node == nullptr) return false;
  const auto value = parse_address(*node);
  if (value) into = value;
  if (!value) refuse(*node, key, "an IPv4 address like \"10.20.0.1\"");
  return value.has_value();
}

bool Section::interface_address(std::string_view key, wire::Ipv4Prefix& into) {
  const Node* node = take(key);
  if (node == nullptr) return false;
  const auto value = parse_prefix(*node);
  if (value) into = *value;
  if (!value) refuse(*node, key, "an IPv4 address with the length of its network, like \"10.20.0.10/24\"");
  return value.has_value();
}

std::optional<wire::Ipv4Prefix> Section::as_network(const Node& node, std::string_view key) {
  const auto value = parse_prefix(node);
  if (!value) {
    refuse(node, key, "an IPv4 network like \"10.40.0.0/24\"");
    return std::nullopt;
  }
  if (value->network() == *value) return value;
  notes_->problems.error(
      node.where, fmt::format("{}: {} is an address in a network, not a network", key, value->to_string()),
      fmt::format("write \"{}\"", value->network().to_string()));
  return std::nullopt;
}

bool Section::network(std::string_view key, wire::Ipv4Prefix& into) {
  const Node* node = take(key);
  if (node == nullptr) return false;
  const auto value = as_network(*node, key);
  if (value) into = *value;
  return value.has_value();
}

bool Section::networks(std::string_view key, std::vector<wire::Ipv4Prefix>& into) {
  const Node* node = take(key);
  if (node == nullptr) return false;
  const auto* list = std::get_if<Array>(&node->value);
  if (list == nullptr) {
    refuse(*node, key, "an array of networks like [\"10.0.0.0/8\", \"192.168.7.0/24\"]");
    return false;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    notes_->places.note(fmt::format("{}[{}]", path_of(key), i), (*list)[i].where);
    if (const auto value = as_network((*list)[i], key)) into.push_back(*value);
  }
  return true;
}

std::optional<std::int64_t> Section::integer(const Node& node, std::string_view key, std::int64_t least,
                                             std::int64_t most) {
  const auto* value = std::get_if<std::int64_t>(&node.value);
  if (value != nullptr && *value >= least && *value <= most) return *value;
  refuse(node, key, fmt::format("an integer from {} to {}", least, most));
  return std::nullopt;
}

bool Section::numbers(std::string_view key, std::vector<unsigned>& into, unsigned most) {
  const Node* node = take(key);
  if (node == nullptr) return false;
  const auto* list = std::get_if<Array>(&node->value);
  if (list == nullptr) {
    refuse(*node, key, "an array of integers like [2, 3]");
    return false;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    notes_->places.note(fmt::format("{}[{}]", path_of(key), i), (*list)[i].where);
    if (const auto value = integer((*list)[i], key, 0, most)) into.push_back(static_cast<unsigned>(*value));
  }
  return true;
}

bool Section::secret(std::string_view key, crypto::SecretBytes& into) {
  const Node* node = take(key);
  if (node == nullptr) return false;
  const auto* hidden = std::get_if<HiddenText>(&node->value);
  // Nothing of the value is shown: it is a key, or what somebody takes for one.
  const auto refuse_key = [&](const std::string& what) {
    notes_->problems.error(node->where, fmt::format("{}: {}", key, what));
    return false;
  };
  if (hidden == nullptr && std::holds_alternative<std::string>(node->value))
    return refuse_key("expected a key of at least 16 hexadecimal digits, \"0x…\"");
  if (hidden == nullptr) return refuse_key("expected a key in a string of hexadecimal digits, \"0x…\"");
  const auto digits = without_0x(hidden->characters.bytes());
  if (digits.empty()) return refuse_key("expected a key in a plain string in one line, without escapes");
  if (std::ranges::any_of(digits, [](std::byte c) { return hex_value(c) < 0; }))
    return refuse_key("a key holds something that is not a hexadecimal digit");
  if (digits.size() % 2 != 0)
    return refuse_key(fmt::format("a key has an odd number of hexadecimal digits ({})", digits.size()));
  crypto::SecretBytes bytes(digits.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes.data()[i] = static_cast<std::byte>(hex_value(digits[2 * i]) << 4 | hex_value(digits[2 * i + 1]));
  }
  into = std::move(bytes);
  return true;
}

bool Section::holds_text(std::string_view key) const {
  const Node* node = find(key);
  return node != nullptr && (std::holds_alternative<std::string>(node->value) ||
                             std::holds_alternative<HiddenText>(node->value));
}

bool Section::secret_text(std::string_view key, crypto::SecretBytes& into) {
  const Node* node = take(key);
  if (node == nullptr) return false;
  if (const auto* text = std::get_if<std::string>(&node->value)) {
    into = crypto::SecretBytes(std::as_bytes(std::span(*text)));
    return true;
  }
  const auto* hidden = std::get_if<HiddenText>(&node->value);
  if (hidden != nullptr && !hidden->characters.empty()) {
    into = hidden->characters.clone();
    return true;
  }
  notes_->problems.error(
      node->where, fmt::format("{}: expected a secret in a plain string in one line, without escapes", key),
      hidden != nullptr ? "single quotes take every character as it is: '…'" : "");
  return false;
}

bool Section::texts(std::string_view key, std::vector<PlacedText>& into, std::string_view example) {
  const Node* node = take(key);
  if (node == nullptr) return false;
  const auto* list = std::get_if<Array>(&node->value);
  if (list == nullptr) {
    refuse(*node, key, fmt::format("an array of strings like {}", example));
    return false;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Node& element = (*list)[i];
    notes_->places.note(fmt::format("{}[{}]", path_of(key), i), element.where);
    if (const auto* text = std::get_if<std::string>(&element.value)) {
      into.push_back({*text, element.where});
    } else {
      refuse(element, key, fmt::format("a string, as in {}", example));
    }
  }
  return true;
}

void Section::no_such_choice(const Node& node, std::string_view key,
                             std::span<const std::string_view> names) {
  const auto* text = std::get_if<std::string>(&node.value);
  if (text == nullptr) {
    std::string list;
    for (const std::string_view name : names)
      list += fmt::format("{}\"{}\"", list.empty() ? "" : " or ", name);
    return refuse(node, key, list);
  }
  notes_->problems.error(node.where, fmt::format("{}: unknown value {}", key, in_quotes(*text)),
                         suggestion(*text, names));
}

std::optional<Section> Section::section(std::string_view key, std::string title) {
  const Node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* table = std::get_if<Table>(&node->value))
    return Section(*table, node->where, path_of(key), std::move(title), *notes_);
  refuse(*node, key, "a table");
  return std::nullopt;
}

std::vector<Section> Section::sections(std::string_view key) {
  std::vector<Section> found;
  const Node* node = take(key);
  if (node == nullptr) return found;
  const std::string title = fmt::format("[[{}]]", path_of(key));
  const auto* list = std::get_if<Array>(&node->value);
  if (list == nullptr) {
    refuse(*node, key, "a list of tables, each headed " + title);
    return found;
  }
  for (const Node& element : *list) {
    const std::string path = fmt::format("{}[{}]", path_of(key), found.size());
    if (const auto* table = std::get_if<Table>(&element.value)) {
      found.emplace_back(*table, element.where, path, title, *notes_);
    } else {
      refuse(element, key, "a table headed " + title);
    }
  }
  return found;
}

void Section::require(std::string_view key, std::string_view hint) {
  if (has(key)) return;
  notes_->problems.error(where_, fmt::format("\"{}\" is missing{}", key, within()), std::string(hint));
}

void Section::finish() {
  for (const Entry& entry : *table_) {
    if (std::ranges::find(known_, entry.key) != known_.end()) continue;
    const bool is_table = std::holds_alternative<Table>(entry.value.value);
    notes_->problems.error(
        entry.where,
        fmt::format("unknown {} {}{}", is_table ? "table" : "key", in_quotes(entry.key), within()),
        suggestion(entry.key, known_));
  }
}

}  // namespace espgate::config
