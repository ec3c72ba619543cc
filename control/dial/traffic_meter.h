// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "control/ike/peer.h"
#include "control/state/encoding.h"

#include <cstdint>
#include <map>
#include <span>

namespace espgate::control {

// Inner traffic, as channel::SaProgress counts it.
struct Traffic {
  std::uint64_t packets_in = 0, bytes_in = 0;  // from the client
  std::uint64_t packets_out = 0, bytes_out = 0;

  Traffic& operator+=(const Traffic& other);
  friend Traffic operator-(const Traffic& a, const Traffic& b);
  friend bool operator==(const Traffic&, const Traffic&) = default;
};

void encode(SecretEncoder& out, const Traffic& traffic);
[[nodiscard]] Traffic decode_traffic(Decoder& in);

// What all SAs of a client have carried, those that are gone too. One thread.
class TrafficMeter {
 public:
  // Of the SA pairs that the client has now; often enough that none comes and goes in between. What an SA
  // carries between the last look and its end is not counted.
  void read(const ike::Peer& peer, std::span<const channel::SaProgress> progress);
  [[nodiscard]] Traffic total() const;

  void encode(SecretEncoder& out) const;
  void decode(Decoder& in);

 private:
  std::map<std::uint32_t, Traffic> seen_;  // by slot, at the last look
  Traffic gone_;
};

}  // namespace espgate::control
