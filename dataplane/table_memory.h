// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace espgate::dataplane {

// Zeroed pages for a large table, in transparent huge pages where the system has them: at 100,000 entries the
// misses of the TLB would otherwise cost more than those of the cache. Page-aligned. Throws std::bad_alloc.
[[nodiscard]] void* map_table(std::size_t bytes);
void unmap_table(void* memory, std::size_t bytes) noexcept;

}  // namespace espgate::dataplane
