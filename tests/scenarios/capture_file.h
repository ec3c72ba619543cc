// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace espgate::test {

// A record of a capture, as a test rewrites it.
struct Record {
  std::uint64_t nanoseconds = 0;
  std::string bytes;
  std::uint32_t original_length = 0;

  friend bool operator==(const Record&, const Record&) = default;
};

// How a capture is written. The test has an encoder of its own, so that reader and writer can't share a
// mistake.
struct CaptureForm {
  enum class Container : std::uint8_t { pcap, pcapng };

  Container container = Container::pcap;
  std::uint32_t link_type = 1;
  bool nanoseconds = false;  // pcap: the magic number of that precision; pcapng: if_tsresol 9
  bool big_endian = false;
};

// Reads a pcap of this machine's byte order, of either precision.
[[nodiscard]] std::vector<Record> read_capture(const std::filesystem::path& path);
void write_capture(const std::filesystem::path& path, const std::vector<Record>& records,
                   const CaptureForm& form = {});

}  // namespace espgate::test
