// SPDX-License-Identifier: Apache-2.0
#include "control/ike/negotiator.h"

#include "wire/big_endian.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::ike {
namespace {

constexpr std::uint32_t first_peer_id = 0x10000;  // below: peers of the configuration
constexpr std::size_t secret_bytes = 32;

}  // namespace

Negotiator::Negotiator(Settings settings, Environment environment, TimePoint now)
    : settings_(std::move(settings)),
      environment_(std::move(environment)),
      half_open_({.total = settings_.most_half_open,
                  .per_address = settings_.most_half_open_per_address,
                  .per_network = settings_.most_half_open_per_network,
                  .age = settings_.half_open}),
      spis_(settings_.node),
      wheel_(now),
      next_peer_id_(first_peer_id),
      secret_(random_bytes(secret_bytes)),
      old_secret_(random_bytes(secret_bytes)),
      secret_since_(now) {}

Negotiator::~Negotiator() = default;

void Negotiator::set_slots(std::uint32_t slots, const std::set<std::uint32_t>& taken) {
  spis_.set_slots(slots);
  for (const std::uint32_t slot : taken) spis_.reserve(slot, 0);
}

void Negotiator::on_datagram(const Path& path, wire::Bytes datagram, TimePoint now) {
  // A NAT keepalive (RFC 3948 §2.3) is answered by silence.
  if (datagram.size() == 1) return;
  const auto message = wire::IsakmpMessage::parse(datagram);
  if (!message) {
    count(message.error() == wire::ParseError::bad_version ? Reason::unknown_version : Reason::malformed);
    return;
  }
  // A length field above the datagram does not parse; what lies beyond it is not ours.
  datagram = datagram.first(message->header().length.host());
  if (message->major_version() != 1) {
    count(Reason::unknown_version);
    note(path.remote, false, "first message",
         "the client speaks IKE version 2; choose L2TP/IPsec with a pre-shared key at the client", now);
    return;
  }
  const bool fragment =
      message->header().next_payload == static_cast<std::uint8_t>(wire::IsakmpPayloadType::fragment);
  if (!fragment) {
    take_message(path, datagram, *message, now);
    return;
  }
  const Cookies cookies = {message->header().initiator_cookie.host(),
                           message->header().responder_cookie.host()};
  if (find(cookies) == nullptr && half_open_.find(cookies) == nullptr) {
    count(Reason::unknown_cookies);
    return;
  }
  const auto whole = fragments_.add(*message, now);
  if (!whole) {
    count(whole.error().reason);
  } else if (*whole) {
    const auto inner = wire::IsakmpMessage::parse(**whole);
    // Pieces of pieces are nothing that anybody sends.
    const bool sound =
        inner && inner->major_version() == 1 &&
        inner->header().next_payload != static_cast<std::uint8_t>(wire::IsakmpPayloadType::fragment);
    if (sound) {
      take_message(path, wire::Bytes(**whole).first(inner->header().length.host()), *inner, now);
    } else {
      count(Reason::bad_fragment);
    }
  }
}

void Negotiator::take_message(const Path& path, wire::Bytes datagram, const wire::IsakmpMessage& message,
                              TimePoint now) {
  const Cookies cookies = {message.header().initiator_cookie.host(),
                           message.header().responder_cookie.host()};
  if (debug_) report_message("received", path, datagram);
  switch (message.exchange()) {
    case wire::IsakmpExchange::identity_protection:
      on_main_mode(path, datagram, message, now);
      return;
    case wire::IsakmpExchange::aggressive: {
      IkeSa* sa = find(cookies);
      if (cookies.responder == 0) {
        on_aggressive_first(path, datagram, message, now);
      } else if (sa != nullptr) {
        on_aggressive_third(*sa, path, datagram, message, now);
      } else {
        count(Reason::unknown_cookies);
      }
      return;
    }
    case wire::IsakmpExchange::quick_mode:
    case wire::IsakmpExchange::informational: {
      IkeSa* sa = find(cookies);
      if (sa == nullptr || !sa->is_established()) {
        count(Reason::unknown_cookies);
      } else if (!message.is_encrypted()) {
        count(Reason::not_encrypted);
      } else if (message.exchange() == wire::IsakmpExchange::quick_mode) {
        on_quick_mode(*sa, path, datagram, message, now);
      } else {
        on_informational(*sa, path, message, now);
      }
      return;
    }
    default:
      count(Reason::unknown_exchange);
  }
}

IkeSa* Negotiator::find(const Cookies& cookies) const {
  const auto found = by_cookies_.find(cookies);
  return found == by_cookies_.end() ? nullptr : found->second;
}

const Peer* Negotiator::find_peer(std::uint32_t peer_id) const {
  const auto found = peers_.find(peer_id);
  return found == peers_.end() ? nullptr : found->second.get();
}

void Negotiator::on_diffie_hellman(DiffieHellmanResult result, TimePoint now) {
  const auto found = jobs_.find(result.job);
  if (found == jobs_.end()) return;
  const Job job = found->second;
  jobs_.erase(found);
  IkeSa* sa = find(job.cookies);
  if (sa == nullptr) return;
  if (job.message_id != 0) {
    if (Exchange* exchange = sa->find_exchange(job.message_id); exchange != nullptr && exchange->quick)
      on_quick_keys(*sa, *exchange, std::move(result), now);
    return;
  }
  if (!sa->phase1) return;
  if (!result.error.empty()) {
    fail(sa->path.remote, "phase 1", {Reason::bad_key_exchange, result.error}, now);
    abandon(*sa);
    return;
  }
  switch (sa->phase1->state) {
    case Phase1::State::computing:
      if (sa->phase1->aggressive) {
        send_aggressive_second(*sa, std::move(result), now);
      } else {
        send_fourth(*sa, std::move(result), now);
      }
      break;
    case Phase1::State::computing_third:
      send_third(*sa, std::move(result), now);
      break;
    case Phase1::State::computing_fifth:
      send_fifth(*sa, std::move(result), now);
      break;
    default:
      break;
  }
}

// No more at once than the queue may hold: the client says its message again.
Expected<void> Negotiator::start_key_exchange(IkeSa& sa, ComputeDiffieHellman job, std::uint32_t message_id) {
  if (jobs_.size() >= settings_.most_waiting_for_dh) {
    return refuse(Reason::too_busy,
                  fmt::format("{} Diffie-Hellman computations are waiting already; more cores for "
                              "control would help, see ike.dh_threads",
                              jobs_.size()));
  }
  job.job = next_job_++;
  jobs_[job.job] = {sa.cookies, message_id};
  actions_.emplace_back(std::move(job));
  return {};
}

void Negotiator::abandon(IkeSa& sa) {
  const Cookies cookies = sa.cookies;
  // The same first message may bring the same cookies again, and must not get this one's shared secret.
  for (auto& [id, job] : jobs_)
    if (job.cookies == cookies) job.cookies = {};
  if (sa.phase1 && sa.phase1->aggressive) --aggressive_;
  by_cookies_.erase(cookies);
  negotiating_.erase(cookies);
}

void Negotiator::report_message(std::string_view verb, const Path& path, wire::Bytes message) {
  if (message.size() < sizeof(wire::IsakmpHeader)) return;
  const auto header = wire::load_header<wire::IsakmpHeader>(message.data());
  const IkeSa* sa = find({header.initiator_cookie.host(), header.responder_cookie.host()});
  report(Level::debug, path.remote, sa == nullptr ? 0 : sa->peer_id,
         fmt::format(
             "{} {} bytes on port {}: exchange {}, message {:08x}, first payload {}, cookies {:016x} {:016x}",
             verb, message.size(), path.local.port, header.exchange_type, header.message_id.host(),
             header.next_payload, header.initiator_cookie.host(), header.responder_cookie.host()));
}

void Negotiator::send(const Path& path, std::vector<std::byte> bytes) {
  if (debug_) report_message("sent", path, bytes);
  actions_.emplace_back(SendDatagram{path, std::move(bytes)});
}

void Negotiator::send(const IkeSa& sa, std::vector<std::byte> message) {
  if (message.size() <= settings_.fragment_bytes || !sa.kind.fragmentation) {
    send(sa.path, std::move(message));
    return;
  }
  const auto id = static_cast<std::uint16_t>(random_number() | 1U);
  for (auto& datagram : cut_into_fragments(message, settings_.fragment_bytes, id))
    send(sa.path, std::move(datagram));
}

void Negotiator::report(Level level, const Endpoint& remote, std::uint32_t peer_id, std::string text) {
  actions_.emplace_back(Report{level, remote, peer_id, std::move(text)});
}

void Negotiator::note(const Endpoint& remote, bool good, std::string_view exchange, std::string text,
                      TimePoint now) {
  journal_.add({.when = now,
                .remote = remote,
                .good = good,
                .exchange = std::string(exchange),
                .text = std::move(text),
                .user = {}});
}

void Negotiator::fail(const Endpoint& remote, std::string_view exchange, const Refusal& refusal,
                      TimePoint now) {
  count(refusal.reason);
  report(Level::warning, remote, 0, fmt::format("{}: {}", exchange, refusal.text));
  note(remote, false, exchange, refusal.text, now);
}

std::vector<std::byte> Negotiator::random_bytes(std::size_t size) const {
  std::vector<std::byte> bytes(size);
  environment_.random(bytes);
  return bytes;
}

std::uint32_t Negotiator::random_number() const {
  return wire::load_big_endian<std::uint32_t>(random_bytes(4).data());
}

std::uint32_t Negotiator::new_message_id(const IkeSa& sa) const {
  for (;;) {
    const std::uint32_t id = random_number();
    if (id != 0 && sa.find_exchange(id) == nullptr && !sa.used_message_ids.contains(id)) return id;
  }
}

// The same first message gets the same cookie, and one that was not answered by us none that fits.
std::uint64_t Negotiator::responder_cookie(const Path& path, std::uint64_t cky_i, wire::Bytes sa_body,
                                           wire::Bytes secret) const {
  std::array<std::byte, 10> number = {};
  wire::store_big_endian(number.data(), cky_i);
  wire::store_big_endian(number.data() + 8, path.remote.port);
  const crypto::HashValue value = crypto::prf_value(
      crypto::IkeHash::sha2_256, secret, {wire::Bytes(path.remote.address.bytes()), number, sa_body});
  const auto cookie = wire::load_big_endian<std::uint64_t>(value.bytes.data());
  return cookie == 0 ? 1 : cookie;
}

}  // namespace espgate::control::ike
