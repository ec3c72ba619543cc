// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/observer.h"

#include "wire/ipv4.h"

namespace espgate::replay {
namespace {

using dataplane::Packet;
using dataplane::Punt;

// The outer header is intact, and classify has held its length against the buffer: only what lies behind the
// ESP header was decrypted in place.
Flow outer_flow(const Packet& packet) {
  const bool v4 = std::to_integer<unsigned>(*packet.outer) >> 4 == 4;
  const auto length_field = wire::load_big_endian<std::uint16_t>(packet.outer + (v4 ? 2 : 4));
  const auto flow = read_flow({packet.outer, length_field + (v4 ? std::size_t{0} : std::size_t{40})});
  return flow ? flow->flow : Flow{};
}

bool is_control(Punt punt) { return punt == Punt::l2tp_control || punt == Punt::ppp_control; }

}  // namespace

void Observer::observe(dataplane::Burst& burst, std::uint64_t nanoseconds) {
  for (const Packet& packet : burst.live()) {
    observe_sa(packet, nanoseconds);
    observe_inner(packet);
    if (L2tpTally* tally = l2tp_of(packet)) tally->inner.add(packet.length);
  }
  for (const Packet& packet : burst.punted()) {
    const Punt punt = burst.punt_reason(packet);
    if (!is_control(punt)) continue;
    observe_sa(packet, nanoseconds);
    if (L2tpTally* tally = l2tp_of(packet))
      ++(punt == Punt::l2tp_control ? tally->control : tally->ppp_control);
  }
}

void Observer::observe_sa(const Packet& packet, std::uint64_t nanoseconds) {
  auto [at, is_new] = sas_.try_emplace(packet.inbound_sa);
  SaObservation& sa = at->second;
  if (is_new) {
    sa.first_sequence = packet.sequence;
    sa.first_nanoseconds = nanoseconds;
  }
  sa.outer = outer_flow(packet);
  sa.first_sequence = std::min(sa.first_sequence, packet.sequence);
  sa.last_sequence = std::max(sa.last_sequence, packet.sequence);
  sa.last_nanoseconds = nanoseconds;
}

L2tpTally* Observer::l2tp_of(const Packet& packet) {
  if (packet.tunnel_and_session == 0) return nullptr;
  const Flow& outer = sas_[packet.inbound_sa].outer;
  return &l2tp_[{outer.source, outer.destination, static_cast<std::uint16_t>(packet.tunnel_and_session >> 16),
                 static_cast<std::uint16_t>(packet.tunnel_and_session)}];
}

void Observer::observe_inner(const Packet& packet) {
  const auto flow = read_flow(packet.bytes());
  if (!flow) return;
  const auto at = inner_.find(flow->flow);
  if (at != inner_.end()) return at->second.add(packet.length);
  if (inner_.size() >= max_flows) return other_flows_.add(packet.length);
  inner_[flow->flow].add(packet.length);
}

}  // namespace espgate::replay
