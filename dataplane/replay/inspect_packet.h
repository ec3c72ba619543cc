// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/flow.h"
#include "dataplane/replay/frame_source.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace espgate::replay {

// What an outer packet is to somebody who asks who talks to whom.
enum class OuterKind : std::uint8_t {
  esp,             // `payload` begins with the SPI
  ike,             // `payload` begins with the ISAKMP header
  keepalive,       // RFC 3948 §2.3
  natt_malformed,  // on port 4500, and none of these three
  clear_l2tp,      // udp/1701 outside ESP
  later_fragment,  // shows neither ports nor an SPI
  other,
};

struct OuterPacket {
  OuterKind kind = OuterKind::other;
  Flow flow;             // without ports where the kind is later_fragment
  wire::Bytes payload;   // what was captured of it
  bool complete = true;  // the payload is all there: no fragment, and not cut by the capture
  bool fragment = false;
  std::uint16_t identification = 0;  // of IPv4, for fragments
  std::uint32_t length = 0;          // of the IP packet, whether captured or not

  [[nodiscard]] bool in_udp() const;
};

// Reads the outer headers of a capture's frames, also of those that the snap length has cut behind them.
class OuterReader {
 public:
  // nullopt: no IP, or its header is broken. `payload` is valid as long as the frame and up to the next call.
  [[nodiscard]] std::optional<OuterPacket> read(const SourceFrame& frame);

 private:
  [[nodiscard]] wire::Bytes as_if_whole(const SourceFrame& frame);

  std::vector<std::byte> shortened_;
};

// The length that an IP header claims; 0 if there is no whole header.
[[nodiscard]] std::uint32_t claimed_length(wire::Bytes ip_packet);

}  // namespace espgate::replay
