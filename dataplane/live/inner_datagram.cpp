// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/inner_datagram.h"

#include "wire/l2tp.h"
#include "wire/ppp.h"
#include "wire/udp.h"

#include <algorithm>
#include <cstring>

namespace espgate::dataplane::live {

tl::expected<InnerDatagram, DropReason> InnerDatagram::plan(const Installation& installation,
                                                            const channel::PacketRecord& record) {
  const bool is_ppp = record.kind == channel::PacketKind::ppp_control;
  constexpr std::size_t protocol_bytes = 2;
  if (record.length > record.bytes.size() || record.length < (is_ppp ? protocol_bytes : 1))
    return tl::unexpected(DropReason::local_unwanted);
  const channel::SessionUpdate* session =
      is_ppp ? installation.find_session(record.peer_id, record.tunnel, record.session) : nullptr;
  if (is_ppp && session == nullptr) return tl::unexpected(DropReason::control_no_sa);
  const auto outbound =
      installation.sending(record.peer_id, session != nullptr ? session->outbound_slot : record.slot);
  if (!outbound) return tl::unexpected(DropReason::control_no_sa);

  InnerDatagram datagram(record, *outbound);
  if (session != nullptr) {
    datagram.put_l2tp_header(*session);
    datagram.put_udp_header(session->source_port, session->destination_port);
  } else {
    datagram.put_udp_header(wire::udp_port_l2tp,
                            record.remote_port != 0 ? record.remote_port : outbound->peer_l2tp_port);
  }
  return datagram;
}

void InnerDatagram::put_l2tp_header(const channel::SessionUpdate& session) {
  // Address and control field are never left out of LCP's frames, whatever was negotiated (RFC 1661 §6.6).
  const bool is_lcp = wire::load_big_endian<std::uint16_t>(record_.bytes.data()) == wire::ppp_lcp;
  const std::size_t address_control = is_lcp || session.address_control ? 2 : 0;
  wire::L2tpDataFields fields;
  fields.tunnel_id = session.peer_tunnel;
  fields.session_id = session.peer_session;
  fields.length_field = session.length_field;
  if (session.sequencing) {
    fields.sequence = wire::L2tpSequence{};
    ticket_.tunnel_and_session = tunnel_and_session(session.tunnel, session.session);
    ticket_.ns_offset =
        static_cast<std::uint32_t>(header_length_ + wire::l2tp_ns_offset(fields.length_field));
  }
  header_length_ += wire::build_l2tp_data(wire::MutableBytes(header_).subspan(header_length_), fields,
                                          address_control + record_.length);
  if (address_control == 0) return;
  header_.at(header_length_++) = std::byte{0xff};
  header_.at(header_length_++) = std::byte{0x03};
}

void InnerDatagram::put_udp_header(std::uint16_t source_port, std::uint16_t destination_port) {
  wire::build_udp(header_, {.source_port = source_port,
                            .destination_port = destination_port,
                            .payload_length = header_length_ - udp_bytes + record_.length});
}

std::size_t InnerDatagram::bytes() const { return sizeof ticket_ + header_length_ + record_.length; }

void InnerDatagram::write(wire::MutableBytes to) const {
  std::memcpy(to.data(), &ticket_, sizeof ticket_);
  const auto header = to.subspan(sizeof ticket_);
  std::copy_n(header_.begin(), header_length_, header.begin());
  std::copy_n(record_.bytes.begin(), record_.length, header.subspan(header_length_).begin());
}

}  // namespace espgate::dataplane::live
