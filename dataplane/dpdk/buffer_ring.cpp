// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/buffer_ring.h"

#include <algorithm>

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

namespace espgate::dataplane::dpdk {

tl::expected<std::unique_ptr<BufferRing>, std::string> BufferRing::create(const std::string& name,
                                                                          unsigned capacity) {
  rte_ring* ring =
      rte_ring_create(name.c_str(), std::max(capacity, 1U), SOCKET_ID_ANY, RING_F_EXACT_SZ | RING_F_SC_DEQ);
  if (ring == nullptr)
    return tl::unexpected("no memory for the ring " + name + ": " + rte_strerror(rte_errno));
  return std::unique_ptr<BufferRing>(new BufferRing(ring));
}

BufferRing::~BufferRing() {
  void* buffer = nullptr;
  while (rte_ring_sc_dequeue(ring_, &buffer) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(buffer));
  rte_ring_free(ring_);
}

unsigned BufferRing::push(std::span<void* const> buffers) noexcept {
  return rte_ring_mp_enqueue_burst(ring_, buffers.data(), static_cast<unsigned>(buffers.size()), nullptr);
}

unsigned BufferRing::pop(std::span<void*> buffers) noexcept {
  return rte_ring_sc_dequeue_burst(ring_, buffers.data(), static_cast<unsigned>(buffers.size()), nullptr);
}

unsigned BufferRing::size() const noexcept { return rte_ring_count(ring_); }
unsigned BufferRing::capacity() const noexcept { return rte_ring_get_capacity(ring_); }

}  // namespace espgate::dataplane::dpdk
