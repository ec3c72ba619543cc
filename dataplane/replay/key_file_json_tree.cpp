// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file_json_tree.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace espgate::replay {
namespace {

// Gives nlohmann's lexer the text byte by byte and lets us see how far it has come: its events carry no
// position.
class TrackedIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackedIterator(const char* at, std::size_t* consumed) : at_(at), consumed_(consumed) {}

  reference operator*() const { return *at_; }
  TrackedIterator& operator++() {
    ++at_;
    ++*consumed_;
    return *this;
  }
  TrackedIterator operator++(int) {
    TrackedIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const TrackedIterator& a, const TrackedIterator& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  std::size_t* consumed_;
};

// nlohmann's message without its preamble, which repeats the position, and without what it last read, which
// may be a key: "syntax error while parsing value - invalid literal; last read: '…'; expected '}'".
std::string explain(std::string_view message) {
  if (const auto start = message.find("syntax error"); start != std::string_view::npos)
    message.remove_prefix(start);
  const auto quoted = message.find("; last read: ");
  if (quoted == std::string_view::npos) return std::string(message);
  const auto expected = message.rfind("; expected ");
  std::string text(message.substr(0, quoted));
  if (expected != std::string_view::npos && expected > quoted) text += message.substr(expected);
  return text;
}

class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit TreeBuilder(const KeyText& file) : file_(file), text_(file.text()) {}

  std::size_t* consumed() { return &consumed_; }
  std::optional<Error>& error() { return error_; }
  JsonTree take() { return std::move(tree_); }

  bool null() override { return add(JsonNode::Type::null, before(4)) != nullptr; }
  bool boolean(bool value) override {
    JsonNode* node = add(JsonNode::Type::boolean, before(value ? 4 : 5));
    if (node != nullptr) node->truth = value;
    return node != nullptr;
  }
  bool number_integer(number_integer_t) override { return add_number(); }
  bool number_unsigned(number_unsigned_t) override { return add_number(); }
  bool number_float(number_float_t, const string_t&) override { return add_number(); }

  bool string(string_t& value) override {
    const std::string_view text = string_text(value);
    JsonNode* node = add(JsonNode::Type::string, before(value.size() + 2));
    if (node != nullptr) node->text = text;
    crypto::wipe(std::as_writable_bytes(std::span(value)));
    return node != nullptr;
  }
  bool key(string_t& name) override {
    name_ = name;
    return true;
  }

  bool start_object(std::size_t) override { return open(JsonNode::Type::object); }
  bool start_array(std::size_t) override { return open(JsonNode::Type::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool binary(binary_t&) override { return false; }  // not in JSON text

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& reason) override {
    const std::size_t at = std::min(position == 0 ? 0 : position - 1, text_.size());
    // 406: a number beyond double, which the message would quote.
    const std::string why = reason.id == 406 ? "a number is too large" : explain(reason.what());
    error_ = file_.error(text_.substr(at), fmt::format("not valid JSON: {}", why)).value();
    return false;
  }

 private:
  // No key file nests deeper than a handful; what does would only exhaust the stack when the tree goes.
  static constexpr std::size_t max_depth = 64;

  std::string_view before(std::size_t length) const {
    const std::size_t end = std::min(consumed_, text_.size());
    return text_.substr(end - std::min(length, end));
  }

  // The value as it stands in the text, if it has no escapes.
  std::string_view string_text(const string_t& value) {
    const std::string_view raw = before(value.size() + 1).substr(0, value.size());
    if (raw == value) return raw;
    const auto& copy = tree_.unescaped.emplace_back(std::as_bytes(std::span(value)));
    return {reinterpret_cast<const char*>(copy.data()), copy.size()};
  }

  // The lexer has read one character beyond a number to see that it ends, except at the end of the text.
  bool add_number() {
    constexpr std::string_view digits = "0123456789+-.eE";
    std::size_t end = std::min(consumed_, text_.size());
    if (end > 0 && digits.find(text_[end - 1]) == std::string_view::npos) --end;
    const std::string_view up_to_end = text_.substr(0, end);
    const std::size_t last_other = up_to_end.find_last_not_of(digits);
    const std::string_view number =
        up_to_end.substr(last_other == std::string_view::npos ? 0 : last_other + 1);
    JsonNode* node = add(JsonNode::Type::number, number);
    if (node != nullptr) node->text = number;
    return node != nullptr;
  }

  JsonNode* add(JsonNode::Type type, std::string_view place) {
    JsonNode node;
    node.type = type;
    node.place = place;
    node.name = std::exchange(name_, {});
    if (open_.empty()) return &(tree_.root = std::move(node));
    return &open_.back()->children.emplace_back(std::move(node));
  }

  bool open(JsonNode::Type type) {
    JsonNode* node = add(type, before(1));
    if (open_.size() == max_depth) {
      error_ = file_.error(before(1), fmt::format("nested more than {} levels deep", max_depth)).value();
      return false;
    }
    open_.push_back(node);
    return true;
  }

  // The pointers in open_ stay good: a parent's vector grows only after its last child has been closed.
  bool close() {
    open_.pop_back();
    return true;
  }

  const KeyText& file_;
  std::string_view text_;
  std::size_t consumed_ = 0;
  std::string name_;
  std::vector<JsonNode*> open_;
  JsonTree tree_;
  std::optional<Error> error_;
};

}  // namespace

const JsonNode* JsonNode::find(std::string_view member) const {
  const auto found = std::find_if(children.rbegin(), children.rend(),
                                  [&](const JsonNode& child) { return child.name == member; });
  return type != Type::object || found == children.rend() ? nullptr : &*found;
}

std::string_view type_name(JsonNode::Type type) {
  switch (type) {
    case JsonNode::Type::null:
      return "null";
    case JsonNode::Type::boolean:
      return "true or false";
    case JsonNode::Type::number:
      return "a number";
    case JsonNode::Type::string:
      return "a string";
    case JsonNode::Type::array:
      return "an array";
    case JsonNode::Type::object:
      return "an object";
  }
  return "?";
}

Expected<JsonTree> parse_json(const KeyText& file) {
  TreeBuilder builder(file);
  const char* start = file.text().data();
  const bool ok =
      nlohmann::json::sax_parse(TrackedIterator(start, builder.consumed()),
                                TrackedIterator(start + file.text().size(), builder.consumed()), &builder);
  if (builder.error()) return fail(std::move(*builder.error()));
  if (!ok) return file.error(file.text(), "not valid JSON");
  return builder.take();
}

}  // namespace espgate::replay
