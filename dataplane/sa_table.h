// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "dataplane/sa.h"
#include "wire/ip_address.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace espgate::dataplane {

// SPIs of our own: 4 bits node, 18 bits slot, 10 bits generation, so that a slot is looked up directly. The
// generation makes a reused slot's SPI differ from its predecessor's. Never below 256 (RFC 4303 §2.1) as slot
// 0 is not used.
struct Spi {
  static constexpr unsigned slot_bits = 18;
  static constexpr unsigned generation_bits = 10;
  static constexpr std::uint32_t slots = 1U << slot_bits;

  [[nodiscard]] static constexpr std::uint32_t make(unsigned node, std::uint32_t slot, unsigned generation) {
    return node << (slot_bits + generation_bits) | slot << generation_bits | generation;
  }
  [[nodiscard]] static constexpr std::uint32_t slot_of(std::uint32_t spi) {
    return spi >> generation_bits & (slots - 1);
  }
};

// SPIs that somebody else chose (a capture's, a take-over's): by destination and SPI (RFC 4301 §4.1).
// Implemented on DPDK's hash; an interface so that the stages know nothing of DPDK.
class ForeignSpiIndex {
 public:
  virtual ~ForeignSpiIndex() = default;
  // nullptr: none. Tries the exact destination, then SAs that were given without one.
  [[nodiscard]] virtual InboundSa* find(const wire::IpAddress& destination,
                                        std::uint32_t spi) const noexcept = 0;
};

// SPI -> inbound SA, and the memory of the SAs. Changed by one thread; workers look without locks meanwhile.
// An SA is prepared, filled in and published; withdrawn, and destroyed once no worker can still hold it
// (RCU). Entries take 8 bytes, so that a lookup among very many SAs misses one cache line at most.
class SaTable {
 public:
  // Room for `slots` SPIs of our own, slot numbers 0 to slots - 1; at most Spi::slots.
  explicit SaTable(std::uint32_t slots, const ForeignSpiIndex* foreign = nullptr);
  SaTable(const SaTable&) = delete;
  SaTable& operator=(const SaTable&) = delete;
  ~SaTable();

  // A new SA for `spi`, with a window of `window_packets`, that find() does not know before publish(); the
  // slot must be free and within the table. The address stays the same until destroy().
  InboundSa& prepare(std::uint32_t spi, std::uint32_t window_packets);
  void publish(std::uint32_t spi);
  void withdraw(std::uint32_t spi);
  void destroy(std::uint32_t spi);

  // For a table that only one thread uses.
  InboundSa& add(std::uint32_t spi, std::uint32_t window_packets) {
    InboundSa& sa = prepare(spi, window_packets);
    publish(spi);
    return sa;
  }
  void remove(std::uint32_t spi) {
    withdraw(spi);
    destroy(spi);
  }

  void prefetch(std::uint32_t spi) const { dataplane::prefetch(&entries_[Spi::slot_of(spi) & slot_mask_]); }
  // The SA whose whole SPI this is among our own, or nullptr.
  [[nodiscard]] InboundSa* find(std::uint32_t spi) const {
    const Entry entry = entries_[Spi::slot_of(spi) & slot_mask_].load(std::memory_order_acquire);
    return entry.spi == spi && spi != 0 ? &sas_[entry.index] : nullptr;
  }
  [[nodiscard]] const ForeignSpiIndex* foreign() const { return foreign_; }
  [[nodiscard]] std::uint32_t slots() const { return slot_mask_ + 1; }

 private:
  struct alignas(8) Entry {
    std::uint32_t spi = 0;  // 0: free
    std::uint32_t index = 0;
  };
  static_assert(sizeof(std::atomic<Entry>) == 8 && std::atomic<Entry>::is_always_lock_free);

  std::vector<std::atomic<Entry>> entries_;
  std::vector<bool> constructed_;
  std::uint32_t slot_mask_;
  std::size_t sas_bytes_;
  InboundSa* sas_;  // as many as entries_
  const ForeignSpiIndex* foreign_;
};

}  // namespace espgate::dataplane
