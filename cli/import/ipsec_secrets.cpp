// SPDX-License-Identifier: Apache-2.0
#include "cli/import/ipsec_secrets.h"

#include "config/preshared_key.h"
#include "config/printable.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <span>
#include <string_view>

namespace espgate::openswan {
namespace {

constexpr std::string_view blanks = " \t\r\f\v\n";

// A word of the file; its characters lie in the file's secret memory.
struct Word {
  std::string_view text;  // without quotes
  unsigned line = 0;
  bool quoted = false;
  bool closed = true;      // of a quoted word: whether the quote ends in its line
  bool at_margin = false;  // no blank before it in its line: a new entry begins
};

class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}
  std::optional<Word> next();

 private:
  void skip_blanks_and_comments();
  Word quoted_word();
  std::string_view text_;
  std::size_t at_ = 0;
  unsigned line_ = 1;
};

void Words::skip_blanks_and_comments() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (blanks.find(c) != std::string_view::npos) {
      line_ += c == '\n' ? 1 : 0;
      ++at_;
    } else {
      return;
    }
  }
}

Word Words::quoted_word() {
  const char quote = text_[at_++];
  const std::size_t line_end = std::min(text_.find('\n', at_), text_.size());
  const std::size_t end = std::min(text_.find(quote, at_), line_end);
  Word word{text_.substr(at_, end - at_), line_, true, end != line_end};
  at_ = end + (word.closed ? 1 : 0);
  return word;
}

std::optional<Word> Words::next() {
  skip_blanks_and_comments();
  if (at_ == text_.size()) return std::nullopt;
  const bool at_margin = at_ == 0 || text_[at_ - 1] == '\n';
  Word word;
  if (text_[at_] == '"' || text_[at_] == '\'') {
    word = quoted_word();
  } else {
    const std::size_t end = std::min(text_.find_first_of(" \t\r\f\v\n\"'", at_), text_.size());
    word = {text_.substr(at_, end - at_), line_, false, true};
    at_ = end;
  }
  word.at_margin = at_margin;
  return word;
}

// The word before the braces of a private key: RSA, ECDSA.
bool names_private_key(std::string_view kind) { return kind.ends_with("SA") || kind.ends_with("sa"); }

struct Entries {
  std::vector<std::vector<Word>> all;
  bool open_brace = false;  // the last one has a brace that nothing closes
};

// Each begins at the margin, except within the braces of a private key.
Entries entries_of(std::string_view text) {
  Entries result;
  auto& entries = result.all;
  bool& in_braces = result.open_brace;
  Words words(text);
  while (const auto word = words.next()) {
    const bool begins = entries.empty() || (word->at_margin && !in_braces);
    if (begins) entries.emplace_back();
    entries.back().push_back(*word);
    if (word->quoted) continue;
    const auto& entry = entries.back();
    const bool may_open = entry.size() >= 2 && names_private_key(entry[entry.size() - 2].text);
    if (word->text.starts_with('{') && may_open) in_braces = true;
    if (in_braces && word->text.ends_with('}')) in_braces = false;
  }
  return result;
}

bool same_word(std::string_view text, std::string_view upper) {
  return std::ranges::equal(text, upper,
                            [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
}

// An entry cut at its colon.
struct Parts {
  std::vector<std::string> ids;
  std::vector<Word> secret;  // the kind, and what follows
};

// A colon stands alone, or ends the last identity, or begins the kind. nullopt: there is none.
std::optional<Parts> cut(const std::vector<Word>& entry) {
  Parts parts;
  for (std::size_t i = 0; i < entry.size(); ++i) {
    const Word& word = entry[i];
    const std::span rest = std::span(entry).subspan(i + 1);
    const bool may_have_colon = !word.quoted && !wire::IpAddress::from_string(word.text);
    if (may_have_colon && word.text.starts_with(':')) {
      if (word.text.size() > 1) {
        parts.secret.push_back(word);
        parts.secret.back().text.remove_prefix(1);
      }
      parts.secret.insert(parts.secret.end(), rest.begin(), rest.end());
      return parts;
    }
    if (may_have_colon && word.text.ends_with(':')) {
      parts.ids.emplace_back(word.text.substr(0, word.text.size() - 1));
      parts.secret.assign(rest.begin(), rest.end());
      return parts;
    }
    parts.ids.emplace_back(word.text);
  }
  return std::nullopt;
}

// `text` as 0x…, for what can't stand between single quotes or would be read as something else.
crypto::SecretBytes as_hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  crypto::SecretBytes hex(2 + 2 * text.size());
  hex.data()[0] = std::byte{'0'};
  hex.data()[1] = std::byte{'x'};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    hex.data()[2 + 2 * i] = std::byte(digits[byte >> 4]);
    hex.data()[3 + 2 * i] = std::byte(digits[byte & 15]);
  }
  return hex;
}

crypto::SecretBytes from_characters(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f && c != '\''; });
  const bool looks_encoded =
      text.size() >= 2 && text[0] == '0' && std::string_view("xXsS").find(text[1]) != std::string_view::npos;
  if (!text.empty() && (!plain || looks_encoded)) return as_hex(text);
  return crypto::SecretBytes(std::as_bytes(std::span(text)));
}

// ttodata(3) allows underscores between hexadecimal digits.
crypto::SecretBytes without_underscores(std::string_view text) {
  crypto::SecretBytes bytes(text.size());
  std::size_t size = 0;
  for (const char c : text)
    if (c != '_') bytes.data()[size++] = std::byte(c);
  return crypto::SecretBytes(std::span(bytes.bytes()).first(size));
}

// A quoted word is characters; else 0x, 0s and 0t say what follows, and strongSwan takes anything else as
// characters too.
crypto::SecretBytes key_of(const Word& word) {
  const std::string_view text = word.text;
  if (word.quoted) return from_characters(text);
  if (text.starts_with("0t") || text.starts_with("0T")) return from_characters(text.substr(2));
  if (text.starts_with("0x") || text.starts_with("0X")) return without_underscores(text);
  const bool base64 = text.starts_with("0s") || text.starts_with("0S");
  return base64 ? crypto::SecretBytes(std::as_bytes(std::span(text))) : from_characters(text);
}

class Reader {
 public:
  Reader(const SourceFiles& files, Notes& notes) : files_(files), notes_(notes) {}

  tl::expected<void, std::string> read(const std::filesystem::path& file, unsigned depth);
  std::vector<SecretLine> take() { return std::move(lines_); }

 private:
  void read_entry(const std::filesystem::path& file, const std::vector<Word>& entry, unsigned depth);
  void include(const std::filesystem::path& file, std::string_view pattern, const config::Location& where,
               unsigned depth);
  void read_psk(Parts parts, const config::Location& where);

  const SourceFiles& files_;
  Notes& notes_;
  std::vector<SecretLine> lines_;
  unsigned files_read_ = 0;
};

tl::expected<void, std::string> Reader::read(const std::filesystem::path& file, unsigned depth) {
  if (++files_read_ > most_files) return tl::unexpected<std::string>("not read: too many files are included");
  const auto content = files_.read(file);
  if (!content) return tl::unexpected(content.error());
  const std::string_view text(reinterpret_cast<const char*>(content->data()), content->size());
  const Entries entries = entries_of(text);
  for (const auto& entry : entries.all) read_entry(file, entry, depth);
  if (entries.open_brace) {
    notes_.lost({file.string(), entries.all.back().front().line, 0},
                "a brace is opened here and never closed; nothing behind it was read");
  }
  return {};
}

// What a secret of another kind is, where we know.
std::string other_kind(std::string_view kind) {
  struct Kind {
    std::string_view name, meaning;
  };
  constexpr std::array kinds = {
      Kind{"RSA", "an RSA key: clients are authenticated by pre-shared keys only"},
      Kind{"ECDSA", "an ECDSA key: clients are authenticated by pre-shared keys only"},
      Kind{"PKCS8", "a private key: clients are authenticated by pre-shared keys only"},
      Kind{"PKCS12", "a private key: clients are authenticated by pre-shared keys only"},
      Kind{"P12", "a private key: clients are authenticated by pre-shared keys only"},
      Kind{"PIN", "a smart card's PIN: there are no smart cards here"},
      Kind{"XAUTH", "a user's XAUTH password: L2TP clients log in by PPP"},
      Kind{"EAP", "a user's EAP password: L2TP clients log in by PPP"},
      Kind{"NTLM", "a user's NTLM hash: L2TP clients log in by PPP"},
      Kind{"PPK", "a post-quantum key of IKEv2"}};
  const auto found =
      std::ranges::find_if(kinds, [&](const Kind& each) { return same_word(kind, each.name); });
  return found == kinds.end() ? "a secret of a kind that is not known here" : std::string(found->meaning);
}

void Reader::read_entry(const std::filesystem::path& file, const std::vector<Word>& entry, unsigned depth) {
  const config::Location where{file.string(), entry.front().line, 0};
  if (!entry.front().quoted && entry.front().text == "include") {
    if (entry.size() != 2) return notes_.lost(where, "include: expected the name of a file");
    return include(file, entry[1].text, where, depth);
  }
  auto parts = cut(entry);
  // From here on nothing is shown: without its colon a line is a secret as likely as not.
  if (!parts || parts->secret.empty())
    return notes_.lost(where, "not understood: expected IDENTITIES : PSK \"…\"; not carried over");
  if (parts->secret.front().quoted || !same_word(parts->secret.front().text, "PSK"))
    return notes_.lost(where, other_kind(parts->secret.front().quoted ? "" : parts->secret.front().text) +
                                  "; not carried over");
  read_psk(std::move(*parts), where);
}

void Reader::include(const std::filesystem::path& file, std::string_view pattern,
                     const config::Location& where, unsigned depth) {
  if (depth + 1 > most_includes_deep)
    return notes_.lost(where, "include: not read, it is included too deeply");
  const auto found = files_.matching(included_pattern(file, pattern));
  if (found.empty()) return notes_.same(where, "include: no file fits");
  for (const auto& path : found) {
    if (const auto read_it = read(path, depth + 1); !read_it)
      notes_.lost(where, "include " + config::in_quotes(path.string()) + ": " + read_it.error());
  }
}

void Reader::read_psk(Parts parts, const config::Location& where) {
  const auto refuse = [&](const std::string& why) {
    notes_.lost(where, "PSK: " + why + "; not carried over");
  };
  if (parts.secret.size() < 2) return refuse("no key follows");
  const Word& word = parts.secret[1];
  if (!word.closed) return refuse("its quote is not closed in the same line");
  if (parts.secret.size() > 2)
    return refuse("more than one word follows; a key with blanks or quotes in it has quotes around it");
  crypto::SecretBytes key = key_of(word);
  if (const auto parsed = config::parse_preshared_key(key.bytes()); !parsed)
    return refuse("not a pre-shared key: " + parsed.error());
  lines_.push_back({std::move(parts.ids), std::move(key), where});
}

}  // namespace

tl::expected<std::vector<SecretLine>, std::string> read_ipsec_secrets(const std::filesystem::path& file,
                                                                      const SourceFiles& files,
                                                                      Notes& notes) {
  Reader reader(files, notes);
  if (const auto read = reader.read(file, 0); !read) return tl::unexpected(read.error());
  return reader.take();
}

}  // namespace espgate::openswan
