// SPDX-License-Identifier: Apache-2.0
#include "control/ike/peer_record.h"

#include <algorithm>

namespace espgate::control::ike {
namespace {

constexpr std::uint16_t record_version = 2;

// --- writing

void put(SecretEncoder& out, TimePoint when) {
  out.number(static_cast<std::uint64_t>(when.time_since_epoch() / std::chrono::nanoseconds(1)));
}
void put(SecretEncoder& out, bool value) { out.number(static_cast<std::uint8_t>(value)); }
void put(SecretEncoder& out, const Endpoint& endpoint) {
  out.bytes(endpoint.address.bytes());
  out.number(endpoint.port);
}
void put(SecretEncoder& out, const Path& path) {
  put(out, path.local);
  put(out, path.remote);
  put(out, path.natt);
}
void put(SecretEncoder& out, const Cookies& cookies) {
  out.number(cookies.initiator);
  out.number(cookies.responder);
}
void put(SecretEncoder& out, const StoredReply& reply) {
  out.bytes(reply.question);
  out.blob(reply.reply);
}
void put(SecretEncoder& out, const Phase1Suite& suite) {
  out.number(static_cast<std::uint8_t>(suite.cipher));
  out.number(suite.key_bits);
  out.number(static_cast<std::uint8_t>(suite.hash));
  out.number(static_cast<std::uint16_t>(suite.group));
}
void put(SecretEncoder& out, const PeerKind& kind) {
  out.number(static_cast<std::uint8_t>(kind.nat_traversal));
  for (const bool flag :
       {kind.dpd, kind.fragmentation, kind.microsoft, kind.racoon, kind.apple, kind.strongswan})
    put(out, flag);
}
void put(SecretEncoder& out, const Phase2Offer& offer) {
  out.text(crypto::suite(offer.suite).name);
  out.number(offer.encapsulation_mode);
  put(out, offer.esn);
  out.number(static_cast<std::uint16_t>(offer.group ? static_cast<unsigned>(*offer.group) : 0));
  out.number(offer.lifetime_seconds);
  out.number(offer.lifetime_kilobytes);
}

bool is_kept(const Exchange& exchange) {
  return !exchange.quick || exchange.quick->state == QuickMode::State::sent_second;
}

void put(SecretEncoder& out, const Exchange& exchange) {
  out.number(exchange.message_id);
  out.bytes(exchange.iv);
  put(out, exchange.reply);
  put(out, exchange.started);
  put(out, exchange.quick != nullptr);
  if (!exchange.quick) return;
  out.blob(exchange.quick->nonce_i);
  out.blob(exchange.quick->nonce_r);
  out.number(exchange.quick->slot);
}

void put(SecretEncoder& out, const IkeSa& sa) {
  put(out, sa.cookies);
  put(out, sa.we_initiated);
  put(out, sa.path);
  put(out, sa.suite);
  put(out, sa.kind);
  put(out, sa.udp_encapsulation);
  out.blob(sa.keys.skeyid_d.bytes());
  out.blob(sa.keys.skeyid_a.bytes());
  out.blob(sa.keys.skeyid_e.bytes());
  out.blob(sa.keys.cipher_key.bytes());
  out.bytes(sa.last_phase1_block);
  out.text(sa.identity);
  out.number(static_cast<std::uint32_t>(sa.psk));
  put(out, sa.created);
  put(out, sa.expires);
  put(out, sa.renew);
  put(out, sa.last_reply);
  out.number(sa.dpd_sequence);
  put(out, sa.dpd_heard.has_value());
  out.number(sa.dpd_heard.value_or(0));
  std::vector<std::uint32_t> used;
  for (const std::uint32_t id : sa.used_message_ids) {
    const Exchange* exchange = sa.find_exchange(id);
    if (exchange == nullptr || is_kept(*exchange)) used.push_back(id);
  }
  out.number(static_cast<std::uint16_t>(used.size()));
  for (const std::uint32_t id : used) out.number(id);
  out.number(static_cast<std::uint16_t>(sa.seen_informational.size()));
  for (const std::uint32_t id : sa.seen_informational) out.number(id);
  out.number(static_cast<std::uint16_t>(
      std::ranges::count_if(sa.exchanges, [](const auto& exchange) { return is_kept(*exchange); })));
  for (const auto& exchange : sa.exchanges)
    if (is_kept(*exchange)) put(out, *exchange);
}

void put(SecretEncoder& out, const SaPair& pair) {
  out.number(static_cast<std::uint8_t>(pair.state));
  out.number(pair.slot);
  out.number(pair.spi_in);
  out.number(pair.spi_out);
  put(out, pair.ike_sa);
  put(out, pair.offer);
  out.number(static_cast<std::uint64_t>(pair.lifetime.seconds.count()));
  out.number(pair.lifetime.kilobytes);
  for (const TimePoint when : {pair.created, pair.renew, pair.expires, pair.remove_at}) put(out, when);
  out.blob(pair.client_id);
  out.blob(pair.our_id);
  put(out, pair.nat_oa);
  out.text(pair.selector);
  out.bytes(pair.inner.bytes());
  out.number(pair.client_port);
  out.blob(pair.key_in.bytes());
  out.blob(pair.key_out.bytes());
}

// --- reading

TimePoint get_time(Decoder& in) {
  return TimePoint(std::chrono::nanoseconds(static_cast<std::int64_t>(in.number<std::uint64_t>())));
}
bool get_bool(Decoder& in) { return in.number<std::uint8_t>() != 0; }
std::vector<std::byte> get_bytes(Decoder& in) {
  const auto bytes = in.blob();
  return {bytes.begin(), bytes.end()};
}
Endpoint get_endpoint(Decoder& in) {
  Endpoint endpoint;
  endpoint.address = wire::IpAddress(in.array<16>());
  endpoint.port = in.number<std::uint16_t>();
  return endpoint;
}
Path get_path(Decoder& in) {
  Path path;
  path.local = get_endpoint(in);
  path.remote = get_endpoint(in);
  path.natt = get_bool(in);
  return path;
}
Cookies get_cookies(Decoder& in) {
  Cookies cookies;
  cookies.initiator = in.number<std::uint64_t>();
  cookies.responder = in.number<std::uint64_t>();
  return cookies;
}
StoredReply get_reply(Decoder& in) {
  StoredReply reply;
  reply.question = in.array<20>();
  reply.reply = get_bytes(in);
  return reply;
}
Phase1Suite get_suite(Decoder& in) {
  Phase1Suite suite;
  suite.cipher = crypto::IkeCipher{in.number<std::uint8_t>()};
  suite.key_bits = in.number<std::uint16_t>();
  suite.hash = crypto::IkeHash{in.number<std::uint8_t>()};
  suite.group = crypto::DhGroup{in.number<std::uint16_t>()};
  return suite;
}
PeerKind get_kind(Decoder& in) {
  PeerKind kind;
  kind.nat_traversal = NatTraversal{in.number<std::uint8_t>()};
  for (bool* flag :
       {&kind.dpd, &kind.fragmentation, &kind.microsoft, &kind.racoon, &kind.apple, &kind.strongswan})
    *flag = get_bool(in);
  return kind;
}

// nullopt: a suite that this program does not have.
std::optional<Phase2Offer> get_offer(Decoder& in) {
  Phase2Offer offer;
  const auto suite = crypto::find_suite(in.text());
  offer.suite = suite.value_or(0);
  offer.encapsulation_mode = in.number<std::uint16_t>();
  offer.esn = get_bool(in);
  const auto group = in.number<std::uint16_t>();
  if (group != 0) offer.group = crypto::DhGroup{group};
  offer.lifetime_seconds = in.number<std::uint64_t>();
  offer.lifetime_kilobytes = in.number<std::uint64_t>();
  return suite ? std::optional(offer) : std::nullopt;
}

std::unique_ptr<Exchange> get_exchange(Decoder& in) {
  auto exchange = std::make_unique<Exchange>();
  exchange->message_id = in.number<std::uint32_t>();
  exchange->iv = in.array<crypto::longest_block>();
  exchange->reply = get_reply(in);
  exchange->started = get_time(in);
  if (!get_bool(in)) return exchange;
  exchange->quick = std::make_unique<QuickMode>();
  exchange->quick->state = QuickMode::State::sent_second;
  exchange->quick->nonce_i = get_bytes(in);
  exchange->quick->nonce_r = get_bytes(in);
  exchange->quick->slot = in.number<std::uint32_t>();
  return exchange;
}

bool is_sound(const IkeSa& sa) {
  return crypto::is_key_length(sa.suite.cipher, sa.keys.cipher_key.size()) &&
         sa.suite.hash <= crypto::IkeHash::sha2_512 && sa.suite.cipher <= crypto::IkeCipher::des3_cbc &&
         sa.kind.nat_traversal <= NatTraversal::rfc3947;
}

std::unique_ptr<IkeSa> get_ike_sa(Decoder& in, std::uint32_t peer_id) {
  auto sa = std::make_unique<IkeSa>();
  sa->peer_id = peer_id;
  sa->cookies = get_cookies(in);
  sa->we_initiated = get_bool(in);
  sa->path = get_path(in);
  sa->suite = get_suite(in);
  sa->kind = get_kind(in);
  sa->udp_encapsulation = get_bool(in);
  sa->keys.skeyid_d = crypto::SecretBytes(in.blob());
  sa->keys.skeyid_a = crypto::SecretBytes(in.blob());
  sa->keys.skeyid_e = crypto::SecretBytes(in.blob());
  sa->keys.cipher_key = crypto::SecretBytes(in.blob());
  sa->last_phase1_block = in.array<crypto::longest_block>();
  sa->identity = in.text();
  sa->psk = in.number<std::uint32_t>();
  sa->created = get_time(in);
  sa->expires = get_time(in);
  sa->renew = get_time(in);
  sa->last_reply = get_reply(in);
  sa->dpd_sequence = in.number<std::uint32_t>();
  const bool heard = get_bool(in);
  const auto number = in.number<std::uint32_t>();
  if (heard) sa->dpd_heard = number;
  for (auto left = in.number<std::uint16_t>(); left > 0 && in.ok(); --left)
    sa->used_message_ids.insert(in.number<std::uint32_t>());
  for (auto left = in.number<std::uint16_t>(); left > 0 && in.ok(); --left)
    sa->seen_informational.push_back(in.number<std::uint32_t>());
  for (auto left = in.number<std::uint16_t>(); left > 0 && in.ok(); --left)
    sa->exchanges.push_back(get_exchange(in));
  return in.ok() && is_sound(*sa) ? std::move(sa) : nullptr;
}

std::unique_ptr<SaPair> get_pair(Decoder& in) {
  auto pair = std::make_unique<SaPair>();
  const auto state = in.number<std::uint8_t>();
  pair->state = SaPair::State{state};
  pair->slot = in.number<std::uint32_t>();
  pair->spi_in = in.number<std::uint32_t>();
  pair->spi_out = in.number<std::uint32_t>();
  pair->ike_sa = get_cookies(in);
  const auto offer = get_offer(in);
  if (offer) pair->offer = *offer;
  pair->lifetime.seconds = std::chrono::seconds(in.number<std::uint64_t>());
  pair->lifetime.kilobytes = in.number<std::uint64_t>();
  for (TimePoint* when : {&pair->created, &pair->renew, &pair->expires, &pair->remove_at})
    *when = get_time(in);
  pair->client_id = get_bytes(in);
  pair->our_id = get_bytes(in);
  pair->nat_oa = get_bool(in);
  pair->selector = in.text();
  pair->inner = wire::IpAddress(in.array<16>());
  pair->client_port = in.number<std::uint16_t>();
  pair->key_in = crypto::SecretBytes(in.blob());
  pair->key_out = crypto::SecretBytes(in.blob());
  const bool sound = in.ok() && offer && state <= static_cast<std::uint8_t>(SaPair::State::leaving);
  return sound ? std::move(pair) : nullptr;
}

}  // namespace

SecretEncoder encode_peer(const Peer& peer) {
  SecretEncoder out;
  out.number(record_version);
  out.number(peer.id);
  put(out, peer.path);
  out.text(peer.identity);
  out.bytes(peer.inner.bytes());
  put(out, peer.created);
  put(out, peer.heard);
  const auto is_kept_sa = [](const auto& sa) { return sa->is_established(); };
  const auto is_kept_pair = [](const auto& pair) { return pair->state != SaPair::State::installing; };
  out.number(static_cast<std::uint16_t>(std::ranges::count_if(peer.ike_sas, is_kept_sa)));
  for (const auto& sa : peer.ike_sas)
    if (is_kept_sa(sa)) put(out, *sa);
  out.number(static_cast<std::uint16_t>(std::ranges::count_if(peer.pairs, is_kept_pair)));
  for (const auto& pair : peer.pairs)
    if (is_kept_pair(pair)) put(out, *pair);
  return out;
}

std::unique_ptr<Peer> decode_peer(std::span<const std::byte> record) {
  Decoder in(record);
  if (in.number<std::uint16_t>() != record_version) return nullptr;
  auto peer = std::make_unique<Peer>();
  peer->id = in.number<std::uint32_t>();
  peer->path = get_path(in);
  peer->identity = in.text();
  peer->inner = wire::IpAddress(in.array<16>());
  peer->created = get_time(in);
  peer->heard = get_time(in);
  for (auto left = in.number<std::uint16_t>(); left > 0; --left) {
    auto sa = get_ike_sa(in, peer->id);
    if (!sa) return nullptr;
    peer->ike_sas.push_back(std::move(sa));
  }
  for (auto left = in.number<std::uint16_t>(); left > 0; --left) {
    auto pair = get_pair(in);
    if (!pair) return nullptr;
    peer->pairs.push_back(std::move(pair));
  }
  return in.complete() && peer->id != 0 ? std::move(peer) : nullptr;
}

}  // namespace espgate::control::ike
