// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>

#include <tl/expected.hpp>

struct rte_ring;

namespace espgate::dataplane::dpdk {

// A bounded queue of packet buffers to one thread from any number of others (rte_ring, many producers, one
// consumer). What is still in it when it goes is freed.
class BufferRing {
 public:
  // `capacity` is rounded up to a power of two. `name` must be unique in the process.
  [[nodiscard]] static tl::expected<std::unique_ptr<BufferRing>, std::string> create(const std::string& name,
                                                                                     unsigned capacity);
  ~BufferRing();

  // How many of them went in, from the first; the others are still the caller's.
  [[nodiscard]] unsigned push(std::span<void* const> buffers) noexcept;
  // At most buffers.size().
  [[nodiscard]] unsigned pop(std::span<void*> buffers) noexcept;
  [[nodiscard]] unsigned size() const noexcept;
  [[nodiscard]] unsigned capacity() const noexcept;

 private:
  explicit BufferRing(rte_ring* ring) : ring_(ring) {}
  rte_ring* ring_;
};

}  // namespace espgate::dataplane::dpdk
