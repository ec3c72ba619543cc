// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace espgate::cli {

// Numbers as people read them.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);         // 0 B, 1.2 kB, 34.5 MB
[[nodiscard]] std::string duration_text(std::uint64_t seconds);    // 12s, 3m 05s, 2h 10m, 4d 03h
[[nodiscard]] std::string rate_text(double per_second);            // 0, 12, 1.2k, 3.4M
[[nodiscard]] std::string bit_rate_text(double bytes_per_second);  // 0 bit/s, 12.3 Mbit/s

}  // namespace espgate::cli
