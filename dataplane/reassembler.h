// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

#include <cstdint>

namespace espgate::dataplane {

// Puts outer IPv4 fragments together (RFC 791 §3.2), under a strict cap. One per worker. Implemented on
// DPDK's fragment table; an interface so that the stages know nothing of DPDK.
class Reassembler {
 public:
  enum class Outcome : std::uint8_t {
    held,       // the fragment's buffer was taken; nothing to go on with yet
    complete,   // the packet is now the whole datagram, contiguous, at its IP header
    duplicate,  // the fragment waits already; it changes nothing
    malformed,  // the fragment, or the datagram it would complete, makes no sense
    resources,  // no room
  };

  virtual ~Reassembler() = default;
  // `packet.data` is at an IPv4 header that parsed as a fragment. After malformed and resources the packet's
  // buffer is still its own; other fragments of the same datagram may have been let go.
  virtual Outcome add(Burst& burst, Packet& packet) noexcept = 0;
};

}  // namespace espgate::dataplane
