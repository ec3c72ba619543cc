// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace espgate::bench {

// Where a packet's bytes are before or after a path; no data: it did not come out.
struct Place {
  std::byte* data;
  std::uint32_t length;
};

// The packets of one measured round, in buffers as an mbuf pool lays them: enough that a round's bytes do not
// fit into L2, a burst at a time. Which tunnel a packet belongs to is drawn anew for each round.
class PacketSet {
 public:
  // A default mbuf of DPDK: 64 of mempool header, 128 of mbuf, 128 + 2048 of room, an odd number of cache
  // lines.
  static constexpr std::size_t stride = 2368;
  static constexpr std::size_t buffer_begin = 192;
  static constexpr std::size_t headroom = 128;  // before the frame of a packet that arrives

  // `count` is a multiple of max_burst.
  explicit PacketSet(std::uint32_t count);
  PacketSet(const PacketSet&) = delete;
  PacketSet& operator=(const PacketSet&) = delete;
  ~PacketSet();

  // Inner IP packets of these sizes in equal shares, in random order, from now on.
  void set_sizes(std::span<const std::uint16_t> sizes);
  // A random tunnel out of `tunnels` for each packet.
  void draw_tunnels(std::uint32_t tunnels);
  // Writes every inner packet anew, `offset` bytes behind the headroom.
  void fill(std::size_t offset);

  // Whether place i holds packet i, byte for byte, `offset` bytes behind the headroom, for all of them.
  [[nodiscard]] bool intact(std::span<const Place> places, std::size_t offset) const;
  // Changes one byte of the last packet as it lies at `offset`: to see that intact() sees it.
  void damage(std::size_t offset);

  [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(sizes_.size()); }
  [[nodiscard]] std::uint16_t size(std::uint32_t index) const { return sizes_[index]; }
  [[nodiscard]] std::uint32_t tunnel(std::uint32_t index) const { return tunnels_[index]; }
  [[nodiscard]] std::byte* at(std::uint32_t index, std::size_t offset) const {
    return area_ + index * stride + buffer_begin + headroom + offset;
  }
  [[nodiscard]] double mean_bytes() const;

 private:
  using Header = std::array<std::byte, 20>;
  [[nodiscard]] Header header(std::uint32_t index) const;
  [[nodiscard]] std::span<const std::byte> payload(std::uint32_t index) const;

  std::size_t area_bytes_;
  std::byte* area_;
  std::vector<std::uint16_t> sizes_;
  std::vector<std::uint32_t> tunnels_;
  std::vector<std::byte> pattern_;  // random bytes; each packet's payload is a piece of it
  std::mt19937_64 random_;
};

// Puts packets [first, first + max_burst) of `places` into the burst, as a receive function would.
void load(dataplane::Burst& burst, std::span<const Place> places, std::uint32_t first);
// What is live in the burst goes back to the places it was loaded from; what is not, is gone.
void store(dataplane::Burst& burst, std::span<Place> places, std::uint32_t first);

}  // namespace espgate::bench
