// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"
#include "wire/l2tp.h"
#include "wire/ppp.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::test {

inline constexpr std::uint16_t tcp_window = 8192;

struct TcpFields {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
  std::uint8_t flags = 0;  // 0x02 is SYN, 0x10 ACK
  std::optional<std::uint16_t> mss = std::nullopt;
};

// A packet, layer by layer from the outside in:
//
//   PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(4500, 4500).esp(0x1000,
//   1).payload(64).build()
//
// Lengths, checksums and the numbers that name the next layer are filled in; where fields are passed, those
// that are not 0 stay as they are, so that a packet can lie about itself. Addresses are text and must be
// well-formed.
class PacketBuilder {
 public:
  PacketBuilder& ethernet(const wire::EthernetFields& fields = default_ethernet());
  PacketBuilder& vlan(std::uint16_t id);  // may be stacked
  PacketBuilder& arp(const wire::ArpMessage& message);
  PacketBuilder& ipv4(std::string_view source, std::string_view destination,
                      const wire::Ipv4Fields& fields = {});
  PacketBuilder& ipv6(std::string_view source, std::string_view destination,
                      const wire::Ipv6Fields& fields = {});
  PacketBuilder& udp(std::uint16_t source_port, std::uint16_t destination_port);
  PacketBuilder& udp_without_checksum(std::uint16_t source_port, std::uint16_t destination_port);
  PacketBuilder& tcp(const TcpFields& fields);
  PacketBuilder& icmp(const wire::IcmpFields& fields);
  PacketBuilder& non_esp_marker();
  PacketBuilder& esp(std::uint32_t spi, std::uint32_t sequence);  // the header only
  PacketBuilder& l2tp_data(const wire::L2tpDataFields& fields);
  PacketBuilder& l2tp_control(const wire::L2tpControlFields& fields);
  PacketBuilder& ppp(std::uint16_t protocol, bool address_control = true, bool compress_protocol = false);
  PacketBuilder& payload(std::size_t length);  // 00 01 02 … ff 00 …
  PacketBuilder& payload(std::string_view text);
  PacketBuilder& payload(wire::Bytes bytes);

  [[nodiscard]] std::vector<std::byte> build() const;
  // The expression that makes the same bytes after `from scapy.all import *`.
  [[nodiscard]] std::string scapy() const;

  // From 02:00:00:00:00:01 to 02:00:00:00:00:02.
  [[nodiscard]] static wire::EthernetFields default_ethernet();

 private:
  struct Layer {
    std::uint16_t ether_type = 0;  // what the layer outside of this one calls it; 0: it has no such number
    std::uint8_t ip_protocol = 0;
    std::size_t room = 0;  // for the longest header
    // Writes the header and returns its length.
    std::function<std::size_t(wire::MutableBytes out, std::size_t payload_length, const Layer& next)> write =
        nullptr;
    // The checksum over header and payload, if there is one.
    std::function<void(wire::MutableBytes header_and_payload)> finish = nullptr;
    std::function<std::string(wire::Bytes header, const Layer& next)> scapy = nullptr;
  };
  using PseudoHeaderSum = std::function<std::uint32_t(std::uint8_t protocol, std::size_t length)>;
  struct Built {
    std::vector<std::byte> packet;
    std::string scapy;
  };

  PacketBuilder& add(Layer layer);
  PacketBuilder& add_udp(std::uint16_t source_port, std::uint16_t destination_port, bool with_checksum);
  [[nodiscard]] PseudoHeaderSum pseudo_header() const;
  [[nodiscard]] Built build_both() const;

  std::vector<Layer> layers_;
  PseudoHeaderSum pseudo_header_sum_;  // of the innermost IP layer so far
};

// So that GoogleTest prints a builder that parametrises a failing case.
void PrintTo(const PacketBuilder& builder, std::ostream* out);  // NOLINT(readability-identifier-naming)

}  // namespace espgate::test
