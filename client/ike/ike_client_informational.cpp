// SPDX-License-Identifier: Apache-2.0
#include "client/ike/ike_client.h"
#include "wire/big_endian.h"
#include "wire/isakmp_payloads.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::client::ike {

using wire::IsakmpNotifyType;
using wire::IsakmpPayloadType;

// Anybody who sees the cookies could have sent it: it may end an attempt, never what is authenticated.
void IkeClient::on_clear_notification(const wire::IsakmpMessage& message) {
  const auto payloads = Payloads::read(message.payloads());
  const auto body = payloads ? payloads->find(IsakmpPayloadType::notification) : std::nullopt;
  const auto notification =
      body ? wire::IsakmpNotification::parse(*body)
           : wire::Expected<wire::IsakmpNotification>(wire::fail(wire::ParseError::truncated));
  if (!notification || ever_established_) return;
  for (const Phase1& phase1 : phase1s_) {
    if (!phase1.mode->is_named_by(message) || phase1.done) continue;
    if (auto failure = phase1.mode->on_notification(notification->type)) return fail(std::move(*failure));
  }
}

void IkeClient::on_informational(const std::shared_ptr<IkeSa>& sa, const wire::IsakmpMessage& message,
                                 TimePoint now) {
  const std::uint32_t id = message.header().message_id.host();
  const auto opened = sa->open(message, sa->first_iv(id));
  if (!opened || !sa->has_right_hash(*opened, id)) return;
  for (const wire::IsakmpPayload& payload : opened->payloads.all()) {
    if (payload.type == IsakmpPayloadType::notification) on_notification(*sa, payload.body);
    if (payload.type == IsakmpPayloadType::delete_payload) on_delete(payload.body, now);
    if (over_) return;
  }
}

void IkeClient::on_notification(const IkeSa& sa, wire::Bytes body) {
  const auto notification = wire::IsakmpNotification::parse(body);
  if (!notification) return;
  if (notification->type == IsakmpNotifyType::r_u_there)
    return send_informational(sa, IsakmpPayloadType::notification,
                              wire::isakmp_notification(wire::IsakmpProtocol::isakmp, sa.cookies(),
                                                        IsakmpNotifyType::r_u_there_ack, notification->data));
  if (notification->type >= 16384) return;  // status
  const std::string name(wire::to_string(IsakmpNotifyType{notification->type}));
  const bool waits =
      std::ranges::any_of(quicks_, [](const Quick& each) { return each.waiting.due.has_value(); });
  if (!waits) {
    actions_.emplace_back(Note{fmt::format("the server says {} ({})", name, notification->type)});
    return;
  }
  const bool proposal = notification->type == IsakmpNotifyType::no_proposal_chosen;
  fail({proposal ? Cause::no_proposal : Cause::ike_refused,
        fmt::format("the server refuses quick mode: {} ({}); offered: {}", name, notification->type,
                    list_of(std::span<const EspProposal>(settings_.esp_proposals))),
        proposal ? "offer what it wants, as --esp aes128-sha1; its log should name it"
                 : "its log should say why"});
}

void IkeClient::on_delete(wire::Bytes body, TimePoint now) {
  const auto deleted = wire::IsakmpDelete::parse(body);
  if (!deleted) return;
  for (std::size_t i = 0; i < deleted->count; ++i) {
    const wire::Bytes name = deleted->spi(i);
    if (deleted->protocol == wire::IsakmpProtocol::isakmp)
      std::erase_if(sas_,
                    [&](const Established& each) { return std::ranges::equal(each.sa->cookies(), name); });
    if (!(deleted->protocol == wire::IsakmpProtocol::esp) || name.size() != 4) continue;
    // The SPI is the one by which the server received (RFC 2408 §3.15).
    const auto spi = wire::load_big_endian<std::uint32_t>(name.data());
    std::erase_if(pairs_, [&](const Installed& each) {
      if (each.spi_out != spi) return false;
      actions_.emplace_back(RemovePair{each.spi_in});
      return true;
    });
  }
  after_delete(now);
}

void IkeClient::after_delete(TimePoint now) {
  if (pairs_.empty() && quicks_.empty())
    return fail({Cause::hung_up, "the server has deleted the ESP SAs", ""});
  if (pairs_.empty() && std::ranges::none_of(quicks_, [](const Quick& each) { return !each.done; }))
    return fail({Cause::hung_up, "the server has deleted the ESP SAs", ""});
  if (!pairs_.empty() && pairs_.back().remove) {  // the newest is gone: what was to go is all there is
    pairs_.back().remove.reset();
    actions_.emplace_back(UsePair{pairs_.back().spi_in});
  } else if (!pairs_.empty()) {
    actions_.emplace_back(UsePair{pairs_.back().spi_in});
  }
  const bool renewing = std::ranges::any_of(phase1s_, [](const Phase1& each) { return !each.done; });
  if (sas_.empty() && !renewing) begin_phase1(now);
}

void IkeClient::send_informational(const IkeSa& sa, IsakmpPayloadType type, wire::Bytes body) {
  std::uint32_t id = 0;
  while (id == 0) id = random_number();
  wire::IsakmpBuilder message(sa.initiator_cookie, sa.responder_cookie, wire::IsakmpExchange::informational,
                              wire::isakmp_flag_encryption, id);
  message.payload(IsakmpPayloadType::hash, {sa.empty_hash()});
  message.payload(type, {body});
  sa.fill_hash(message, id);
  Iv iv = sa.first_iv(id);
  send(sa.seal(message, iv), true);
}

void IkeClient::delete_pair(std::uint32_t spi_in) {
  if (const auto sa = newest())
    send_informational(*sa, IsakmpPayloadType::delete_payload,
                       wire::isakmp_delete(wire::IsakmpProtocol::esp, 4, octets(spi_in)));
  actions_.emplace_back(RemovePair{spi_in});
}

void IkeClient::close() {
  if (over_) return;
  for (const Installed& each : pairs_) delete_pair(each.spi_in);
  for (const Established& each : sas_)
    send_informational(*each.sa, IsakmpPayloadType::delete_payload,
                       wire::isakmp_delete(wire::IsakmpProtocol::isakmp, 16, each.sa->cookies()));
  pairs_.clear();
  sas_.clear();
  over_ = true;
}

}  // namespace espgate::client::ike
