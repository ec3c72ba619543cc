// SPDX-License-Identifier: Apache-2.0
#include "config/document.h"

#include "config/masked_text.h"
#include "config/plain_toml.h"
#include "config/printable.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

// The library is compiled into this one file. What nests deeper than a configuration of ours ever does is
// refused, as it walks its trees recursively.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>

namespace espgate::config {
namespace {

// Turns the library's tree into ours.
class Converter {
 public:
  Converter(const MaskedText& masked, std::string_view file) : masked_(masked), file_(file) {}

  Table table(const toml::table& from) const {
    Table to;
    for (const auto& [key, value] : from) {
      to.push_back({MaskedText::shown(key.str()), locate(key.source().begin), node(value)});
    }
    std::ranges::sort(to, {},
                      [](const Entry& entry) { return std::tuple(entry.where.line, entry.where.column); });
    return to;
  }

  [[nodiscard]] Location locate(const toml::source_position& at) const {
    return {std::string(file_), at.line, at.column};
  }

 private:
  [[nodiscard]] Node node(const toml::node& from) const {
    Node to{locate(from.source().begin), OtherValue{"nothing"}};
    from.visit([&](const auto& value) { to.value = convert(value, to.where); });
    return to;
  }

  using Value = decltype(Node::value);
  [[nodiscard]] Value convert(const toml::table& from, const Location&) const { return table(from); }
  [[nodiscard]] Value convert(const toml::array& from, const Location&) const {
    Array to;
    to.reserve(from.size());
    for (const toml::node& element : from) to.push_back(node(element));
    return to;
  }
  [[nodiscard]] Value convert(const toml::value<std::string>& from, const Location& where) const {
    if (!MaskedText::is_masked(from.get())) return from.get();
    auto characters = masked_.string_at(where.line, where.column);
    return HiddenText{characters ? std::move(*characters) : crypto::SecretBytes()};
  }
  [[nodiscard]] static Value convert(const toml::value<std::int64_t>& from, const Location&) {
    return from.get();
  }
  [[nodiscard]] static Value convert(const toml::value<double>& from, const Location&) { return from.get(); }
  [[nodiscard]] static Value convert(const toml::value<bool>& from, const Location&) { return from.get(); }
  [[nodiscard]] static Value convert(const toml::value<toml::time>&, const Location&) {
    return OtherValue{"a time"};
  }
  template <typename Date>
  [[nodiscard]] static Value convert(const toml::value<Date>&, const Location&) {
    return OtherValue{"a date"};
  }

  const MaskedText& masked_;
  std::string_view file_;
};

struct Describe {
  std::string operator()(const std::string& text) const { return "the string " + in_quotes(text); }
  std::string operator()(const HiddenText&) const {
    return "16 or more hexadecimal digits in a row (not shown: it may be a key)";
  }
  std::string operator()(std::int64_t number) const { return fmt::format("the integer {}", number); }
  std::string operator()(double number) const { return fmt::format("the number {}", number); }
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(const OtherValue& other) const { return std::string(other.kind); }
  std::string operator()(const Array&) const { return "an array"; }
  std::string operator()(const Table&) const { return "a table"; }
};

}  // namespace

std::string Node::describe() const { return std::visit(Describe{}, value); }

tl::expected<Table, Problem> parse_document(std::string_view text, std::string_view file_name) {
  const MaskedText masked(text);
  if (auto problem = beyond_plain_toml(masked.text(), file_name)) return tl::unexpected(std::move(*problem));
  const Converter converter(masked, file_name);
  try {
    return converter.table(toml::parse(std::string_view(masked.text())));
  } catch (const toml::parse_error& error) {
    Problem problem;
    problem.where = converter.locate(error.source().begin);
    problem.what = "not valid TOML: " + printable(MaskedText::shown(error.description()));
    return tl::unexpected(std::move(problem));
  }
}

}  // namespace espgate::config
