// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "dataplane/replay/flow.h"
#include "dataplane/sa.h"

#include <cstdint>
#include <map>
#include <optional>

namespace espgate::replay {

struct Tally {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;

  void add(std::uint64_t size) {
    ++packets;
    bytes += size;
  }
};

// What authenticated packets of one SA have shown.
struct SaObservation {
  Flow outer;  // of the newest packet: a NAT may change it
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t first_nanoseconds = 0;
  std::uint64_t last_nanoseconds = 0;
};

// One direction of an L2TP session (or, with session 0, of a tunnel's control connection). The ids are the
// receiver's.
struct L2tpFlow {
  Endpoint source;
  Endpoint destination;
  std::uint16_t tunnel = 0;
  std::uint16_t session = 0;

  friend auto operator<=>(const L2tpFlow&, const L2tpFlow&) = default;
};

struct L2tpTally {
  std::uint64_t control = 0;
  std::uint64_t ppp_control = 0;
  Tally inner;
};

// Remembers who talked, from bursts that have been through the inbound stages. Runs beside the packet path,
// never in it.
class Observer {
 public:
  void observe(dataplane::Burst& burst, std::uint64_t nanoseconds);

  [[nodiscard]] const std::map<const dataplane::InboundSa*, SaObservation>& sas() const { return sas_; }
  [[nodiscard]] const std::map<L2tpFlow, L2tpTally>& l2tp() const { return l2tp_; }
  // Inner flows. Beyond `max_flows` different ones, the rest is counted together in other_flows().
  [[nodiscard]] const std::map<Flow, Tally>& inner() const { return inner_; }
  [[nodiscard]] const Tally& other_flows() const { return other_flows_; }

 private:
  static constexpr std::size_t max_flows = 65536;

  void observe_sa(const dataplane::Packet& packet, std::uint64_t nanoseconds);
  L2tpTally* l2tp_of(const dataplane::Packet& packet);
  void observe_inner(const dataplane::Packet& packet);

  std::map<const dataplane::InboundSa*, SaObservation> sas_;
  std::map<L2tpFlow, L2tpTally> l2tp_;
  std::map<Flow, Tally> inner_;
  Tally other_flows_;
};

}  // namespace espgate::replay
