// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/aaa/radius_messages.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace espgate::control::radius {

// What accounting has to tell, the oldest first, and of one session always in the order in which it happened.
// What a later record of the same session says again does not wait: an interim goes when a newer one or the
// stop comes.
class AccountingQueue {
 public:
  explicit AccountingQueue(std::size_t most_records) : most_(most_records) {}

  struct Taken {
    std::uint64_t place = 0;
    AccountingRecord record;
  };

  // What had to go for it, if the queue is full: the oldest interim; without one the oldest of all.
  [[nodiscard]] std::optional<AccountingRecord> push(AccountingRecord record);
  // The next one, of a session that is not in `busy`: one of which nothing is on its way.
  [[nodiscard]] std::optional<Taken> take(const std::set<std::string>& busy);
  // To where it was: it could not be told.
  void put_back(Taken taken);
  [[nodiscard]] std::size_t size() const { return records_.size(); }

 private:
  using Records = std::map<std::uint64_t, AccountingRecord>;  // by place
  void insert(std::uint64_t place, AccountingRecord record);
  AccountingRecord remove(Records::iterator found);
  void remove_interim(const std::string& session_id);

  std::size_t most_;
  std::uint64_t last_place_ = 0;
  Records records_;
  std::set<std::uint64_t> interims_;                           // their places
  std::unordered_map<std::string, std::uint64_t> interim_of_;  // by session
};

}  // namespace espgate::control::radius
