// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "dataplane/drop_reason.h"
#include "dataplane/live/installation.h"
#include "wire/parse.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include <tl/expected.hpp>

namespace espgate::dataplane::live {

// The UDP datagram in which a packet of control's travels inside an SA, and who sends it. The manager's; the
// packet goes to the worker that owns the SA, whose sequence numbers nobody else counts.
//
//   l2tp_control   ticket | UDP | the L2TP message
//   ppp_control    ticket | UDP | L2TP data header | [FF 03] | the PPP frame from its protocol field
//
// Where the client wants sequence numbers, all messages of the session have them (RFC 2661 §4.4.6, §5.4),
// also these: the header has room for Ns, and the ticket says where.
//
// The UDP checksum is 0: the client computes it over addresses that NAT may have made other than ours (RFC
// 3948 §3.1.2), and IPv4 allows to leave it out (RFC 768); the ICV covers the datagram.
class InnerDatagram {
 public:
  // What `record` asks for. Error: control_no_sa, if the peer, the session or the SA is gone or may send
  // nothing any more; local_unwanted, if the record makes no sense. `record` must outlive this.
  [[nodiscard]] static tl::expected<InnerDatagram, DropReason> plan(const Installation& installation,
                                                                    const channel::PacketRecord& record);

  // Ticket and datagram.
  [[nodiscard]] std::size_t bytes() const;
  // `to` has room for bytes().
  void write(wire::MutableBytes to) const;
  [[nodiscard]] unsigned owner() const { return outbound_.owner; }

 private:
  InnerDatagram(const channel::PacketRecord& record, const Installation::Sending& outbound)
      : record_(record), outbound_(outbound), ticket_{.sa = outbound.ticket} {}
  void put_l2tp_header(const channel::SessionUpdate& session);
  void put_udp_header(std::uint16_t source_port, std::uint16_t destination_port);

  static constexpr std::size_t udp_bytes = 8;
  static constexpr std::size_t most_header_bytes =
      udp_bytes + 12 + 2;  // L2TP with its length and numbers, FF 03

  const channel::PacketRecord& record_;
  Installation::Sending outbound_;
  ControlTicket ticket_;
  std::array<std::byte, most_header_bytes> header_{};
  std::size_t header_length_ = udp_bytes;
};

}  // namespace espgate::dataplane::live
