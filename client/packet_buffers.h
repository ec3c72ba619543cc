// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "dataplane/stages/ppp_l2tp_push.h"

#include <cstddef>
#include <memory>

namespace espgate::client {

// The memory of one burst's packets: 64 buffers of the same size, each with the room before and behind that
// the stages need on the way out. A buffer is 153 cache lines, an odd number, so that the headers of a burst
// do not all fall into the same sets of the cache.
class PacketBuffers {
 public:
  static constexpr std::size_t headroom = dataplane::outbound_headroom;
  static constexpr std::size_t room = 9600;  // the largest inner packet or datagram, in bytes
  static constexpr std::size_t tailroom = dataplane::outbound_tailroom;
  static constexpr std::size_t stride = headroom + room + tailroom;
  static_assert(stride / 64 % 2 == 1 && stride % 64 == 0);

  PacketBuffers() : memory_(std::make_unique<Memory>()) {}

  // Where packet `index` of the burst begins; `room` bytes.
  [[nodiscard]] std::byte* start(unsigned index) { return memory_->bytes + index * stride + headroom; }

  // Makes buffer `index`, into which `length` bytes have been put, a packet of `burst`.
  void attach(dataplane::Burst& burst, unsigned index, std::size_t length, std::uint16_t ether_type) {
    burst[index] = dataplane::Packet{};
    burst[index].data = start(index);
    burst[index].length = static_cast<std::uint32_t>(length);
    burst[index].ether_type = ether_type;
    burst[index].headroom = headroom;
    burst[index].tailroom = static_cast<std::uint16_t>(room + tailroom - length);
  }

 private:
  struct alignas(64) Memory {
    std::byte bytes[stride * dataplane::max_burst];
  };
  std::unique_ptr<Memory> memory_;
};

}  // namespace espgate::client
