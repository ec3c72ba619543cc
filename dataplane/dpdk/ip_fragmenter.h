// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/drop_reason.h"

#include <cstdint>

#include <tl/expected.hpp>

namespace espgate::dataplane {
class Burst;
struct Packet;
}  // namespace espgate::dataplane

namespace espgate::dataplane::dpdk {

// Splits IPv4 packets (RFC 791 §3.2) into fragments in contiguous buffers of their own, with room for an
// encapsulation before and behind each. For one thread, like its pool.
class IpFragmenter {
 public:
  static constexpr std::uint16_t headroom = 192;

  // `pool` gives the buffers and must outlive this.
  explicit IpFragmenter(BufferPool& pool) : pool_(pool) {}

  // How many fragments `split` would make; 0: it would refuse.
  [[nodiscard]] static unsigned count(const Packet& packet, std::uint16_t mtu) noexcept;

  // Makes the fragments of `packet` (whose `data` is at a checked IPv4 header, and whose buffer stays the
  // caller's) the packets first, first + 1, … of `out`, each of at most `mtu` bytes and with the same
  // session, SAs and next hop. Returns how many; out.reset() with the total makes them live. A fragment may
  // be split further. Errors: too_big if it may not be fragmented or has no place left in `out`;
  // inner_ip_malformed; buffer_shortage. Then `out` is as it was.
  [[nodiscard]] tl::expected<unsigned, DropReason> split(const Packet& packet, std::uint16_t mtu, Burst& out,
                                                         unsigned first) noexcept;

 private:
  BufferPool& pool_;
};

}  // namespace espgate::dataplane::dpdk
