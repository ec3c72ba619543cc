// SPDX-License-Identifier: Apache-2.0
#include "control/ppp/dhcp_inform.h"
#include "tests/fuzz/invariant.h"
#include "wire/dhcp.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

#include <algorithm>

using namespace espgate;
using namespace espgate::control;

static constexpr std::uint32_t client = 0x0a28000a, gateway = 0x0a280001;

static ppp::DhcpSettings settings() {
  ppp::DhcpSettings made;
  made.domain = "office.example";
  for (std::uint32_t i = 0; i < 64; ++i)
    made.routes.push_back({{0x0a000000 + (i << 10), static_cast<std::uint8_t>(i % 33)}, 0});
  return made;
}

// The input as the DHCP message of a packet that is right in all else.
static std::vector<std::byte> packet_with(wire::Bytes dhcp) {
  std::vector<std::byte> packet(28 + dhcp.size());
  wire::Ipv4Fields ip;
  ip.total_length = packet.size();
  ip.protocol = wire::ip_protocol_udp;
  ip.source = client;
  ip.destination = 0xffffffff;
  wire::build_ipv4(packet, ip);
  wire::build_udp(std::span(packet).subspan(20), {68, 67, dhcp.size()});
  std::ranges::copy(dhcp, packet.begin() + 28);
  return packet;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ppp::DhcpSettings office = settings();
  const wire::Bytes input = fuzz::as_bytes(data, size);
  if (const auto request = wire::DhcpRequest::parse(input)) {
    for (unsigned type = 1; type < 255; ++type) {
      const auto value = request->option(wire::DhcpOption{static_cast<std::uint8_t>(type)});
      if (value) fuzz::require_inside(*value, input.subspan(wire::dhcp_header_length));
    }
  }
  if (const auto routes = wire::decode_dhcp_routes(input)) {
    const auto again = wire::decode_dhcp_routes(wire::encode_dhcp_routes(*routes));
    fuzz::require(again && *again == *routes);
  }
  if (size > 4000) return 0;
  const ppp::Assigned assigned{client, {1, 2}, {}};
  for (const std::uint16_t mru : {std::uint16_t{576}, std::uint16_t{1400}}) {
    const auto answer = ppp::answer_dhcp_inform(packet_with(input), office, assigned, gateway, mru);
    if (!answer) continue;
    fuzz::require(answer->packet.size() <= mru && answer->routes_left_out <= 64);
    const auto ip = wire::Ipv4Packet::parse(answer->packet);
    fuzz::require(ip && ip->header_checksum_valid() && ip->destination() == client);
  }
  (void)ppp::answer_dhcp_inform(input, office, assigned, gateway, 1400);
  return 0;
}
