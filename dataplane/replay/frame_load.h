// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/error.h"
#include "dataplane/replay/send.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace espgate::replay {

// A capture in memory as Ethernet frames that a port can send again and again.
class FrameLoad {
 public:
  struct Frame {
    std::uint64_t nanoseconds;
    std::size_t begin;
    std::uint32_t length;
  };

  // Frames of other link types, and all frames with `to`, get an Ethernet header of their own, from `from`.
  // Error: the capture can't be read, is empty, needs `to`, or has a frame that was cut or is larger than
  // `largest_frame`.
  [[nodiscard]] static Expected<FrameLoad> read(const std::string& path,
                                                const std::optional<wire::MacAddress>& to,
                                                const wire::MacAddress& from, std::uint32_t largest_frame);

  [[nodiscard]] const std::vector<Frame>& frames() const { return frames_; }
  [[nodiscard]] std::span<const std::byte> bytes(const Frame& frame) const {
    return std::span(bytes_).subspan(frame.begin, frame.length);
  }

 private:
  std::vector<Frame> frames_;
  std::vector<std::byte> bytes_;
};

}  // namespace espgate::replay
