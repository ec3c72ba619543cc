// SPDX-License-Identifier: Apache-2.0
// Notifications and deletes under an IKE SA.
#include "control/ike/negotiator.h"
#include "control/ike/octets.h"
#include "control/ike/protected_message.h"
#include "wire/big_endian.h"
#include "wire/isakmp_builder.h"
#include "wire/isakmp_payloads.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::ike {
namespace {

constexpr std::size_t remembered_messages = 64;

}  // namespace

void Negotiator::on_informational(IkeSa& sa, const Path& path, const wire::IsakmpMessage& message,
                                  TimePoint now) {
  const std::uint32_t id = message.header().message_id.host();
  if (std::ranges::find(sa.seen_informational, id) != sa.seen_informational.end()) {
    count(Reason::repeated_message_id);
    return;
  }
  const auto opened = open_message(sa, first_iv(sa, id), message);
  if (!opened || !has_right_hash(sa, id, {}, *opened)) {
    count(opened ? Reason::bad_hash : opened.error().reason);
    return;
  }
  sa.seen_informational.push_back(id);
  if (sa.seen_informational.size() > remembered_messages) sa.seen_informational.pop_front();
  const std::uint32_t peer_id = sa.peer_id;
  const Cookies cookies = sa.cookies;
  // Each payload may end the SA, or the peer.
  for (const wire::IsakmpPayload& payload : opened->payloads.all()) {
    const auto peer = peers_.find(peer_id);
    if (peer == peers_.end() || find(cookies) == nullptr) return;
    if (payload.type == wire::IsakmpPayloadType::notification) {
      if (const auto notification = wire::IsakmpNotification::parse(payload.body))
        on_notification(sa, *peer->second, path, *notification, now);
    } else if (payload.type == wire::IsakmpPayloadType::delete_payload) {
      if (const auto deletion = wire::IsakmpDelete::parse(payload.body))
        on_delete(sa, *peer->second, *deletion, now);
    }
  }
}

void Negotiator::on_notification(IkeSa& sa, Peer& peer, const Path& path,
                                 const wire::IsakmpNotification& notification, TimePoint now) {
  const auto type = wire::IsakmpNotifyType{notification.type};
  if (type == wire::IsakmpNotifyType::r_u_there || type == wire::IsakmpNotifyType::r_u_there_ack) {
    if (notification.data.size() != 4) {
      count(Reason::malformed);
      return;
    }
    const auto sequence = wire::load_big_endian<std::uint32_t>(notification.data.data());
    on_dpd(sa, peer, path, type == wire::IsakmpNotifyType::r_u_there, sequence, now);
    return;
  }
  constexpr std::uint16_t first_status = 16384;
  if (notification.type >= first_status) return;
  const std::string text = fmt::format("the client says {} ({})", wire::to_string(type), notification.type);
  note(peer.path.remote, false, "notification", text, now);
  report(Level::info, peer.path.remote, peer.id, text);
}

// Only a number that was never there before proves life and where the peer is: message ids are forgotten, and
// an old message may be sent again by anybody. An old number is a replay (RFC 3706 §5.4); the last one comes
// again from peers that did not hear our answer.
void Negotiator::on_dpd(IkeSa& sa, Peer& peer, const Path& path, bool question, std::uint32_t sequence,
                        TimePoint now) {
  if (question && sa.dpd_heard && sequence < *sa.dpd_heard) return;
  const bool fresh = question ? !sa.dpd_heard || sequence > *sa.dpd_heard
                              : sequence > sa.dpd_answered && sequence <= sa.dpd_sequence;
  if (fresh) {
    if (question)
      sa.dpd_heard = sequence;
    else
      sa.dpd_answered = sequence;
    sa.path = path;
    heard(peer, path, now);
    changed_.insert(peer.id);
  }
  if (question) send_dpd(sa, wire::IsakmpNotifyType::r_u_there_ack, sequence);
}

// A client names the SPIs that it receives on (RFC 2408 §3.15): what we send to.
void Negotiator::on_delete(IkeSa& sa, Peer& peer, const wire::IsakmpDelete& deletion, TimePoint now) {
  if (deletion.protocol == wire::IsakmpProtocol::esp && deletion.spi_bytes == 4) {
    for (std::size_t i = 0; i < deletion.count; ++i) {
      const auto spi = wire::load_big_endian<std::uint32_t>(deletion.spi(i).data());
      const auto found =
          std::ranges::find_if(peer.pairs, [&](const auto& pair) { return pair->spi_out == spi; });
      if (found == peer.pairs.end()) continue;
      report(Level::info, peer.path.remote, peer.id,
             fmt::format("the client deletes SAs {:#010x}", (*found)->spi_in));
      leave(peer, **found, now);
    }
    return;
  }
  if (deletion.protocol != wire::IsakmpProtocol::isakmp || deletion.spi_bytes != 16) return;
  for (std::size_t i = 0; i < deletion.count; ++i) {
    const auto own = octets(sa.cookies);
    const bool this_one = std::ranges::equal(deletion.spi(i), own);
    const IkeSa* named = &sa;
    if (!this_one) {
      const Cookies other = {wire::load_big_endian<std::uint64_t>(deletion.spi(i).data()),
                             wire::load_big_endian<std::uint64_t>(deletion.spi(i).data() + 8)};
      named = find(other);
      // Only SAs of the same client.
      if (named == nullptr || named->peer_id != peer.id) continue;
    }
    report(Level::info, peer.path.remote, peer.id, "the client deletes an IKE SA");
    remove_ike_sa(peer, *named);
    remove_if_empty(peer, now);
    if (this_one) return;
  }
}

void Negotiator::send_informational(const IkeSa& sa, wire::IsakmpPayloadType type,
                                    const std::vector<std::byte>& body) {
  const std::uint32_t id = new_message_id(sa);
  IvBlock iv = first_iv(sa, id);
  send(sa, ProtectedMessage(sa, wire::IsakmpExchange::informational, id).payload(type, {body}).seal(iv));
}

void Negotiator::send_dpd(IkeSa& sa, wire::IsakmpNotifyType type, std::uint32_t sequence) {
  send_informational(
      sa, wire::IsakmpPayloadType::notification,
      wire::isakmp_notification(wire::IsakmpProtocol::isakmp, octets(sa.cookies), type, octets(sequence)));
}

void Negotiator::send_delete(const IkeSa& sa, const SaPair& pair) {
  send_informational(sa, wire::IsakmpPayloadType::delete_payload,
                     wire::isakmp_delete(wire::IsakmpProtocol::esp, 4, octets(pair.spi_in)));
}

void Negotiator::send_delete(const IkeSa& sa) {
  send_informational(sa, wire::IsakmpPayloadType::delete_payload,
                     wire::isakmp_delete(wire::IsakmpProtocol::isakmp, 16, octets(sa.cookies)));
}

}  // namespace espgate::control::ike
