// SPDX-License-Identifier: Apache-2.0
#include "control/dial/password_brake.h"

#include <algorithm>

namespace espgate::control {
namespace {

constexpr std::chrono::minutes forget_after{15};
constexpr unsigned free_tries = 2;
constexpr unsigned most_doublings = 4;  // 16 seconds: below the patience of clients

}  // namespace

unsigned PasswordBrake::count(Records& records, std::string_view key, TimePoint now) {
  const auto found = records.find(key);
  if (found == records.end()) return 0;
  if (now - found->second.last < forget_after) return found->second.wrong;
  records.erase(found);
  return 0;
}

std::chrono::seconds PasswordBrake::delay(const wire::IpAddress& client, std::string_view user,
                                          TimePoint now) {
  const unsigned wrong = std::max(count(users_, user, now), count(clients_, client.to_string(), now));
  if (wrong <= free_tries) return std::chrono::seconds(0);
  return std::chrono::seconds(1U << std::min(wrong - free_tries - 1, most_doublings));
}

void PasswordBrake::add(Records& records, std::string key, TimePoint now) {
  if (records.size() >= most_records && !records.contains(key)) {
    // The oldest goes: who guesses under many names slows down his own address.
    records.erase(std::ranges::min_element(records, {}, [](const auto& entry) { return entry.second.last; }));
  }
  Record& record = records[std::move(key)];
  ++record.wrong;
  record.last = now;
}

void PasswordBrake::wrong(const wire::IpAddress& client, std::string_view user, TimePoint now) {
  add(users_, std::string(user), now);
  add(clients_, client.to_string(), now);
}

// The address keeps its record: a guesser may have one good name among many.
void PasswordBrake::right(const wire::IpAddress&, std::string_view user) {
  if (const auto found = users_.find(user); found != users_.end()) users_.erase(found);
}

}  // namespace espgate::control
