// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/path.h"

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace espgate::control::ike {

// How a negotiation, or what a user dialled in it, went: for `espgate why`.
struct JournalEntry {
  TimePoint when{};
  Endpoint remote;
  bool good = false;
  std::string exchange;  // "main mode", "quick mode", "login"
  std::string text;      // what happened, and the remedy
  std::string user{};    // whom it is about, printable; empty: nobody by name
  unsigned count = 1;    // so often in a row
};

// The last negotiations by address, bounded: of the addresses heard last, the last few each.
class Journal {
 public:
  static constexpr std::size_t most_addresses = 2048;
  static constexpr std::size_t most_entries = 12;

  void add(JournalEntry entry);
  // Oldest first; none if the address was not heard of.
  [[nodiscard]] std::vector<JournalEntry> of(const wire::IpAddress& address) const;
  // What is about a user, from whichever address, oldest first. Takes long: O(all).
  [[nodiscard]] std::vector<JournalEntry> of_user(std::string_view user) const;
  // The newest of each address, the newest address first.
  [[nodiscard]] std::vector<JournalEntry> latest(std::size_t most) const;

 private:
  struct Record {
    wire::IpAddress address;
    std::deque<JournalEntry> entries;
  };
  struct Hash {
    std::size_t operator()(const wire::IpAddress& address) const noexcept {
      return EndpointHash()({address, 0});
    }
  };
  std::list<Record> records_;  // heard last: first
  std::unordered_map<wire::IpAddress, std::list<Record>::iterator, Hash> by_address_;
};

}  // namespace espgate::control::ike
