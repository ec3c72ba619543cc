// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

namespace espgate::dataplane {

// Packets that wait, each for somebody who is called by a number: so many for each, so many for all. The
// oldest make room for new ones. For one thread.
class WaitingPackets {
 public:
  using Key = std::uint64_t;

  WaitingPackets(unsigned max_each, unsigned max_all) : max_each_(max_each), max_all_(max_all) {}

  // Lets `packet` wait; returns those that must make room for it.
  [[nodiscard]] std::vector<void*> add(Key key, void* packet);
  // Takes all that wait for `key`, the oldest first.
  [[nodiscard]] std::vector<void*> take(Key key);
  [[nodiscard]] std::vector<void*> take_all();

  [[nodiscard]] unsigned count(Key key) const;

 private:
  struct Waiting {
    void* packet;
    Key key;
  };
  using Order = std::list<Waiting>;

  void* take_oldest(Key key);

  unsigned max_each_;
  unsigned max_all_;
  Order order_;  // as they came
  std::unordered_map<Key, std::vector<Order::iterator>> by_key_;
};

}  // namespace espgate::dataplane
