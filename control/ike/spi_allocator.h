// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

namespace espgate::control::ike {

// Our SPIs: node (4 bits), slot (18), generation (10), never below 256. A slot that was given back comes
// last, with the next generation, so that an SPI returns as late as can be.
class SpiAllocator {
 public:
  explicit SpiAllocator(std::uint8_t node) : node_(node) {}

  // How many slots the data plane has. Slot 0 is none.
  void set_slots(std::uint32_t slots) { slots_ = slots; }
  // Of static peers, or of SAs that a process before us made.
  void reserve(std::uint32_t slot, std::uint32_t spi);

  // nullopt: none is free. `random` chooses the first generation of a slot.
  [[nodiscard]] std::optional<std::uint32_t> allocate(std::uint32_t random);
  void release(std::uint32_t slot);

  [[nodiscard]] static constexpr std::uint32_t slot_of(std::uint32_t spi) { return spi >> 10U & 0x3ffffU; }
  [[nodiscard]] std::size_t in_use() const { return taken_.size(); }

 private:
  std::optional<std::uint32_t> free_slot();

  std::uint8_t node_;
  std::uint32_t slots_ = 0;
  std::uint32_t next_ = 1;  // no slot from here on was ever used
  std::deque<std::uint32_t> returned_;
  std::set<std::uint32_t> taken_;
  std::vector<std::uint16_t> generations_;  // index = slot
};

}  // namespace espgate::control::ike
