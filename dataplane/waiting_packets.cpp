// SPDX-License-Identifier: Apache-2.0
#include "dataplane/waiting_packets.h"

namespace espgate::dataplane {

std::vector<void*> WaitingPackets::add(Key key, void* packet) {
  std::vector<void*> pushed_out;
  if (count(key) >= max_each_) pushed_out.push_back(take_oldest(key));
  if (order_.size() >= max_all_) pushed_out.push_back(take_oldest(order_.front().key));
  by_key_[key].push_back(order_.insert(order_.end(), {packet, key}));
  return pushed_out;
}

std::vector<void*> WaitingPackets::take(Key key) {
  std::vector<void*> taken;
  while (count(key) != 0) taken.push_back(take_oldest(key));
  return taken;
}

std::vector<void*> WaitingPackets::take_all() {
  std::vector<void*> taken;
  for (const Waiting& waiting : order_) taken.push_back(waiting.packet);
  order_.clear();
  by_key_.clear();
  return taken;
}

unsigned WaitingPackets::count(Key key) const {
  const auto at = by_key_.find(key);
  return at == by_key_.end() ? 0 : static_cast<unsigned>(at->second.size());
}

void* WaitingPackets::take_oldest(Key key) {
  const auto at = by_key_.find(key);
  const Order::iterator oldest = at->second.front();
  void* packet = oldest->packet;
  order_.erase(oldest);
  at->second.erase(at->second.begin());
  if (at->second.empty()) by_key_.erase(at);
  return packet;
}

}  // namespace espgate::dataplane
