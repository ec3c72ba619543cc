// SPDX-License-Identifier: Apache-2.0
#include "cli/users/secrets_edit.h"

#include "control/aaa/chap_secrets.h"
#include "control/aaa/secrets_words.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using control::SecretsWords;
using Found = SecretsWords::Found;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

crypto::SecretBytes joined(std::initializer_list<std::span<const std::byte>> parts) {
  std::size_t size = 0;
  for (const auto& part : parts) size += part.size();
  crypto::SecretBytes whole(size);
  std::byte* to = whole.data();
  for (const auto& part : parts) to = std::ranges::copy(part, to).out;
  return whole;
}

std::string_view text_of(const crypto::SecretBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string_view secret_of(const SecretsLine& line, std::string_view text) {
  return text.substr(line.secret_begin, line.secret_end - line.secret_begin);
}

// Whether the lines of before are all there as they were, in their order, but for those that begin at `but`
// (before the change) and `new_one` (behind it); nullopt: there is none such.
bool keeps_others(std::string_view before, std::string_view after, std::optional<std::size_t> but,
                  std::optional<std::size_t> new_one) {
  std::vector<SecretsLine> old_lines = secrets_lines(before), new_lines = secrets_lines(after);
  const auto take_out = [](std::vector<SecretsLine>& lines, std::optional<std::size_t> at) {
    return !at || std::erase_if(lines, [&](const SecretsLine& line) { return line.begin == *at; }) == 1;
  };
  if (!take_out(old_lines, but) || !take_out(new_lines, new_one)) return false;
  return std::ranges::equal(old_lines, new_lines, [&](const SecretsLine& a, const SecretsLine& b) {
    return a.name == b.name && a.server == b.server && secret_of(a, before) == secret_of(b, after);
  });
}

// Whether the gateway, reading that text, finds this user in the line that begins there, by that password.
bool is_read_back(std::string_view text, std::size_t begin, const std::string& name,
                  const std::string& server, std::span<const std::byte> secret) {
  const auto file = control::UserFile::parse(text, "the users' file");
  const auto lines = secrets_lines(text);
  const auto line = std::ranges::find(lines, begin, &SecretsLine::begin);
  if (!file || line == lines.end()) return false;
  const auto user = std::ranges::find(file->users(), line->line, &control::User::line);
  return user != file->users().end() && user->name == name && user->server == server &&
         crypto::equal_in_constant_time(user->secret.bytes(), secret);
}

tl::unexpected<std::string> not_read_back() {
  return tl::unexpected<std::string>(
      "the gateway would not read the new file as it should: look at the lines that espgate user list "
      "complains of");
}

}  // namespace

std::vector<SecretsLine> secrets_lines(std::string_view text) {
  std::vector<SecretsLine> lines;
  SecretsWords words(text);
  std::size_t begin = 0;
  while (true) {
    SecretsLine line;
    unsigned count = 0;
    Found found = words.next();
    for (; found == Found::word; found = words.next()) {
      ++count;
      if (count == 1) {
        line.name = words.word();
        line.line = words.line();
      } else if (count == 2) {
        line.server = words.word();
      } else if (count == 3) {
        line.secret_begin = words.place().begin;
        line.secret_end = words.place().end;
      }
    }
    if (found != Found::end_of_line && found != Found::end_of_file) words.skip_line();
    line.begin = std::exchange(begin, std::min(words.place().end + 1, text.size()));
    line.end = begin;
    if (count >= 2) lines.push_back(std::move(line));
    if (found == Found::end_of_file) return lines;
  }
}

tl::expected<crypto::SecretBytes, std::string> quoted_word(std::span<const std::byte> word) {
  if (word.size() > SecretsWords::longest)
    return tl::unexpected(fmt::format("{} bytes; at most {} are read", word.size(), SecretsWords::longest));
  crypto::SecretBytes quoted(4 * word.size() + 2);
  std::size_t used = 0;
  const auto put = [&](char c) { quoted.data()[used++] = static_cast<std::byte>(c); };
  put('"');
  for (const std::byte byte : word) {
    const auto c = static_cast<char>(byte);
    const auto value = std::to_integer<unsigned>(byte);
    if (value == 0) return tl::unexpected<std::string>("a zero byte in it");
    if (c == '"' || c == '\\') {
      put('\\');
      put(c);
    } else if (value < ' ' || value == 0x7f) {
      put('\\');
      for (const unsigned shift : {6U, 3U, 0U}) put(static_cast<char>('0' + (value >> shift & 7U)));
    } else {
      put(c);
    }
  }
  put('"');
  return crypto::SecretBytes(quoted.bytes().first(used));
}

Edited with_user(std::string_view text, const NewUser& user) {
  const auto name = quoted_word(bytes_of(user.name));
  const auto server =
      user.server == "*" ? crypto::SecretBytes(bytes_of("*")) : quoted_word(bytes_of(user.server));
  if (!name || !server)
    return tl::unexpected("a name that the gateway would not read: " +
                          (name ? server.error() : name.error()));
  const auto secret = quoted_word(user.secret);
  if (!secret) return tl::unexpected("a password that the gateway would not read: " + secret.error());
  const std::string_view gap = text.empty() || text.ends_with('\n') ? "" : "\n";
  auto edited = joined({bytes_of(text), bytes_of(gap), name->bytes(), bytes_of("\t"), server->bytes(),
                        bytes_of("\t"), secret->bytes(), bytes_of("\t" + user.address + "\n")});
  const std::size_t begin = text.size() + gap.size();
  if (!keeps_others(text, text_of(edited), std::nullopt, begin) ||
      !is_read_back(text_of(edited), begin, user.name, user.server, user.secret))
    return not_read_back();
  return edited;
}

Edited without_line(std::string_view text, const SecretsLine& line) {
  auto edited = joined({bytes_of(text.substr(0, line.begin)), bytes_of(text.substr(line.end))});
  if (!keeps_others(text, text_of(edited), line.begin, std::nullopt)) return not_read_back();
  return edited;
}

Edited with_secret(std::string_view text, const SecretsLine& line, std::span<const std::byte> secret) {
  const auto word = quoted_word(secret);
  if (!word) return tl::unexpected("a password that the gateway would not read: " + word.error());
  if (line.secret_end == 0)
    return tl::unexpected(fmt::format("line {} has no third word, where the password stands", line.line));
  auto edited = joined(
      {bytes_of(text.substr(0, line.secret_begin)), word->bytes(), bytes_of(text.substr(line.secret_end))});
  if (!keeps_others(text, text_of(edited), line.begin, line.begin) ||
      !is_read_back(text_of(edited), line.begin, line.name, line.server, secret))
    return not_read_back();
  return edited;
}

}  // namespace espgate::cli
