// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/path.h"

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace espgate::control {

// Slows down who guesses passwords: each wrong one makes the next answer wait longer, for the user's name and
// for the client's address, whichever has the worse record. Forgets after a quarter of an hour.
class PasswordBrake {
 public:
  using TimePoint = ike::TimePoint;
  static constexpr std::size_t most_records = 10000;

  // How long the answer to a question of this client about this user is held back.
  [[nodiscard]] std::chrono::seconds delay(const wire::IpAddress& client, std::string_view user,
                                           TimePoint now);
  void wrong(const wire::IpAddress& client, std::string_view user, TimePoint now);
  void right(const wire::IpAddress& client, std::string_view user);

 private:
  struct Record {
    unsigned wrong = 0;
    TimePoint last{};
  };
  using Records = std::map<std::string, Record, std::less<>>;
  static void add(Records& records, std::string key, TimePoint now);
  [[nodiscard]] static unsigned count(Records& records, std::string_view key, TimePoint now);

  Records users_, clients_;
};

}  // namespace espgate::control
