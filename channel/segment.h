// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/descriptor.h"
#include "channel/error.h"

#include <cstddef>
#include <span>

namespace espgate::channel {

// Memory that two processes share: a memfd of fixed size, sealed against shrinking, growing and further
// seals, so that neither side can pull it away under the other. It is in no file system, kept out of core
// dumps, and locked as far as RLIMIT_MEMLOCK allows. All zero when new. Movable; unmapped and closed when it
// goes.
class Segment {
 public:
  // `name` is what /proc/PID/maps shows. Error: no memory, or no descriptors left.
  [[nodiscard]] static Expected<Segment> create(const char* name, std::size_t bytes);
  // Maps what another process has made, after a look at its seals and size. Error: it is not sealed, or not
  // as large as `bytes`; nothing is mapped then.
  [[nodiscard]] static Expected<Segment> map(Descriptor descriptor, std::size_t bytes);
  // The same with the size that the segment has, from `least` to `most` bytes.
  [[nodiscard]] static Expected<Segment> map(Descriptor descriptor, std::size_t least, std::size_t most);

  Segment() = default;
  Segment(Segment&& other) noexcept;
  Segment& operator=(Segment&& other) noexcept;
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  ~Segment();

  [[nodiscard]] std::span<std::byte> bytes() const { return {data_, size_}; }
  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] int descriptor() const { return descriptor_.get(); }

 private:
  Segment(Descriptor descriptor, std::byte* data, std::size_t size)
      : descriptor_(std::move(descriptor)), data_(data), size_(size) {}
  static Expected<Segment> map_whole(Descriptor descriptor, std::size_t bytes);

  Descriptor descriptor_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace espgate::channel
