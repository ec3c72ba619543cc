// SPDX-License-Identifier: Apache-2.0
#include "crypto/secret_arena.h"

#include "crypto/secret.h"

#include <cstdint>
#include <cstring>
#include <new>
#include <span>

#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define ESPGATE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ESPGATE_ASAN 1
#endif
#endif
#ifdef ESPGATE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#endif

namespace espgate::crypto {
namespace {

constexpr std::size_t page_bytes = 4096;

constexpr std::size_t round_up(std::size_t bytes, std::size_t step) {
  return (bytes + step - 1) / step * step;
}

// Under AddressSanitizer a slot is as good as memory of malloc: what is free may not be touched, and what
// only a secret points to is not a leak.
void forbid([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef ESPGATE_ASAN
  ASAN_POISON_MEMORY_REGION(memory, bytes);
#endif
}

void allow([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef ESPGATE_ASAN
  ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
#endif
}

void add_leak_root([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef ESPGATE_ASAN
  __lsan_register_root_region(memory, bytes);
#endif
}

void remove_leak_root([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef ESPGATE_ASAN
  __lsan_unregister_root_region(memory, bytes);
#endif
}

// Fresh zero pages that are already kept out of core dumps. Locking waits for protect().
void* map_pages(std::size_t bytes) {
  void* pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc{};
  return pages;
}

// A small RLIMIT_MEMLOCK must not keep a gateway from starting, so locking is best effort. The advice against
// dumping fails only where the kernel was built without it, which PR_SET_DUMPABLE covers.
void protect(void* pages, std::size_t bytes) {
  ::madvise(pages, bytes, MADV_DONTDUMP);
  ::mlock(pages, bytes);
  add_leak_root(pages, bytes);
}

void unmap(void* pages, std::size_t bytes) { ::munmap(pages, bytes); }

}  // namespace

SecretArena& SecretArena::instance() {
  static SecretArena* const arena = new SecretArena;
  return *arena;
}

void* SecretArena::allocate(std::size_t bytes) {
  if (bytes > largest_slot) {
    const std::size_t mapped = round_up(bytes, page_bytes);
    void* pages = map_pages(mapped);
    protect(pages, mapped);
    return pages;
  }
  const std::lock_guard lock(mutex_);
  return take_slot(round_up(bytes == 0 ? 1 : bytes, slot_step) / slot_step);
}

void SecretArena::release(void* memory, std::size_t bytes) noexcept {
  if (memory == nullptr) return;
  wipe({static_cast<std::byte*>(memory), bytes});
  if (bytes > largest_slot) {
    const std::size_t mapped = round_up(bytes, page_bytes);
    remove_leak_root(memory, mapped);
    unmap(memory, mapped);
    return;
  }
  const std::lock_guard lock(mutex_);
  put_slot(memory, round_up(bytes == 0 ? 1 : bytes, slot_step) / slot_step);
}

void* SecretArena::take_slot(Class size_class) {
  const std::size_t bytes = size_class * slot_step;
  if (FreeSlot* slot = free_[size_class]) {
    allow(slot, bytes);
    free_[size_class] = slot->next;
    slot->next = nullptr;
    return slot;
  }
  if (unused_bytes_ < bytes) start_chunk();
  void* slot = unused_;
  unused_ += bytes;
  unused_bytes_ -= bytes;
  allow(slot, bytes);
  return slot;
}

void SecretArena::put_slot(void* memory, Class size_class) noexcept {
  free_[size_class] = new (memory) FreeSlot{free_[size_class]};
  forbid(memory, size_class * slot_step);
}

// What is left of the chunk before becomes a free slot, so nothing is lost. The mapping is twice a chunk and
// cut to the aligned half: a huge page starts only at a multiple of its size.
void SecretArena::start_chunk() {
  auto* pages = static_cast<std::byte*>(map_pages(2 * chunk_bytes));
  const std::size_t before =
      (chunk_bytes - reinterpret_cast<std::uintptr_t>(pages) % chunk_bytes) % chunk_bytes;
  if (before != 0) unmap(pages, before);
  unmap(pages + before + chunk_bytes, chunk_bytes - before);

  if (unused_bytes_ != 0) {
    allow(unused_, unused_bytes_);
    put_slot(unused_, unused_bytes_ / slot_step);
  }
  unused_ = pages + before;
  unused_bytes_ = chunk_bytes;
  ::madvise(unused_, chunk_bytes, MADV_HUGEPAGE);
  protect(unused_, chunk_bytes);
  forbid(unused_, chunk_bytes);
}

void* allocate_secret(std::size_t bytes) { return SecretArena::instance().allocate(bytes); }

void release_secret(void* memory, std::size_t bytes) noexcept {
  SecretArena::instance().release(memory, bytes);
}

}  // namespace espgate::crypto
