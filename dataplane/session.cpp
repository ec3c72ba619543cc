// SPDX-License-Identifier: Apache-2.0
#include "dataplane/session.h"

#include "wire/l2tp.h"
#include "wire/ppp.h"
#include "wire/udp.h"

#include <algorithm>
#include <cassert>

namespace espgate::dataplane {

Session* Peer::find_session(std::uint32_t tunnel_and_session) const {
  for (const std::atomic<Session*>& place : sessions) {
    Session* session = place.load(std::memory_order_acquire);
    if (session != nullptr && session->tunnel_and_session == tunnel_and_session) return session;
  }
  return nullptr;
}

SessionHeader make_session_header(const SessionHeaderFields& fields) {
  std::array<std::byte, SessionHeader::capacity> text{};
  std::size_t length = sizeof(wire::UdpHeader);
  wire::store_header(text.data(),
                     wire::UdpHeader{wire::be16(fields.source_port), wire::be16(fields.destination_port),
                                     wire::be16(0), wire::be16(0)});
  const std::size_t l2tp = length;
  wire::L2tpDataFields data;
  data.tunnel_id = fields.tunnel;
  data.session_id = fields.session;
  data.length_field = fields.length_field;
  // Nr is reserved in data messages and sent as 0 (RFC 2661 §3.1).
  if (fields.sequencing) data.sequence = wire::L2tpSequence{};
  length += wire::build_l2tp_data(wire::MutableBytes(text).subspan(length), data, 0);
  wire::PppHeaderFields ppp;
  ppp.protocol = wire::ppp_ipv4;
  ppp.address_control = fields.address_control;
  ppp.compress_protocol = fields.compress_protocol;
  length += wire::build_ppp(wire::MutableBytes(text).subspan(length), ppp);

  SessionHeader header;
  const std::size_t start = SessionHeader::capacity - length;
  std::copy_n(text.begin(), length, header.bytes.begin() + static_cast<std::ptrdiff_t>(start));
  header.length = static_cast<std::uint8_t>(length);
  if (fields.length_field) header.l2tp_length_offset = static_cast<std::uint8_t>(start + l2tp + 2);
  if (fields.sequencing)
    header.l2tp_ns_offset =
        static_cast<std::uint8_t>(start + l2tp + wire::l2tp_ns_offset(fields.length_field));
  return header;
}

// Payload, padding and the two bytes of the trailer fill whole blocks.
std::uint16_t inner_limit(const OutboundSa& sa, const SessionHeader& header, std::uint16_t outer_mtu,
                          std::uint16_t mru) {
  constexpr unsigned trailer = 2;
  const unsigned around = sa.overhead_bytes - trailer;
  if (outer_mtu < around) return 0;
  const unsigned blocks = (outer_mtu - around) & ~unsigned{sa.alignment_mask};
  if (blocks < trailer + header.length) return 0;
  return std::min(static_cast<std::uint16_t>(blocks - trailer - header.length), mru);
}

}  // namespace espgate::dataplane
