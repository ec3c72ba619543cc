// SPDX-License-Identifier: Apache-2.0
#include "control/ike/ike_sa.h"

#include "control/ike/quick_mode.h"

#include <algorithm>

namespace espgate::control::ike {

DatagramDigest digest_of(wire::Bytes datagram) {
  const crypto::HashValue value = crypto::hash(crypto::IkeHash::sha1, {datagram});
  DatagramDigest digest = {};
  std::ranges::copy(value.span().first(digest.size()), digest.begin());
  return digest;
}

Exchange::Exchange() = default;
Exchange::~Exchange() = default;

Exchange* IkeSa::find_exchange(std::uint32_t message_id) const {
  for (const auto& exchange : exchanges)
    if (exchange->message_id == message_id) return exchange.get();
  return nullptr;
}

void IkeSa::erase_exchange(std::uint32_t message_id) {
  std::erase_if(exchanges, [&](const auto& each) { return each->message_id == message_id; });
}

}  // namespace espgate::control::ike
