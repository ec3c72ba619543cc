// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

namespace espgate::cli {

// A packet as the data plane tells of it while it captures.
struct CapturedPacket {
  std::uint64_t nanoseconds = 0;  // since 1970-01-01 UTC
  std::uint32_t length = 0;       // of the whole packet
  std::vector<std::byte> bytes;   // its beginning
  std::string comment;            // "SPI 0x00000400, sequence 12, worker 0"
};
// Error: the line is not what the data plane sends. Throws nlohmann::json::exception where a member is
// missing.
[[nodiscard]] tl::expected<CapturedPacket, std::string> read_captured_packet(const nlohmann::json& packet);

}  // namespace espgate::cli
