// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/buffer_pool.h"

#include "dataplane/dpdk/eal.h"
#include "dataplane/packet.h"

#include <utility>

#include <rte_errno.h>
#include <rte_mbuf.h>

namespace espgate::dataplane::dpdk {
namespace {

rte_mempool* create_pool(const std::string& name, unsigned count, unsigned cache, std::uint32_t data_bytes) {
  const auto room = static_cast<std::uint16_t>(std::min<std::uint32_t>(data_bytes, UINT16_MAX));
  return rte_pktmbuf_pool_create(name.c_str(), count, cache, 0, room, memory_socket());
}

}  // namespace

tl::expected<BufferPool, std::string> BufferPool::create(const std::string& name, Size size) {
  rte_mempool* ordinary = create_pool(name, size.ordinary, size.cache, size.bytes);
  rte_mempool* large =
      ordinary == nullptr ? nullptr : create_pool(name + "-large", size.large, 0, large_bytes);
  if (large == nullptr) {
    rte_mempool_free(ordinary);
    return tl::unexpected(std::string("no memory for packet buffers: ") + rte_strerror(rte_errno));
  }
  return BufferPool(ordinary, large, size.bytes);
}

BufferPool::BufferPool(BufferPool&& other) noexcept
    : ordinary_(std::exchange(other.ordinary_, nullptr)),
      large_(std::exchange(other.large_, nullptr)),
      bytes_(other.bytes_) {}

BufferPool::~BufferPool() {
  rte_mempool_free(ordinary_);
  rte_mempool_free(large_);
}

bool BufferPool::attach(Burst& burst, unsigned index, std::uint32_t length, std::uint16_t headroom) noexcept {
  constexpr std::uint32_t tail = 128;
  rte_mempool* pool = length + headroom + tail <= bytes_ ? ordinary_ : large_;
  rte_mbuf* buffer = length + headroom > UINT16_MAX ? nullptr : rte_pktmbuf_alloc(pool);
  if (buffer == nullptr) return false;
  buffer->data_off = headroom;
  Packet& packet = burst[index];
  packet.data = rte_pktmbuf_mtod(buffer, std::byte*);
  packet.length = length;
  packet.headroom = headroom;
  packet.tailroom = static_cast<std::uint16_t>(buffer->buf_len - headroom - length);
  burst.buffer(index) = buffer;
  return true;
}

void BufferPool::release(Burst& burst) noexcept {
  for (unsigned i = 0; i < burst.count(); ++i) {
    rte_pktmbuf_free(static_cast<rte_mbuf*>(burst.buffer(i)));
    burst.buffer(i) = nullptr;
  }
}

void BufferPool::release_exits(Burst& burst) noexcept {
  const auto release_one = [&burst](const Packet& packet) {
    void*& buffer = burst.buffer(burst.index_of(packet));
    rte_pktmbuf_free(static_cast<rte_mbuf*>(buffer));
    buffer = nullptr;
  };
  for (const Packet& packet : burst.dropped()) release_one(packet);
  for (const Packet& packet : burst.punted()) release_one(packet);
}

unsigned BufferPool::capacity() const { return ordinary_->size + large_->size; }

unsigned BufferPool::in_use() const {
  return rte_mempool_in_use_count(ordinary_) + rte_mempool_in_use_count(large_);
}

}  // namespace espgate::dataplane::dpdk
