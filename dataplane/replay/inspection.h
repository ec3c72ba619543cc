// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/frame_source.h"
#include "dataplane/replay/inspect_esp.h"
#include "dataplane/replay/inspect_ike.h"
#include "dataplane/replay/inspect_peers.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace espgate::replay {

// L2TP that no SA protects, in one direction.
struct ClearL2tp {
  Tally tally;
  std::uint32_t first_frame = 0;
};

struct InspectionTotals {
  std::uint64_t frames = 0;
  std::uint64_t cut = 0;  // of these, by the capture's snap length
  std::uint64_t keepalives = 0;
  std::uint64_t natt_malformed = 0;
  std::uint32_t first_natt_malformed_frame = 0;
  std::uint64_t later_fragments = 0;   // of ESP and of anything else
  std::uint64_t orphan_fragments = 0;  // of these, their first fragment wasn't seen
  std::uint64_t not_followed = 0;      // beyond what the tables hold
  std::uint64_t first_nanoseconds = 0;
  std::uint64_t last_nanoseconds = 0;
};

// Collects what the frames of a capture show from outside: who talks to whom, SAs, IKE. Decrypts nothing. Its
// memory is bounded by the number of peers and SAs, and those by its tables; not by the number of frames.
class Inspection {
 public:
  // In the capture's order. Frames count from 1, as in Wireshark.
  void add(const SourceFrame& frame);
  // After the last frame.
  void finish() { peers_.unite_plain_esp(); }

  [[nodiscard]] const InspectionTotals& totals() const { return totals_; }
  [[nodiscard]] const PeerTable& peers() const { return peers_; }
  [[nodiscard]] const EspLog& esp() const { return esp_; }
  [[nodiscard]] const IkeLog& ike() const { return ike_; }
  using ClearL2tpFlow = std::pair<Endpoint, Endpoint>;  // from, to
  [[nodiscard]] const std::map<ClearL2tpFlow, ClearL2tp>& clear_l2tp() const { return clear_l2tp_; }
  // By protocol: "arp", "tcp", "icmpv6".
  [[nodiscard]] const std::map<std::string, Tally>& other() const { return other_; }

 private:
  void add_packet(const OuterPacket& packet, std::uint64_t nanoseconds);
  void add_to_peer(const OuterPacket& packet, std::uint64_t nanoseconds);
  void add_later_fragment(const OuterPacket& packet);
  void add_clear_l2tp(const OuterPacket& packet);
  [[nodiscard]] std::uint32_t frame() const { return static_cast<std::uint32_t>(totals_.frames); }

  OuterReader reader_;
  InspectionTotals totals_;
  PeerTable peers_;
  EspLog esp_;
  IkeLog ike_;
  std::map<ClearL2tpFlow, ClearL2tp> clear_l2tp_;
  std::map<std::string, Tally> other_;
};

}  // namespace espgate::replay
