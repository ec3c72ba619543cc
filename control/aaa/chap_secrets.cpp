// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/chap_secrets.h"

#include "config/printable.h"
#include "control/aaa/secrets_words.h"
#include "wire/ip_address.h"
#include "wire/ipv4_prefix.h"

#include <set>
#include <span>

#include <fmt/format.h>

namespace espgate::control {
namespace {

using Found = SecretsWords::Found;

constexpr std::size_t longest_name = 256;  // bytes of a user's name that PPP's core takes
constexpr std::string_view anybody = "*";

// 0.0.0.0/8, loopback, multicast and above are no client's.
bool is_host_address(std::uint32_t address) {
  const std::uint32_t first_byte = address >> 24;
  return first_byte != 0 && first_byte != 127 && first_byte < 224;
}

std::string_view why_no_word(Found found) {
  switch (found) {
    case Found::unclosed_quote:
      return "a quote is not closed on its line";
    case Found::too_long:
      return "a word is longer than 1023 bytes";
    default:
      return "a word has a zero byte in it";
  }
}

bool is_bad(Found found) {
  return found == Found::unclosed_quote || found == Found::too_long || found == Found::zero_byte;
}

}  // namespace

// Reads the file line by line. A word of a message is a user's name or a number, never from behind the name:
// a password that lacks its quotes reaches into the columns behind it.
class UserFileReader {
 public:
  UserFileReader(std::string_view text, std::string name) : words_(text), name_(std::move(name)) {}

  Expected<UserFile> read() {
    while (!at_end_) read_line();
    if (file_.users_.empty() && !file_.problems_.empty())
      return tl::unexpected(fmt::format("{}: not one of its lines is right, so it is no file of users; {}",
                                        name_, file_.problems_.front()));
    return std::move(file_);
  }

 private:
  void problem(std::string_view what) {
    file_.problems_.push_back(fmt::format("{}:{}: {}", name_, line_, what));
  }

  // The next word of the line. False: it has no more, or it is bad.
  bool next() {
    const Found found = words_.next();
    at_end_ = found == Found::end_of_file;
    in_line_ = found == Found::word;
    if (is_bad(found)) {
      line_ = words_.line();
      problem(why_no_word(found));
      bad_ = true;
      words_.skip_line();
    }
    return in_line_;
  }

  void read_line() {
    bad_ = false;
    const bool has_words = next();
    line_ = words_.line();
    if (!has_words) return;
    User user;
    user.line = line_;
    user.name = words_.word();
    if (!read_server(user) || !read_secret(user)) return leave();
    read_addresses(user);
    if (!bad_) add(std::move(user));
  }

  // Goes behind the rest of the line, wherever that goes on, without a look at it.
  void leave() {
    while (in_line_) {
      const Found found = words_.next();
      at_end_ = found == Found::end_of_file;
      in_line_ = found == Found::word;
      if (is_bad(found)) words_.skip_line();
    }
  }

  bool read_server(User& user) {
    if (!next()) {
      if (!bad_) problem("only one word; expected client, server, secret and addresses");
      return false;
    }
    user.server = words_.word();
    const bool fits = !user.name.empty() && user.name.size() <= longest_name;
    if (!fits) problem(fmt::format("expected a user's name of 1 to {} bytes", longest_name));
    return fits;
  }

  bool read_secret(User& user) {
    if (!next()) {
      if (!bad_) problem("only two words; expected client, server, secret and addresses");
      return false;
    }
    const std::string_view secret = words_.word();
    if (secret.empty()) {
      problem(fmt::format("the secret of {} is empty, and anybody could come", shown(user)));
    } else if (secret.starts_with("@/")) {
      problem(
          fmt::format("the secret of {} is in another file (@/…), which is not read; write the secret itself",
                      shown(user)));
    } else {
      user.secret = crypto::SecretBytes(std::as_bytes(std::span(secret)));
    }
    return !user.secret.empty();
  }

  void read_addresses(User& user) {
    bool decided = false;  // by "*" or "-": what follows does not count
    unsigned ignored = 0;
    while (next()) {
      const std::string_view word = words_.word();
      if (word == "--") {
        problem(fmt::format("options of {} (behind --) are ignored", shown(user)));
        leave();
        break;
      }
      if (decided) continue;
      if (word == "*" || word == "-") {
        user.may_have_address = user.may_have_address || word == "*";
        decided = true;
      } else if (!read_address(word, user)) {
        ++ignored;
      }
    }
    if (bad_) return;
    if (ignored != 0)
      problem(fmt::format("{} of the addresses of {} ignored: only the first single address counts, or *",
                          ignored == 1 ? "one is" : fmt::format("{} are", ignored), shown(user)));
    if (!user.may_have_address && !decided)
      problem(
          fmt::format("{} is given no address, so can't come in: write * behind the secret for one of the "
                      "pool, or - if that is meant",
                      shown(user)));
  }

  // False: the word has no effect.
  bool read_address(std::string_view word, User& user) {
    const auto address = wire::IpAddress::from_string(word);
    if (address && address->is_v4() && is_host_address(address->as_v4()) && !user.address) {
      user.address = address->as_v4();
      user.may_have_address = true;
      return true;
    }
    // pppd would let the user have any address of that network; here he gets one of his pool.
    if (word.find('/') != std::string_view::npos && wire::Ipv4Prefix::from_string(word))
      user.may_have_address = true;
    return false;
  }

  void add(User user) {
    if (!seen_.insert({user.name, user.server}).second)
      return problem(fmt::format("{} stands here a second time; the first line counts", shown(user)));
    if (user.address) claim(user);
    file_.by_name_.emplace(user.name, file_.users_.size());
    file_.users_.push_back(std::move(user));
  }

  // An address belongs to one user.
  void claim(User& user) {
    if (user.name == anybody) {
      problem("an address of its own for \"*\" would be for everybody; one of the pool is given instead");
      user.address.reset();
      return;
    }
    const auto [owner, is_new] = file_.fixed_.emplace(*user.address, user.name);
    if (is_new || owner->second == user.name) return;
    problem(fmt::format("the address {} of {} belongs to {} already; one of the pool is given instead",
                        wire::IpAddress::v4(*user.address).to_string(), shown(user),
                        config::in_quotes(owner->second)));
    user.address.reset();
  }

  static std::string shown(const User& user) { return config::in_quotes(user.name); }

  SecretsWords words_;
  std::string name_;
  unsigned line_ = 1;     // where the line began that is read
  bool at_end_ = false;   // of the file
  bool in_line_ = false;  // a word was found, and there may be more
  bool bad_ = false;      // the line is
  std::set<std::pair<std::string, std::string>> seen_;
  UserFile file_;
};

Expected<UserFile> UserFile::parse(std::string_view text, std::string name) {
  if (text.find('\0') != std::string_view::npos)
    return tl::unexpected(name + ": has zero bytes in it, so it is no file of users");
  return UserFileReader(text, std::move(name)).read();
}

const User* UserFile::find(std::string_view user, std::string_view server) const {
  for (const std::string_view name : {user, anybody}) {
    const User* best = nullptr;
    const auto [begin, end] = by_name_.equal_range(name);
    for (auto line = begin; line != end; ++line) {
      const User& found = users_[line->second];
      if (server.empty() || found.server == server) return &found;
      if (found.server == "*" && best == nullptr) best = &found;
    }
    if (best != nullptr) return best;
  }
  return nullptr;
}

}  // namespace espgate::control
