// SPDX-License-Identifier: Apache-2.0
#include "dataplane/table_memory.h"

#include <new>

#include <sys/mman.h>

namespace espgate::dataplane {

void* map_table(std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  madvise(memory, bytes, MADV_HUGEPAGE);
  return memory;
}

void unmap_table(void* memory, std::size_t bytes) noexcept { munmap(memory, bytes); }

}  // namespace espgate::dataplane
