// SPDX-License-Identifier: Apache-2.0
#include "cli/import/xl2tpd_conf.h"

#include "cli/import/values.h"
#include "config/printable.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace espgate::openswan {
namespace {

constexpr std::string_view blanks = " \t\r\f\v";
constexpr std::size_t longest_key = 40;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// "ip  range" is "ip range".
std::string canonical(std::string_view key) {
  std::string name;
  for (const std::string_view word : list_value(key, ' '))
    name += (name.empty() ? "" : " ") + std::string(word);
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name == "require auth" || name == "refuse auth" || name == "unix auth") name += "entication";
  return name;
}

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= longest_key &&
         std::ranges::all_of(key, [](char c) { return (c >= 'a' && c <= 'z') || c == ' ' || c == '-'; });
}

class Reader {
 public:
  Reader(std::string file, Notes& notes) : where_{std::move(file), 0, 0}, notes_(notes) {}

  std::vector<Xl2tpdSection> read(std::string_view text) {
    while (!text.empty()) {
      ++where_.line;
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      // A comment begins at a semicolon, wherever that stands.
      read_line(trimmed(line.substr(0, line.find(';'))));
    }
    return std::move(sections_);
  }

 private:
  void read_line(std::string_view line) {
    if (line.empty() || line.starts_with('#')) return;
    if (line.starts_with('[')) return begin_section(line);
    const std::size_t equals = line.find('=');
    const std::string key = canonical(trimmed(line.substr(0, equals)));
    if (equals == std::string_view::npos || !is_key(key))
      return notes_.lost(where_, "no \"key = value\", so nothing was taken from this line");
    if (sections_.empty())
      return notes_.lost(where_, key + ": stands in no section, so xl2tpd would not have started; left out");
    const std::string value(trimmed(line.substr(equals + 1)));
    sections_.back().settings.push_back({key, value, key + " = " + config::printable(value), where_});
  }

  void begin_section(std::string_view line) {
    const std::string_view name = trimmed(line.substr(1, line.find(']') - 1));
    const std::string_view kind = name.substr(0, name.find_first_of(blanks));
    Xl2tpdSection section{Xl2tpdSection::Kind::other, std::string(name), where_, {}};
    if (same_text(kind, "global")) section.kind = Xl2tpdSection::Kind::global;
    if (same_text(kind, "lns")) section.kind = Xl2tpdSection::Kind::lns;
    sections_.push_back(std::move(section));
  }

  config::Location where_;
  Notes& notes_;
  std::vector<Xl2tpdSection> sections_;
};

}  // namespace

tl::expected<std::vector<Xl2tpdSection>, std::string> read_xl2tpd_conf(const std::filesystem::path& file,
                                                                       const SourceFiles& files,
                                                                       Notes& notes) {
  const auto content = files.read(file);
  if (!content) return tl::unexpected(content.error());
  return Reader(file.string(), notes).read({reinterpret_cast<const char*>(content->data()), content->size()});
}

}  // namespace espgate::openswan
