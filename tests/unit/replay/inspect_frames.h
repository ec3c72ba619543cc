// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/inspect_summary.h"
#include "dataplane/replay/inspection.h"
#include "tests/packet_builder.h"
#include "tests/unit/wire/bytes.h"
#include "wire/ethernet.h"

#include <string>
#include <string_view>
#include <vector>

namespace espgate::replay {

inline constexpr std::string_view client = "198.51.100.7";
inline constexpr std::string_view server = "10.20.0.10";

// Feeds frames that a test builds to an inspection: one a millisecond, frames 1, 2, 3, …
class InspectedFrames {
 public:
  InspectedFrames& add(std::span<const std::byte> packet, bool cut = false) {
    const bool v6 = std::to_integer<unsigned>(packet[0]) >> 4 == 6;
    inspection_.add({.nanoseconds = 1'700'000'000'000'000'000 + 1'000'000 * frames_++,
                     .ether_type = v6 ? wire::ether_type_ipv6 : wire::ether_type_ipv4,
                     .packet = packet,
                     .frame_bytes = static_cast<std::uint32_t>(packet.size() + 14),
                     .cut = cut});
    return *this;
  }
  InspectedFrames& add(const test::PacketBuilder& builder) { return add(builder.build()); }

  // ESP in UDP; packets with different `text` differ.
  InspectedFrames& esp(std::uint32_t spi, std::uint32_t sequence,
                       std::string_view text = "ciphertext and ICV", std::uint16_t client_port = 4500) {
    return add(to_server(client_port, 4500).esp(spi, sequence).payload(text));
  }
  InspectedFrames& esp_back(std::uint32_t spi, std::uint32_t sequence, std::uint16_t client_port = 4500) {
    return add(to_client(4500, client_port).esp(spi, sequence).payload("ciphertext and ICV"));
  }
  // IKE: bytes in hexadecimal, on port 4500 with the marker in front.
  InspectedFrames& ike(std::string_view hex, std::uint16_t client_port = 500,
                       std::uint16_t server_port = 500) {
    return add(with_ike(to_server(client_port, server_port), hex, server_port));
  }
  InspectedFrames& ike_back(std::string_view hex, std::uint16_t client_port = 500,
                            std::uint16_t server_port = 500) {
    return add(with_ike(to_client(server_port, client_port), hex, server_port));
  }

  [[nodiscard]] static test::PacketBuilder to_server(std::uint16_t client_port, std::uint16_t server_port) {
    return test::PacketBuilder().ipv4(client, server).udp_without_checksum(client_port, server_port);
  }
  [[nodiscard]] static test::PacketBuilder to_client(std::uint16_t server_port, std::uint16_t client_port) {
    return test::PacketBuilder().ipv4(server, client).udp_without_checksum(server_port, client_port);
  }

  // What has come so far, in order.
  [[nodiscard]] InspectionSummary summary(const KnownKeys* keys = nullptr) {
    inspection_.finish();
    return {inspection_, keys};
  }
  [[nodiscard]] std::string findings() {
    std::string text;
    for (const std::string& line : summary().findings()) text += line + "\n";
    return text;
  }
  [[nodiscard]] const Inspection& inspection() const { return inspection_; }

 private:
  static test::PacketBuilder with_ike(test::PacketBuilder builder, std::string_view hex, std::uint16_t port) {
    if (port == 4500) builder.non_esp_marker();
    return builder.payload(test::from_hex(hex));
  }

  Inspection inspection_;
  std::uint64_t frames_ = 0;
};

}  // namespace espgate::replay
