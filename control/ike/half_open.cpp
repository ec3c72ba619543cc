// SPDX-License-Identifier: Apache-2.0
#include "control/ike/half_open.h"

#include <iterator>

namespace espgate::control::ike {

const HalfOpen* HalfOpenTable::find(const Cookies& cookies) const {
  const auto& index = records_.get<ByCookies>();
  const auto found = index.find(cookies);
  return found == index.end() ? nullptr : &*found;
}

template <typename Tag>
std::size_t HalfOpenTable::make_room(std::uint32_t key, std::size_t most) {
  auto& index = records_.get<Tag>();
  const auto [first, last] = index.equal_range(key);
  if (first == last || static_cast<std::size_t>(std::distance(first, last)) < most) return 0;
  index.erase(first);
  return 1;
}

std::size_t HalfOpenTable::insert(HalfOpen record) {
  record.address = record.path.remote.address.is_v4() ? record.path.remote.address.as_v4() : 0;
  record.network = record.address & 0xffff'ff00;
  record.serial = next_serial_++;
  std::size_t gone = make_room<ByAddress>(record.address, limits_.per_address);
  gone += make_room<ByNetwork>(record.network, limits_.per_network);
  if (!records_.empty() && records_.size() >= limits_.total) {
    auto& index = records_.get<BySerial>();
    index.erase(index.begin());
    ++gone;
  }
  records_.insert(std::move(record));
  return gone;
}

void HalfOpenTable::erase(const Cookies& cookies) { records_.get<ByCookies>().erase(cookies); }

std::vector<HalfOpen> HalfOpenTable::expire(TimePoint now) {
  std::vector<HalfOpen> gone;
  auto& index = records_.get<BySerial>();
  while (!index.empty() && index.begin()->since + limits_.age <= now) {
    gone.push_back(*index.begin());
    index.erase(index.begin());
  }
  return gone;
}

}  // namespace espgate::control::ike
