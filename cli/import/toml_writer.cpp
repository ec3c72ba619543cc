// SPDX-License-Identifier: Apache-2.0
#include "cli/import/toml_writer.h"

#include "config/printable.h"

#include <algorithm>

namespace espgate::openswan {
namespace {

constexpr std::size_t comment_column = 42;

}  // namespace

void SecretText::append(std::span<const std::byte> bytes) {
  if (used_ + bytes.size() > buffer_.size()) {
    crypto::SecretBytes larger(std::max<std::size_t>(4096, 2 * (used_ + bytes.size())));
    std::ranges::copy(buffer_.bytes().first(used_), larger.data());
    buffer_ = std::move(larger);
  }
  std::ranges::copy(bytes, buffer_.data() + used_);
  used_ += bytes.size();
}

std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') result += '\\';
    if (byte < ' ' || byte == 0x7f) {
      result += fmt::format("\\u{:04x}", byte);
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string comment(std::string_view text) {
  std::string result = config::printable(text);
  std::ranges::replace_if(result, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return result;
}

void TomlWriter::line(const std::string& text) {
  text_.append(text + '\n');
  covered_.append(text + '\n');
  ++lines_;
}

void TomlWriter::line(std::string setting, std::string_view origin) {
  if (origin.empty()) return line(setting);
  if (setting.size() < comment_column) setting.resize(comment_column, ' ');
  line(setting + "# " + comment(origin));
}

void TomlWriter::secret(const crypto::SecretBytes& key, const std::string& origin) {
  const std::string behind = "  # " + comment(origin) + '\n';
  text_.append("secret = '");
  text_.append(key.bytes());
  text_.append("'" + behind);
  covered_.append("secret = '…'" + behind);
  ++lines_;
}

void TomlWriter::missing(std::string_view key, const std::string& example, std::string_view what) {
  line(fmt::format("# FILL IN: {} = {}", key, example), what);
  missing_.push_back(lines_);
}

void TomlWriter::text_or_missing(std::string_view key, const std::string& value, const std::string& example,
                                 std::string_view what) {
  if (value.empty()) return missing(key, toml_string(example), what);
  setting(key, toml_string(value), {});
}

void TomlWriter::list(std::string_view key, const std::vector<Given<std::string>>& values) {
  if (values.empty()) return;
  line(fmt::format("{} = [", key));
  for (const auto& each : values) line(fmt::format("  {},", toml_string(each.value)), each.origin);
  line("]");
}

}  // namespace espgate::openswan
