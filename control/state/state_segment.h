// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/segment.h"
#include "control/error.h"
#include "crypto/secret.h"

#include <cstdint>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

namespace espgate::control {

// What the next control process needs to go on: records in shared memory whose descriptor the data plane
// holds. A record lies in blocks, wherever there were free ones, each with a checksum and the record's
// generation; a new version is written beside the old one before that is wiped, so that a process killed in
// the middle of a write leaves the one before whole. Writing one record costs nothing for the others.
class StateSegment {
 public:
  static constexpr std::size_t block_bytes = 512;

  // `blocks`: at most 2^20, 512 MiB.
  [[nodiscard]] static Expected<StateSegment> create(std::size_t blocks);

  // Writes or replaces a record. False: there are too few free blocks; the one before stays.
  [[nodiscard]] bool write(std::uint64_t id, std::span<const std::byte> record);
  void erase(std::uint64_t id);
  // A larger one with the same records.
  [[nodiscard]] Expected<StateSegment> copy(std::size_t blocks) const;

  [[nodiscard]] std::size_t blocks() const { return blocks_; }
  [[nodiscard]] std::size_t free_blocks() const { return free_.size(); }
  [[nodiscard]] std::size_t records() const { return places_.size(); }
  // How many blocks a record of that size takes.
  [[nodiscard]] static std::size_t blocks_for(std::size_t record_bytes);
  [[nodiscard]] int descriptor() const { return segment_.descriptor(); }

 private:
  StateSegment(channel::Segment segment, std::size_t blocks);
  void release(const std::vector<std::uint32_t>& places);

  channel::Segment segment_;
  std::size_t blocks_;
  std::uint64_t generation_ = 0;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> places_;  // blocks of each record, in order
};

// The newest whole version of each record in another process's segment. Error: it is no such segment.
using StateRecords = std::map<std::uint64_t, crypto::SecretBytes>;
[[nodiscard]] Expected<StateRecords> read_state(channel::Descriptor descriptor);
// The same from memory.
[[nodiscard]] Expected<StateRecords> read_state(std::span<const std::byte> memory);

}  // namespace espgate::control
