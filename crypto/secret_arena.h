// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <mutex>

namespace espgate::crypto {

// Where secrets live: chunks of 2 MiB, each cut into slots that are multiples of 64 bytes, with one list of
// free slots per size. A chunk asks for a huge page, because with 100,000 keys the TLB misses of 4 KiB pages
// cost the packet path more than the cache misses. Chunks are kept until the process ends; what does not fit
// a slot gets pages of its own.
//
// Free slots are all zero but for the link to the next one, which goes when the slot is handed out: memory
// from here is always zero.
class SecretArena {
 public:
  static constexpr std::size_t chunk_bytes = std::size_t{2} << 20;
  static constexpr std::size_t slot_step = 64;
  static constexpr std::size_t largest_slot = 8192;

  // The arena of the process. It is never destroyed, so that objects of static storage may still release into
  // it.
  static SecretArena& instance();

  // Throws std::bad_alloc.
  [[nodiscard]] void* allocate(std::size_t bytes);
  void release(void* memory, std::size_t bytes) noexcept;

 private:
  struct FreeSlot {
    FreeSlot* next;
  };
  using Class = std::size_t;  // slot size / slot_step

  void* take_slot(Class size_class);
  void put_slot(void* memory, Class size_class) noexcept;
  void start_chunk();

  std::mutex mutex_;
  std::array<FreeSlot*, largest_slot / slot_step + 1> free_{};
  std::byte* unused_ = nullptr;  // the part of the newest chunk that was never a slot
  std::size_t unused_bytes_ = 0;
};

}  // namespace espgate::crypto
