// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/capture_reader.h"
#include "dataplane/replay/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace espgate::replay {

// A frame of a capture from its network layer on.
struct SourceFrame {
  std::uint64_t nanoseconds;
  std::uint16_t ether_type;  // 0: the link header was broken or told nothing
  wire::Bytes packet;        // valid until the next call of next()
  std::uint32_t frame_bytes;
  bool cut;  // by the capture's snap length
};

// The frames of a capture, once while they are read from the file, or again and again from memory.
class FrameSource {
 public:
  // `repeatable`: reads the whole capture now, so that rewind() works. What is wrong in its middle is told by
  // next().
  [[nodiscard]] static Expected<FrameSource> open(const std::string& path, bool repeatable);

  // nullopt at the end. An Error comes once, behind the last whole frame; then the end.
  [[nodiscard]] Expected<std::optional<SourceFrame>> next();
  // Only if repeatable: starts again with the first frame.
  void rewind() { position_ = 0; }

  [[nodiscard]] bool has_nanoseconds() const { return reader_.has_nanoseconds(); }
  // How much of the capture next() has given in this round, 0 to 1; 0 where that can't be told (a pipe).
  [[nodiscard]] double progress() const;

 private:
  struct Stored {
    std::uint64_t nanoseconds;
    std::size_t begin;
    std::uint32_t length;
    std::uint32_t original_length;
  };

  explicit FrameSource(CaptureReader reader) : reader_(std::move(reader)) {}
  void load();
  [[nodiscard]] SourceFrame locate(const Frame& frame) const;

  CaptureReader reader_;
  bool repeatable_ = false;
  std::vector<Stored> stored_;
  std::vector<std::byte> bytes_;
  std::size_t position_ = 0;
  std::optional<Error> error_;  // of loading, still to be told
  std::uint64_t file_bytes_ = 0;
  std::uint64_t bytes_read_ = 0;
};

}  // namespace espgate::replay
