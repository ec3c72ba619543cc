// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/dial_in.h"
#include "control/error.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace espgate::control {

struct PoolSettings {
  std::string name;  // for messages
  config::AddressRange range;
  std::vector<config::AddressRange> excluded;  // parts that are never given, in any order
  std::vector<std::string> users;              // who gets addresses from it
};

// Who had an address last.
struct Lease {
  std::string user;
  std::uint32_t address = 0;  // host order

  friend bool operator==(const Lease&, const Lease&) = default;
};

// The addresses of one pool. A user gets the address again that he had, as long as nobody needed it; a new
// user one that nobody ever had, and when those are used up, the one that has been free for longest. An
// address may be kept: then it is given by name alone, with take(). Remembers as many users as there are
// addresses. One thread.
class AddressPool {
 public:
  explicit AddressPool(PoolSettings settings);

  // An address for the user. Error: all are in use.
  [[nodiscard]] Expected<std::uint32_t> allocate(const std::string& user);
  // This very address. False: it is in use.
  [[nodiscard]] bool take(const std::string& user, std::uint32_t address);
  // Only of what is in use.
  void release(std::uint32_t address);
  // Keeps these, in place of what was kept before. O(n).
  void keep(std::set<std::uint32_t> addresses);
  // A lease from before a restart, younger than all so far. Nothing happens if the address is in use, kept or
  // not of this pool.
  void remember(const Lease& lease);

  // Whether the range has it and no exclusion.
  [[nodiscard]] bool contains(std::uint32_t address) const;
  [[nodiscard]] std::string_view user_of(std::uint32_t address) const;  // who has it now; empty: nobody
  [[nodiscard]] std::uint64_t in_use() const { return in_use_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }  // without exclusions
  [[nodiscard]] const PoolSettings& settings() const { return settings_; }
  // Of free addresses, the longest free first, and then of those in use. O(n log n).
  [[nodiscard]] std::vector<Lease> leases() const;

 private:
  using Age = std::uint64_t;
  using Free = std::set<std::pair<Age, std::uint32_t>>;  // the longest free first
  struct Entry {
    std::string user;
    Age age = 0;  // when it was given or became free, by a count of such events
    bool in_use = false;
  };

  // The one that the address lies in; nullptr: none.
  [[nodiscard]] const config::AddressRange* exclusion(std::uint32_t address) const;
  // An address that nobody ever had. nullopt: there is none left.
  [[nodiscard]] std::optional<std::uint32_t> next_fresh();
  void put_free(std::uint32_t address, Entry& entry);
  void take_free(std::uint32_t address, const Entry& entry);
  [[nodiscard]] std::string exhausted() const;

  PoolSettings settings_;
  std::uint64_t size_ = 0;
  std::uint64_t in_use_ = 0;
  std::uint64_t fresh_ = 0;  // no address from here on was ever given, but those with an entry
  Age now_ = 0;
  std::unordered_map<std::uint32_t, Entry> entries_;  // what is in use, and what is in free_
  Free free_;
  std::unordered_map<std::string, Free> free_of_;  // the same by the user who had them
  std::set<std::uint32_t> kept_;
};

}  // namespace espgate::control
