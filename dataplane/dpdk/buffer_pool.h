// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <tl/expected.hpp>

struct rte_mempool;

namespace espgate::dataplane {
class Burst;
struct Packet;
}  // namespace espgate::dataplane

namespace espgate::dataplane::dpdk {

// Packet buffers (rte_mbuf) of two sizes: ordinary ones, and a few that hold any IP packet, for what was
// reassembled and for captures of loopback or offloading interfaces. Buffers are not shared and not chained.
// Not thread-safe beyond what a DPDK mempool is. DPDK must have been started.
class BufferPool {
 public:
  static constexpr std::uint32_t ordinary_bytes = 2048 + 128;
  static constexpr std::uint32_t large_bytes = 65535 + 512;

  struct Size {
    unsigned ordinary;
    unsigned large;
    std::uint32_t bytes = ordinary_bytes;  // of an ordinary buffer; what a port's frames need, and headroom
    unsigned cache = 0;                    // ordinary buffers kept at hand by each worker
  };

  // `name` must be unique in the process. Error: what DPDK said.
  [[nodiscard]] static tl::expected<BufferPool, std::string> create(const std::string& name, Size size);
  BufferPool(BufferPool&& other) noexcept;
  BufferPool& operator=(BufferPool&&) = delete;
  ~BufferPool();

  // Takes a buffer for `length` bytes with `headroom` before them, and makes it the burst's packet `index`.
  // False: none was free, or the length fits no buffer.
  [[nodiscard]] bool attach(Burst& burst, unsigned index, std::uint32_t length,
                            std::uint16_t headroom) noexcept;
  // Gives back the buffers of all packets of the burst that still have one.
  void release(Burst& burst) noexcept;
  // Of those packets only that were dropped or punted; the others' are somebody else's by now.
  void release_exits(Burst& burst) noexcept;

  // Buffers in use.
  [[nodiscard]] unsigned in_use() const;
  // Of all ordinary and large ones.
  [[nodiscard]] unsigned capacity() const;
  [[nodiscard]] rte_mempool* ordinary() const { return ordinary_; }
  [[nodiscard]] rte_mempool* large() const { return large_; }

 private:
  BufferPool(rte_mempool* ordinary, rte_mempool* large, std::uint32_t bytes)
      : ordinary_(ordinary), large_(large), bytes_(bytes) {}

  rte_mempool* ordinary_;
  rte_mempool* large_;
  std::uint32_t bytes_;
};

}  // namespace espgate::dataplane::dpdk
