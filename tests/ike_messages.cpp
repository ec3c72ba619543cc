// SPDX-License-Identifier: Apache-2.0
#include "tests/ike_messages.h"

#include "tests/scenarios/capture_file.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

#include <optional>
#include <span>

namespace espgate::test {
namespace {

constexpr std::uint16_t ether_type_ipv4 = 0x0800;
constexpr std::uint8_t protocol_udp = 17;
constexpr std::uint16_t port_ike = 500;
constexpr std::uint16_t port_nat_traversal = 4500;
constexpr std::size_t non_esp_marker_bytes = 4;

std::optional<IkeDatagram> ike_datagram(std::uint64_t nanoseconds, wire::Bytes bytes) {
  const auto frame = wire::EthernetFrame::parse(bytes);
  if (!frame || frame->ether_type() != ether_type_ipv4) return std::nullopt;
  const auto packet = wire::Ipv4Packet::parse(frame->payload());
  if (!packet || packet->protocol() != protocol_udp || packet->is_fragment()) return std::nullopt;
  const auto udp = wire::UdpDatagram::parse(packet->payload());
  if (!udp) return std::nullopt;
  IkeDatagram datagram{.nanoseconds = nanoseconds,
                       .source = wire::IpAddress::v4(packet->source()),
                       .destination = wire::IpAddress::v4(packet->destination()),
                       .source_port = udp->source_port(),
                       .destination_port = udp->destination_port(),
                       .non_esp_marker = false,
                       .message = {}};
  wire::Bytes payload = udp->payload();
  if (datagram.source_port == port_nat_traversal || datagram.destination_port == port_nat_traversal) {
    // Without the marker it is ESP, or a keepalive.
    if (payload.size() < non_esp_marker_bytes) return std::nullopt;
    if (wire::load_big_endian<std::uint32_t>(payload.data()) != 0) return std::nullopt;
    datagram.non_esp_marker = true;
    payload = payload.subspan(non_esp_marker_bytes);
  } else if (datagram.source_port != port_ike && datagram.destination_port != port_ike) {
    return std::nullopt;
  }
  datagram.message.assign(payload.begin(), payload.end());
  return datagram;
}

}  // namespace

std::vector<IkeDatagram> read_ike_datagrams(const std::filesystem::path& capture) {
  std::vector<IkeDatagram> datagrams;
  for (const Record& record : read_capture(capture)) {
    auto datagram = ike_datagram(record.nanoseconds, std::as_bytes(std::span(record.bytes)));
    if (datagram) datagrams.push_back(*std::move(datagram));
  }
  return datagrams;
}

}  // namespace espgate::test
