// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/capture_writer.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace espgate::replay {

// The three blocks of draft-ietf-opsawg-pcapng that a capture of one interface needs, in this machine's byte
// order (the section header tells readers which that is). libpcap 1.10 reads pcapng but doesn't write it.

// Section header and the description of interface 0, whose time stamps count nanoseconds.
[[nodiscard]] std::vector<std::byte> pcapng_file_header(OutputLink link);

// Appends one enhanced packet block of interface 0.
void append_pcapng_packet(std::vector<std::byte>& out, const OutputFrame& frame);

// Most bytes of a frame that we write: what libpcap and Wireshark take.
inline constexpr std::uint32_t max_frame_bytes = 262144;

}  // namespace espgate::replay
