// SPDX-License-Identifier: Apache-2.0
#include "cli/import/ipsec_conf.h"

#include "config/printable.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>

namespace espgate::openswan {
namespace {

constexpr std::string_view blanks = " \t\r\f\v";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// Without what stands behind a # that begins a word outside of quotes.
std::string_view without_comment(std::string_view line) {
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool begins_word = i == 0 || blanks.find(line[i - 1]) != std::string_view::npos;
    if (quote == 0 && c == '#' && begins_word) return line.substr(0, i);
    // A quote may open a value only: an apostrophe within a word is none.
    if (quote == 0 && (c == '"' || c == '\'') && (begins_word || line[i - 1] == '=')) {
      if (line.find(c, i + 1) != std::string_view::npos) quote = c;
    } else if (c == quote) {
      quote = 0;
    }
  }
  return line;
}

std::string_view first_word(std::string_view line) { return line.substr(0, line.find_first_of(blanks)); }

// Dialects call the same thing by different names.
std::string canonical(std::string_view key) {
  std::string name;
  for (const char c : key)
    name += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::array<std::array<std::string_view, 2>, 7> aliases = {{{"keylife", "salifetime"},
                                                                       {"lifetime", "salifetime"},
                                                                       {"ipsec-lifetime", "salifetime"},
                                                                       {"phase2alg", "esp"},
                                                                       {"margintime", "rekeymargin"},
                                                                       {"aggressive", "aggrmode"},
                                                                       {"ike-frag", "fragmentation"}}};
  const auto alias = std::ranges::find(aliases, name, [](const auto& pair) { return pair[0]; });
  return alias == aliases.end() ? name : std::string((*alias)[1]);
}

std::optional<Section::Kind> section_kind(std::string_view word) {
  if (word == "config") return Section::Kind::config;
  if (word == "conn") return Section::Kind::conn;
  if (word == "ca") return Section::Kind::ca;
  return std::nullopt;
}

bool is_key(std::string_view word) {
  constexpr std::size_t longest = 40;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !word.empty() && word.size() <= longest && is_letter(word.front()) &&
         std::ranges::all_of(word, [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
         });
}

class Reader {
 public:
  Reader(const SourceFiles& files, Notes& notes) : files_(files), notes_(notes) {}

  tl::expected<void, std::string> read(const std::filesystem::path& file, unsigned depth);
  std::vector<Section> take() { return std::move(sections_); }

 private:
  void read_line(const std::filesystem::path& file, std::string_view line, const config::Location& where,
                 unsigned depth);
  void include(const std::filesystem::path& file, std::string_view pattern, const config::Location& where,
               unsigned depth);
  void read_setting(std::string_view line, const config::Location& where);
  bool continue_value(std::string_view line);
  std::string unquoted(std::string_view value, const config::Location& where);

  const SourceFiles& files_;
  Notes& notes_;
  std::vector<Section> sections_;
  unsigned files_read_ = 0;
};

tl::expected<void, std::string> Reader::read(const std::filesystem::path& file, unsigned depth) {
  if (++files_read_ > most_files) return tl::unexpected<std::string>("not read: too many files are included");
  const auto content = files_.read(file);
  if (!content) return tl::unexpected(content.error());
  std::string_view text(reinterpret_cast<const char*>(content->data()), content->size());
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // what some editors put before UTF-8
  std::string joined;                                           // lines that end with a backslash
  unsigned line_number = 0;
  unsigned first_line = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++line_number;
    if (joined.empty()) first_line = line_number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool goes_on = line.ends_with('\\') && at < text.size();
    if (goes_on) line.remove_suffix(1);
    joined += line;
    if (goes_on) {
      joined += ' ';
      continue;
    }
    read_line(file, joined, {file.string(), first_line, 0}, depth);
    joined.clear();
  }
  return {};
}

void Reader::read_line(const std::filesystem::path& file, std::string_view line,
                       const config::Location& where, unsigned depth) {
  const std::string_view body = trimmed(without_comment(line));
  if (body.empty()) return;
  const std::string_view word = first_word(body);
  const std::string_view rest = trimmed(body.substr(word.size()));
  if (!rest.empty() && !rest.starts_with('=')) {
    if (word == "version") return;
    if (word == "include") return include(file, rest, where, depth);
    if (const auto kind = section_kind(word)) {
      sections_.push_back({*kind, std::string(rest), where, {}});
      return;
    }
  }
  if (is_key(trimmed(body.substr(0, body.find('=')))) && body.find('=') != std::string_view::npos)
    return read_setting(body, where);
  // It is not shown: somebody may have named the wrong file, and that one may hold secrets.
  if (!continue_value(body)) notes_.lost(where, "no key=value, and begins no section; left out");
}

void Reader::include(const std::filesystem::path& file, std::string_view pattern,
                     const config::Location& where, unsigned depth) {
  if (depth + 1 > most_includes_deep)
    return notes_.lost(where, "include: not read, it is included too deeply");
  const std::string meant = included_pattern(file, unquoted(pattern, where));
  const auto found = files_.matching(meant);
  if (found.empty()) return notes_.same(where, "include: no file fits " + config::in_quotes(meant));
  for (const auto& path : found) {
    if (const auto read_it = read(path, depth + 1); !read_it)
      notes_.lost(where, "include " + config::in_quotes(path.string()) + ": " + read_it.error());
  }
}

void Reader::read_setting(std::string_view line, const config::Location& where) {
  const std::size_t equals = line.find('=');
  const std::string_view key = trimmed(line.substr(0, equals));
  const std::string name = canonical(key);
  // Keys that begin with x- are comments for other programs (ipsec.conf(5)).
  if (name.starts_with("x-")) return;
  std::string value = unquoted(trimmed(line.substr(equals + 1)), where);
  std::string shown = config::printable(std::string(key) + "=" + value);
  if (sections_.empty()) return notes_.lost(where, std::string(key) + ": stands in no section");
  sections_.back().settings.push_back({name, std::move(value), std::move(shown), where});
}

// A line without '=' goes on with a list that ended with a comma.
bool Reader::continue_value(std::string_view line) {
  if (sections_.empty() || sections_.back().settings.empty()) return false;
  Setting& last = sections_.back().settings.back();
  if (!last.value.ends_with(',')) return false;
  last.value += line;
  last.shown += config::printable(line);
  return true;
}

std::string Reader::unquoted(std::string_view value, const config::Location& where) {
  if (value.empty() || (value.front() != '"' && value.front() != '\'')) return std::string(value);
  const std::size_t end = value.find(value.front(), 1);
  if (end == std::string_view::npos) {
    notes_.lost(where, "a quote is opened and not closed; what follows it was taken for the value");
    return std::string(value.substr(1));
  }
  if (!trimmed(value.substr(end + 1)).empty())
    notes_.lost(where, "what stands behind the closing quote was left out");
  return std::string(value.substr(1, end - 1));
}

}  // namespace

tl::expected<std::vector<Section>, std::string> read_ipsec_conf(const std::filesystem::path& file,
                                                                const SourceFiles& files, Notes& notes) {
  Reader reader(files, notes);
  if (const auto read = reader.read(file, 0); !read) return tl::unexpected(read.error());
  return reader.take();
}

}  // namespace espgate::openswan
