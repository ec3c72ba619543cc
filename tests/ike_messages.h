// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/ip_address.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace espgate::test {

// An IKE message of a capture, version 1 or 2.
struct IkeDatagram {
  std::uint64_t nanoseconds = 0;  // since 1970-01-01 UTC
  wire::IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  bool non_esp_marker = false;     // RFC 3948 §2.2; not part of `message`
  std::vector<std::byte> message;  // from the ISAKMP header to the end of the datagram
};

// The IKE messages of a pcap of Ethernet frames, in order: UDP over IPv4 from or to port 500, or from or to
// port 4500 behind the non-ESP marker. Not IP fragments, of which our captures with IKE have none. Throws
// std::runtime_error if the file can't be read.
[[nodiscard]] std::vector<IkeDatagram> read_ike_datagrams(const std::filesystem::path& capture);

}  // namespace espgate::test
