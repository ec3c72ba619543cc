// SPDX-License-Identifier: Apache-2.0
#include "client/ike/ike_client.h"

#include "wire/big_endian.h"
#include "wire/isakmp_payloads.h"
#include "wire/udp.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::client::ike {
namespace {

constexpr std::size_t most_phase1s = 4, most_quicks = 8, most_sas = 4, most_pairs = 8;
constexpr std::size_t most_message_ids = 4096;
constexpr std::chrono::seconds kept{30};  // exchanges that are done, to repeat their last message

std::chrono::seconds renewal(std::chrono::seconds wanted, std::chrono::seconds lifetime) {
  return wanted.count() != 0 ? wanted : lifetime * 9 / 10;
}

}  // namespace

IkeClient::IkeClient(const Settings& settings, Environment environment, const wire::IpAddress& local)
    : settings_(settings), environment_(std::move(environment)), local_(local) {}

std::uint32_t IkeClient::random_number() {
  std::array<std::byte, 4> bytes{};
  environment_.random(bytes);
  return wire::load_big_endian<std::uint32_t>(bytes.data());
}

std::shared_ptr<IkeSa> IkeClient::newest() const { return sas_.empty() ? nullptr : sas_.back().sa; }

void IkeClient::fail(Failure failure) {
  if (over_) return;
  over_ = true;
  actions_.emplace_back(Failed{std::move(failure)});
}

void IkeClient::dial(TimePoint now) { begin_phase1(now); }

void IkeClient::begin_phase1(TimePoint now) {
  Phase1& phase1 = phase1s_.emplace_back();
  // A renewal keeps to the port that the NAT has a mapping for.
  phase1.mode = std::make_unique<MainMode>(settings_, environment_, local_, MainMode::Role::initiator,
                                           ever_established_ ? wire::udp_port_natt : wire::udp_port_ike);
  send_and_wait(phase1.waiting, phase1.mode->first(), phase1.mode->has_floated(), now);
}

void IkeClient::begin_quick_mode(TimePoint now) {
  const auto sa = newest();
  if (!sa) return;
  std::uint32_t message_id = 0, spi = 0;
  while (message_id == 0) message_id = random_number();
  while (spi < 256) spi = random_number();  // RFC 4303 §2.1
  Quick& quick = quicks_.emplace_back();
  quick.mode = std::make_unique<QuickMode>(settings_, environment_, local_, sa, QuickMode::Role::initiator,
                                           message_id, spi);
  send_and_wait(quick.waiting, quick.mode->first(), true, now);
}

void IkeClient::send_and_wait(Waiting& waiting, std::vector<std::byte> bytes, bool natt, TimePoint now) {
  waiting.bytes = bytes;
  waiting.tries = 0;
  waiting.due = now + patience.front();
  send(std::move(bytes), natt);
}

bool IkeClient::repeat(Waiting& waiting, bool natt, TimePoint now) {
  if (!waiting.due || now < *waiting.due) return true;
  if (++waiting.tries == patience.size()) return false;
  waiting.due = now + patience.at(waiting.tries);
  send(waiting.bytes, natt);
  return true;
}

void IkeClient::on_message(wire::Bytes bytes, TimePoint now) {
  const auto message = wire::IsakmpMessage::parse(bytes);
  if (over_ || !message || message->major_version() != 1) return;
  if (message->exchange() == wire::IsakmpExchange::identity_protection) return on_phase1(*message, now);
  if (!message->is_encrypted()) {
    if (message->exchange() == wire::IsakmpExchange::informational) on_clear_notification(*message);
    return;
  }
  const auto found =
      std::ranges::find_if(sas_, [&](const Established& each) { return each.sa->is_named_by(*message); });
  if (found == sas_.end() || message->header().message_id.host() == 0) return;
  if (message->exchange() == wire::IsakmpExchange::quick_mode) return on_quick_mode(*found, *message, now);
  if (message->exchange() == wire::IsakmpExchange::informational)
    on_informational(std::shared_ptr(found->sa), *message, now);
}

void IkeClient::on_phase1(const wire::IsakmpMessage& message, TimePoint now) {
  for (Phase1& phase1 : phase1s_)
    if (phase1.mode->is_named_by(message)) return follow(phase1, phase1.mode->on_message(message), now);
  // The server begins anew (RFC 2408 §2.5.3: the responder's cookie is 0 then), which it may once we know it.
  if (message.header().responder_cookie.host() != 0 || !ever_established_) return;
  const std::uint64_t cookie = message.header().initiator_cookie.host();
  if (cookie == 0 || phase1s_.size() >= most_phase1s) return;
  Phase1 begun;
  begun.mode = std::make_unique<MainMode>(settings_, environment_, local_, MainMode::Role::responder,
                                          wire::udp_port_natt);
  begun.until = now + kept;
  Reaction reaction = begun.mode->on_message(message);
  if (reaction.kind != Reaction::Kind::answer) return;
  phase1s_.push_back(std::move(begun));
  follow(phase1s_.back(), std::move(reaction), now);
}

void IkeClient::follow(Phase1& phase1, Reaction reaction, TimePoint now) {
  const bool initiator = phase1.mode->is_initiator();
  switch (reaction.kind) {
    case Reaction::Kind::ignored:
      return;
    case Reaction::Kind::failed:
      return fail(std::move(reaction.failure));
    case Reaction::Kind::answer:
      if (phase1.done || !initiator) return send(std::move(reaction.send), phase1.mode->has_floated());
      return send_and_wait(phase1.waiting, std::move(reaction.send), phase1.mode->has_floated(), now);
    case Reaction::Kind::done:
      if (!reaction.send.empty()) send(std::move(reaction.send), true);
      return established(phase1, now);
  }
}

void IkeClient::established(Phase1& phase1, TimePoint now) {
  phase1.done = true;
  phase1.waiting = {};
  phase1.until = now + kept;
  const auto sa = phase1.mode->sa();
  sa->established = now;
  // What it replaces goes when messages that are under way have come.
  for (Established& old : sas_)
    if (!old.remove) old.remove = now + grace;
  for (Established& old : sas_) old.renew.reset();
  if (sas_.size() == most_sas) sas_.erase(sas_.begin());
  const auto lifetime = std::chrono::seconds(settings_.ike_lifetime_seconds);
  sas_.push_back({sa, now + renewal(settings_.reauthenticate, lifetime), std::nullopt, {}});
  actions_.emplace_back(Authenticated{sa->proposal.to_string(), sa->server_identity, ever_established_});
  if (ever_established_) ++reauthentications_;
  const bool first = !std::exchange(ever_established_, true);
  if (first || pairs_.empty()) begin_quick_mode(now);
}

void IkeClient::on_quick_mode(Established& by, const wire::IsakmpMessage& message, TimePoint now) {
  const std::uint32_t id = message.header().message_id.host();
  for (Quick& quick : quicks_)
    if (quick.mode->message_id() == id && quick.mode->sa().is_named_by(message))
      return follow(quick, quick.mode->on_message(message), now);
  if (quicks_.size() >= most_quicks || pairs_.size() >= most_pairs) return;
  if (by.message_ids.size() >= most_message_ids || by.message_ids.contains(id)) return;
  std::uint32_t spi = 0;
  while (spi < 256) spi = random_number();
  Quick begun;
  begun.mode = std::make_unique<QuickMode>(settings_, environment_, local_, by.sa, QuickMode::Role::responder,
                                           id, spi);
  begun.until = now + kept;
  Reaction reaction = begun.mode->on_message(message);
  if (reaction.kind != Reaction::Kind::answer) return;
  by.message_ids.insert(id);
  quicks_.push_back(std::move(begun));
  follow(quicks_.back(), std::move(reaction), now);
}

void IkeClient::follow(Quick& quick, Reaction reaction, TimePoint now) {
  switch (reaction.kind) {
    case Reaction::Kind::ignored:
      return;
    case Reaction::Kind::failed:
      return fail(std::move(reaction.failure));
    case Reaction::Kind::answer:  // the first of ours as responder, or any again
      take_pair(*quick.mode, now);
      return send(std::move(reaction.send), true);
    case Reaction::Kind::done:
      take_pair(*quick.mode, now);
      if (!reaction.send.empty()) send(std::move(reaction.send), true);
      quick.done = true;
      quick.waiting = {};
      quick.until = now + kept;
      actions_.emplace_back(UsePair{quick.mode->spi()});
      if (pairs_.size() > 1) ++rekeys_;
      for (Installed& old : pairs_) {
        if (old.spi_in == quick.mode->spi()) continue;
        old.renew.reset();
        if (!old.remove) old.remove = now + grace;
      }
      return;
  }
}

void IkeClient::take_pair(QuickMode& mode, TimePoint now) {
  auto pair = mode.take_pair();
  if (!pair) return;
  if (pairs_.size() >= most_pairs) {
    actions_.emplace_back(RemovePair{pairs_.front().spi_in});
    pairs_.erase(pairs_.begin());
  }
  pairs_.push_back(
      {pair->spi_in, pair->spi_out, now + renewal(settings_.rekey, pair->lifetime), std::nullopt});
  actions_.emplace_back(AddPair{std::move(*pair)});
}

void IkeClient::drop_pair(std::uint32_t spi_in) {
  if (std::erase_if(pairs_, [spi_in](const Installed& each) { return each.spi_in == spi_in; }) != 0)
    actions_.emplace_back(RemovePair{spi_in});
}

std::optional<TimePoint> IkeClient::next_due() const {
  if (over_) return std::nullopt;
  std::optional<TimePoint> next;
  const auto consider = [&next](const std::optional<TimePoint>& due) {
    if (due && (!next || *due < *next)) next = due;
  };
  for (const Phase1& each : phase1s_) consider(each.waiting.due), consider(each.until);
  for (const Quick& each : quicks_) consider(each.waiting.due), consider(each.until);
  for (const Established& each : sas_) consider(each.renew), consider(each.remove);
  for (const Installed& each : pairs_) consider(each.renew), consider(each.remove);
  return next;
}

void IkeClient::on_timer(TimePoint now) {
  if (over_) return;
  serve_exchanges(now);
  serve_lifetimes(now);
}

// Of what the server has begun and not finished nothing is left.
void IkeClient::serve_exchanges(TimePoint now) {
  for (Phase1& each : phase1s_)
    if (!repeat(each.waiting, each.mode->has_floated(), now)) return fail(each.mode->silence());
  for (Quick& each : quicks_)
    if (!repeat(each.waiting, true, now)) return fail(each.mode->silence());
  const auto is_over = [now](const auto& each) { return each.until && now >= *each.until; };
  for (const Quick& each : quicks_)
    if (is_over(each) && !each.done) drop_pair(each.mode->spi());
  phase1s_.remove_if(is_over);
  quicks_.remove_if(is_over);
}

void IkeClient::serve_lifetimes(TimePoint now) {
  const auto has_come = [now](const std::optional<TimePoint>& due) { return due && now >= *due; };
  bool renew_sa = false, renew_pair = false;
  for (Established& each : sas_) {
    if (has_come(each.renew)) renew_sa = true, each.renew.reset();
    if (has_come(each.remove))
      send_informational(*each.sa, wire::IsakmpPayloadType::delete_payload,
                         wire::isakmp_delete(wire::IsakmpProtocol::isakmp, 16, each.sa->cookies()));
  }
  std::erase_if(sas_, [&](const Established& each) { return has_come(each.remove); });
  for (Installed& each : pairs_) {
    if (has_come(each.renew)) renew_pair = true, each.renew.reset();
    if (has_come(each.remove)) delete_pair(each.spi_in);
  }
  std::erase_if(pairs_, [&](const Installed& each) { return has_come(each.remove); });
  if (renew_sa) begin_phase1(now);
  if (renew_pair) begin_quick_mode(now);
}

}  // namespace espgate::client::ike
