// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/segment.h"
#include "control/error.h"
#include "crypto/secret.h"

#include <cstdint>
#include <span>

namespace espgate::control {

// What the next control process needs to go on: a blob in shared memory whose descriptor the data plane
// holds. There are two copies, written in turn, each with a generation number and a checksum, so that a
// process killed in the middle of a write leaves the one before whole.
class StateSegment {
 public:
  // `capacity`: of one blob, in bytes, at most 256 MiB.
  [[nodiscard]] static Expected<StateSegment> create(std::size_t capacity);

  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  // False: `blob` is larger than the capacity; the one before stays.
  [[nodiscard]] bool write(std::span<const std::byte> blob);
  [[nodiscard]] int descriptor() const { return segment_.descriptor(); }

 private:
  StateSegment(channel::Segment segment, std::size_t capacity)
      : segment_(std::move(segment)), capacity_(capacity) {}

  channel::Segment segment_;
  std::size_t capacity_;
  std::uint64_t generation_ = 0;
};

// The newest whole blob in another process's segment. Error: there is none, or it is no such segment.
[[nodiscard]] Expected<crypto::SecretBytes> read_state(channel::Descriptor descriptor);
// The same from memory.
[[nodiscard]] Expected<crypto::SecretBytes> read_state(std::span<const std::byte> memory);

}  // namespace espgate::control
