// SPDX-License-Identifier: Apache-2.0
#include "control/ike/spi_allocator.h"

namespace espgate::control::ike {
namespace {

constexpr std::uint32_t generation_mask = 0x3ff;

}  // namespace

void SpiAllocator::reserve(std::uint32_t slot, std::uint32_t spi) {
  taken_.insert(slot);
  if (generations_.size() <= slot) generations_.resize(slot + 1, 0);
  if (spi != 0) generations_[slot] = static_cast<std::uint16_t>(spi & generation_mask);
}

std::optional<std::uint32_t> SpiAllocator::free_slot() {
  for (; next_ < slots_; ++next_)
    if (!taken_.contains(next_)) return next_++;
  while (!returned_.empty()) {
    const std::uint32_t slot = returned_.front();
    returned_.pop_front();
    if (slot < slots_ && !taken_.contains(slot)) return slot;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> SpiAllocator::allocate(std::uint32_t random) {
  const auto slot = free_slot();
  if (!slot) return std::nullopt;
  taken_.insert(*slot);
  if (generations_.size() <= *slot) generations_.resize(*slot + 1, 0);
  std::uint16_t& generation = generations_[*slot];
  generation = static_cast<std::uint16_t>((generation == 0 ? random : generation + 1U) & generation_mask);
  if (generation == 0) generation = 1;
  return std::uint32_t{node_} << 28U | *slot << 10U | generation;
}

void SpiAllocator::release(std::uint32_t slot) {
  if (taken_.erase(slot) != 0) returned_.push_back(slot);
}

}  // namespace espgate::control::ike
