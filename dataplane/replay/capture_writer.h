// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/error.h"
#include "wire/parse.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace espgate::replay {

enum class TimestampPrecision : std::uint8_t { microseconds, nanoseconds };

// What the frames of an output start with; the values are LINKTYPE_ numbers.
enum class OutputLink : std::uint8_t { ethernet = 1, raw_ip = 101 };

struct OutputFrame {
  std::uint64_t nanoseconds = 0;  // since 1970-01-01 UTC; pcap holds 32 bits of seconds
  wire::Bytes bytes;
  std::uint32_t original_length = 0;  // bytes on the wire; 0: all of them are here
  std::string_view comment;  // for the people who open it in Wireshark; pcapng only, otherwise dropped
};

// Writes a capture: pcapng (always nanoseconds) where the path ends in ".pcapng", else pcap. The file is
// readable by its owner only, since what it holds was encrypted once. When the disk is full, the file is cut
// back to whole records.
class CaptureWriter {
 public:
  // "-" is standard output (pcap). An existing file is replaced.
  [[nodiscard]] static Expected<CaptureWriter> create(const std::string& path, OutputLink link,
                                                      TimestampPrecision precision);

  CaptureWriter(CaptureWriter&&) noexcept;
  CaptureWriter& operator=(CaptureWriter&&) noexcept;
  // Closes; what fails then is not told, so call close() first.
  ~CaptureWriter();

  // Records are collected, so an Error may be about earlier ones. After an Error nothing more is written.
  [[nodiscard]] Expected<void> write(const OutputFrame& frame);
  [[nodiscard]] Expected<void> close();

 private:
  class Output;
  explicit CaptureWriter(std::unique_ptr<Output> output);

  std::unique_ptr<Output> output_;
};

}  // namespace espgate::replay
