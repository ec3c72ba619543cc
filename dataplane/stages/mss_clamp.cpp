// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/mss_clamp.h"

#include "dataplane/session.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/tcp_mss.h"

namespace espgate::dataplane {
namespace {

// IP and TCP headers without options: the MSS never counts options (RFC 6691 §2).
constexpr std::uint16_t ip_and_tcp = 40;
constexpr std::size_t flags_at = 13;
constexpr auto flag_syn = std::byte{0x02};

std::size_t header_length(const Packet& packet) {
  return (std::to_integer<std::size_t>(*packet.data) & 0x0f) * 4;
}

bool is_syn(const Packet& packet) {
  if (packet.data[offsetof(wire::Ipv4Header, protocol)] != std::byte{wire::ip_protocol_tcp}) return false;
  const auto fragment =
      wire::load_big_endian<std::uint16_t>(packet.data + offsetof(wire::Ipv4Header, flags_fragment));
  const std::size_t flags = header_length(packet) + flags_at;
  if ((fragment & wire::ipv4_fragment_mask) != 0 || flags >= packet.length) return false;
  return (packet.data[flags] & flag_syn) != std::byte{0};
}

[[gnu::noinline, gnu::cold]] void clamp(const Packet& packet) {
  if (packet.session == nullptr) return;
  const std::uint16_t limit = packet.session->limit();
  if (limit <= ip_and_tcp) return;
  wire::clamp_tcp_mss(packet.bytes().subspan(header_length(packet)),
                      static_cast<std::uint16_t>(limit - ip_and_tcp));
}

}  // namespace

void mss_clamp(Burst& burst) {
  for (const Packet& packet : burst.live()) {
    if (packet.ether_type != wire::ether_type_ipv4) continue;
    if (is_syn(packet)) [[unlikely]]
      clamp(packet);
  }
}

}  // namespace espgate::dataplane
