// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/error.h"
#include "crypto/secret.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace espgate::control {

// A line of a chap-secrets file.
struct User {
  std::string name;                      // "*": anybody whom no other line names
  std::string server;                    // "*": any
  crypto::SecretBytes secret;            // not empty
  std::optional<std::uint32_t> address;  // the user's own inner address, host order; none: one of a pool
  // As in pppd: false for three words on a line, or "-" behind them. The password is right, but the user is
  // given no address.
  bool may_have_address = false;
  unsigned line = 0;  // where it begins
};

// The users of a file in the format of pppd's chap-secrets (pppd(8), AUTHENTICATION):
//
//   client server secret [address…]
//
// Words in quotes, backslash escapes, comments and continued lines are as pppd has them. Not there are
// secrets in further files ("@/…"). Of the addresses the first plain one counts; networks, exclusions ("!…")
// and options behind "--" are ignored, which problems() tells.
class UserFile {
 public:
  // `name` is for messages. A bad line is a problem, and the others stay usable. Error: it is no such file at
  // all: something in it cannot be text, or lines and not one of them right. `text` holds secrets; of these
  // no copy stays behind in ordinary memory, and no message has one.
  [[nodiscard]] static Expected<UserFile> parse(std::string_view text, std::string name);

  // The line for a user: his own before those for "*", among those the ones for this server before those for
  // any, and of several the first. Without `server`, the second column does not count. nullptr: none.
  [[nodiscard]] const User* find(std::string_view user, std::string_view server = {}) const;
  [[nodiscard]] std::size_t size() const { return users_.size(); }         // lines
  [[nodiscard]] const std::vector<User>& users() const { return users_; }  // in the order of the file
  // What is wrong with single lines, "chap-secrets:7: …", in their order.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  // Every address that belongs to one user alone, with him.
  [[nodiscard]] const std::map<std::uint32_t, std::string>& fixed_addresses() const { return fixed_; }

 private:
  friend class UserFileReader;
  UserFile() = default;

  std::vector<User> users_;
  std::multimap<std::string, std::size_t, std::less<>> by_name_;  // in the order of the file
  std::map<std::uint32_t, std::string> fixed_;
  std::vector<std::string> problems_;
};

}  // namespace espgate::control
