// SPDX-License-Identifier: Apache-2.0
#include "cli/import/ppp_options.h"

#include "cli/import/ppp_meanings.h"
#include "config/printable.h"
#include "control/aaa/secrets_words.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace espgate::openswan {
namespace {

using control::SecretsWords;
using Found = SecretsWords::Found;

// Of several names of one thing; "+chap" is what "require-chap" was called once.
std::string canonical(std::string_view name) {
  constexpr std::array<std::array<std::string_view, 2>, 24> aliases = {{{"+mschap-v2", "require-mschap-v2"},
                                                                        {"+mschap", "require-mschap"},
                                                                        {"+chap", "require-chap"},
                                                                        {"+pap", "require-pap"},
                                                                        {"-mschap-v2", "refuse-mschap-v2"},
                                                                        {"-mschap", "refuse-mschap"},
                                                                        {"-chap", "refuse-chap"},
                                                                        {"-pap", "refuse-pap"},
                                                                        {"+ua", "password"},
                                                                        {"-am", "default-asyncmap"},
                                                                        {"-as", "asyncmap"},
                                                                        {"-detach", "nodetach"},
                                                                        {"-ip", "noip"},
                                                                        {"-mn", "nomagic"},
                                                                        {"-pc", "nopcomp"},
                                                                        {"-ac", "noaccomp"},
                                                                        {"-vj", "novj"},
                                                                        {"-ccp", "noccp"},
                                                                        {"-bsdcomp", "nobsdcomp"},
                                                                        {"-deflate", "nodeflate"},
                                                                        {"-proxyarp", "noproxyarp"},
                                                                        {"dns-addr", "ms-dns"},
                                                                        {"+mppe", "require-mppe"},
                                                                        {"+mppe-128", "require-mppe-128"}}};
  const auto alias = std::ranges::find(aliases, name, [](const auto& pair) { return pair[0]; });
  return std::string(alias == aliases.end() ? name : (*alias)[1]);
}

// "10.40.0.1:10.40.0.2", of which either half may be missing.
bool is_address_pair(std::string_view word) {
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos || word.size() == 1) return false;
  const auto fits = [](std::string_view half) {
    return half.empty() || wire::IpAddress::from_string(half).has_value();
  };
  return fits(word.substr(0, colon)) && fits(word.substr(colon + 1));
}

bool is_secret(std::string_view name) { return name == "password"; }

class Reader {
 public:
  Reader(std::string_view text, std::string file, Notes& notes)
      : words_(text), where_{std::move(file), 0, 0}, notes_(notes) {}

  std::vector<PppOption> read() {
    for (Found found = next(); found != Found::end_of_file; found = next())
      if (found == Found::word) read_option();
    return std::move(options_);
  }

 private:
  // Bad words are told of and passed over with the rest of their line.
  Found next() {
    Found found = words_.next();
    where_.line = words_.line();
    if (found == Found::word || found == Found::end_of_line || found == Found::end_of_file) return found;
    notes_.lost(where_, "a word that pppd would not read: too long, or with a quote that is not closed");
    words_.skip_line();
    return found;
  }

  void read_option() {
    PppOption option;
    option.where = where_;
    option.name = canonical(words_.word());
    option.shown = config::printable(words_.word());
    if (is_address_pair(option.name)) {
      option.arguments = {std::exchange(option.name, "local:remote")};
      return options_.push_back(std::move(option));
    }
    const PppMeaning* const meaning = find_ppp_meaning(option.name);
    if (meaning == nullptr) {
      notes_.lost(option.where, config::in_quotes(option.name) + ": not known here; left out");
      return words_.skip_line();
    }
    if (read_arguments(option, meaning->arguments)) options_.push_back(std::move(option));
  }

  // They may stand on lines that follow.
  bool read_arguments(PppOption& option, unsigned count) {
    while (option.arguments.size() < count) {
      const Found found = next();
      if (found == Found::end_of_line) continue;
      if (found == Found::end_of_file)
        notes_.lost(option.where, option.shown + ": what belongs behind it is missing; left out");
      if (found != Found::word) return false;
      option.arguments.emplace_back(is_secret(option.name) ? "" : words_.word());
      if (!is_secret(option.name)) option.shown += ' ' + config::printable(words_.word());
    }
    return true;
  }

  SecretsWords words_;
  config::Location where_;
  Notes& notes_;
  std::vector<PppOption> options_;
};

}  // namespace

tl::expected<std::vector<PppOption>, std::string> read_ppp_options(const std::filesystem::path& file,
                                                                   const SourceFiles& files, Notes& notes) {
  const auto content = files.read(file);
  if (!content) return tl::unexpected(content.error());
  return Reader({reinterpret_cast<const char*>(content->data()), content->size()}, file.string(), notes)
      .read();
}

}  // namespace espgate::openswan
