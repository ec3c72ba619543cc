// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/document.h"
#include "config/places.h"
#include "config/problem.h"
#include "wire/ipv4_prefix.h"

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace espgate::config {

// A word that a setting may be, and what it stands for.
template <typename T>
using Choice = std::pair<std::string_view, T>;

// What reading a file leaves beside the configuration itself.
struct Notes {
  Problems problems;
  Places places;
};

// An element of an array of strings.
struct PlacedText {
  std::string text;
  Location where;
};

// One table of the file. Each read takes one key: what is there and right goes into `into`, what is wrong
// becomes a problem and leaves `into` alone. finish() complains of keys that nobody read.
class Section {
 public:
  // `path` is how Places calls it ("static_peer[0]"), `title` how a message does ("[[static_peer]]").
  Section(const Table& table, Location where, std::string path, std::string title, Notes& notes);

  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  [[nodiscard]] const Location& where() const { return where_; }
  [[nodiscard]] Location where(std::string_view key) const;

  // Each returns whether something was read.
  bool text(std::string_view key, std::string& into);
  bool flag(std::string_view key, bool& into);
  bool address(std::string_view key, std::uint32_t& into);
  bool address(std::string_view key, std::optional<std::uint32_t>& into);
  bool interface_address(std::string_view key, wire::Ipv4Prefix& into);  // "10.30.0.1/24"
  bool network(std::string_view key, wire::Ipv4Prefix& into);            // "10.40.0.0/24", no host bits
  bool networks(std::string_view key, std::vector<wire::Ipv4Prefix>& into);
  bool secret(std::string_view key, crypto::SecretBytes& into);  // hexadecimal, with or without 0x
  // The characters of a string that no message may show.
  bool secret_text(std::string_view key, crypto::SecretBytes& into);
  // Whether a string stands there, of whichever kind: what secret_text() is for.
  [[nodiscard]] bool holds_text(std::string_view key) const;
  // An array of strings; `example` is what a message shows.
  bool texts(std::string_view key, std::vector<PlacedText>& into, std::string_view example);
  template <std::unsigned_integral T>
  bool number(std::string_view key, T& into, T least, T most = std::numeric_limits<T>::max());
  bool numbers(std::string_view key, std::vector<unsigned>& into, unsigned most);
  template <typename T>
  bool choice(std::string_view key, T& into, std::type_identity_t<std::span<const Choice<T>>> choices);
  // The table [key] within this one, called `title` in messages. nullopt: there is none.
  [[nodiscard]] std::optional<Section> section(std::string_view key, std::string title);
  // The tables [[key]].
  [[nodiscard]] std::vector<Section> sections(std::string_view key);

  // Complains when the key is not there.
  void require(std::string_view key, std::string_view hint = {});
  void error(std::string_view key, std::string what, std::string hint = {});
  void error(const Location& place, std::string what, std::string hint = {});
  void warn(std::string_view key, std::string what, std::string hint = {});
  void finish();

 private:
  [[nodiscard]] const Node* find(std::string_view key) const;
  // find(), and the key counts as known from then on.
  const Node* take(std::string_view key);
  // "mtu: expected …, got the integer 5".
  void refuse(const Node& node, std::string_view key, const std::string& expected);
  std::optional<std::int64_t> integer(const Node& node, std::string_view key, std::int64_t least,
                                      std::int64_t most);
  std::optional<wire::Ipv4Prefix> as_network(const Node& node, std::string_view key);
  [[nodiscard]] std::string within() const;  // " in [outside]"; nothing for the file's own keys
  [[nodiscard]] std::string path_of(std::string_view key) const;
  void no_such_choice(const Node& node, std::string_view key, std::span<const std::string_view> names);

  const Table* table_;
  Location where_;
  std::string path_;
  std::string title_;
  Notes* notes_;
  std::vector<std::string_view> known_;
};

template <std::unsigned_integral T>
bool Section::number(std::string_view key, T& into, T least, T most) {
  static_assert(sizeof(T) <= 4);
  const Node* node = take(key);
  if (node == nullptr) return false;
  const auto value = integer(*node, key, least, most);
  if (value) into = static_cast<T>(*value);
  return value.has_value();
}

template <typename T>
bool Section::choice(std::string_view key, T& into,
                     std::type_identity_t<std::span<const Choice<T>>> choices) {
  const Node* node = take(key);
  if (node == nullptr) return false;
  std::vector<std::string_view> names;
  const auto* text = std::get_if<std::string>(&node->value);
  for (const auto& [name, value] : choices) {
    names.push_back(name);
    if (text == nullptr || *text != name) continue;
    into = value;
    return true;
  }
  no_such_choice(*node, key, names);
  return false;
}

}  // namespace espgate::config
