// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_ike.h"

#include "dataplane/replay/fingerprint.h"
#include "dataplane/replay/inspect_ike_names.h"

#include <algorithm>

namespace espgate::replay {
namespace {

using wire::Bytes;
using wire::IsakmpExchange;
using wire::IsakmpHeader;
using wire::IsakmpMessage;
using wire::IsakmpPayload;
using wire::IsakmpPayloadType;

constexpr std::size_t notification_header = 8;  // DOI, protocol, SPI size, type: RFC 2408 §3.14
constexpr std::size_t notification_type_at = 6;
constexpr std::size_t max_names = 64;  // of one kind and SA: more is nobody's negotiation

void keep(std::vector<std::string>& names, std::string name) {
  if (names.size() < max_names && std::ranges::find(names, name) == names.end())
    names.push_back(std::move(name));
}

wire::Expected<void> read_sa(IkeSa& sa, std::size_t side, Bytes body) {
  auto transforms = phase1_transforms(body);
  if (!transforms) return wire::fail(transforms.error());
  for (std::string& text : *transforms) keep(side == 0 ? sa.offered : sa.chosen, std::move(text));
  return {};
}

wire::Expected<void> read_version1(IkeSa& sa, IkeExchange& exchange, std::size_t side,
                                   const IsakmpPayload& payload) {
  switch (payload.type) {
    case IsakmpPayloadType::sa:
      return read_sa(sa, side, payload.body);
    case IsakmpPayloadType::vendor_id:
      keep(sa.vendors[side], vendor_name(payload.body));
      return {};
    case IsakmpPayloadType::notification:
      if (payload.body.size() < notification_header) return wire::fail(wire::ParseError::truncated);
      keep(exchange.notifies,
           notify_name(wire::load_big_endian<std::uint16_t>(payload.body.data() + notification_type_at)));
      return {};
    default:
      return {};
  }
}

}  // namespace

std::uint32_t IkeLog::add(const Message& message) {
  ++messages_;
  const auto parsed = IsakmpMessage::parse(message.bytes);
  if (!parsed && (message.complete || message.bytes.size() < sizeof(IsakmpHeader))) {
    note_damage(message.frame, parsed.error());
    return message.path;
  }
  const auto header = wire::load_header<IsakmpHeader>(message.bytes.data());
  IkeSa* sa = sa_of(message, header);
  if (sa == nullptr) return message.path;
  IkeExchange* exchange = exchange_of(*sa, header, message.frame);
  if (exchange == nullptr) return sa->path;

  const std::size_t side = sa->side_of(message.flow.source);
  ++exchange->messages[side];
  exchange->last_frame = message.frame;
  if (seen_before(*sa, message.bytes)) {
    ++exchange->retransmissions[side];
  } else if (parsed && message.complete) {
    if (const auto read = read_payloads(*sa, *exchange, side, *parsed); !read)
      note_damage(message.frame, read.error());
  }
  if (parsed && parsed->is_encrypted()) ++exchange->encrypted;
  return sa->path;
}

// The first message has no responder cookie yet, and comes again without it when the answer was lost.
IkeSa* IkeLog::find_sa(const SaKey& key, std::uint64_t responder_cookie) {
  const auto at = index_.find(key);
  if (at == index_.end()) return nullptr;
  for (const std::size_t index : at->second) {
    IkeSa& sa = sas_[index];
    if (responder_cookie == 0 || sa.responder_cookie == responder_cookie) return &sa;
    if (sa.responder_cookie != 0) continue;
    sa.responder_cookie = responder_cookie;
    return &sa;
  }
  return nullptr;
}

IkeSa* IkeLog::sa_of(const Message& message, const IsakmpHeader& header) {
  const std::uint64_t responder = header.responder_cookie.host();
  const SaKey key{std::minmax(message.flow.source.address, message.flow.destination.address),
                  header.initiator_cookie.host()};
  if (IkeSa* sa = find_sa(key, responder)) return sa;
  if (sas_.size() == max_sas) {
    ++not_followed_;
    return nullptr;
  }
  index_[key].push_back(sas_.size());
  IkeSa& sa = sas_.emplace_back();
  sa.initiator_cookie = header.initiator_cookie.host();
  sa.responder_cookie = responder;
  sa.version = header.version >> 4u;
  sa.initiator = message.flow.source;
  sa.responder = message.flow.destination;
  sa.from_its_first_message = responder == 0;
  sa.path = message.path;
  return &sa;
}

IkeExchange* IkeLog::exchange_of(IkeSa& sa, const IsakmpHeader& header, std::uint32_t frame) {
  const IsakmpExchange type{header.exchange_type};
  const std::uint32_t id = header.message_id.host();
  if (const auto at = sa.exchange_index.find({type, id}); at != sa.exchange_index.end())
    return &sa.exchanges[at->second];
  if (sa.exchanges.size() == max_exchanges) {
    ++sa.uncounted_messages;
    return nullptr;
  }
  sa.exchange_index[{type, id}] = sa.exchanges.size();
  IkeExchange& exchange = sa.exchanges.emplace_back();
  exchange.type = type;
  exchange.message_id = id;
  exchange.first_frame = frame;
  return &exchange;
}

// A retransmission follows within a minute or so: what came long ago may be forgotten.
bool IkeLog::seen_before(IkeSa& sa, Bytes datagram) {
  if (sa.datagrams.size() == max_datagrams) sa.datagrams.clear();
  return !sa.datagrams.insert(fingerprint(datagram)).second;
}

wire::Expected<void> IkeLog::read_payloads(IkeSa& sa, IkeExchange& exchange, std::size_t side,
                                           const IsakmpMessage& message) {
  if (message.is_encrypted()) return {};
  auto walk = message.payloads();
  for (;;) {
    const auto payload = walk.next();
    if (!payload) return wire::fail(payload.error());
    if (!*payload) return {};
    if ((*payload)->type == IsakmpPayloadType::ikev2_vendor_id && message.major_version() == 2)
      keep(sa.vendors[side], vendor_name((*payload)->body));
    if (message.major_version() != 1) continue;
    if (auto read = read_version1(sa, exchange, side, **payload); !read) return read;
  }
}

void IkeLog::note_damage(std::uint32_t frame, wire::ParseError error) {
  ++damaged_;
  if (first_damaged_.size() < examples_kept) first_damaged_.push_back({frame, error});
}

}  // namespace espgate::replay
