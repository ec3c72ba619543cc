// SPDX-License-Identifier: Apache-2.0
// Quick mode, in both roles.
#include "control/ike/negotiator.h"
#include "control/ike/octets.h"
#include "control/ike/quick_mode.h"
#include "wire/isakmp_builder.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::ike {
namespace {

constexpr std::size_t nonce_bytes = 32;
constexpr std::string_view quick_mode = "quick mode";
constexpr std::chrono::milliseconds first_retry{1000};

std::string hex(wire::Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

}  // namespace

void Negotiator::on_quick_mode(IkeSa& sa, const Path& path, wire::Bytes datagram,
                               const wire::IsakmpMessage& message, TimePoint now) {
  const std::uint32_t id = message.header().message_id.host();
  Exchange* exchange = sa.find_exchange(id);
  if (exchange == nullptr) {
    on_quick_first(sa, path, datagram, message, now);
    return;
  }
  if (!exchange->reply.reply.empty() && digest_of(datagram) == exchange->reply.question) {
    send(sa, exchange->reply.reply);
    return;
  }
  if (!exchange->quick) return;
  // Either may end the exchange.
  const QuickMode::State state = exchange->quick->state;
  if (state == QuickMode::State::sent_second)
    on_quick_third(sa, *exchange, message, now);
  else if (state == QuickMode::State::sent_first)
    on_quick_second(sa, *exchange, datagram, message, now);
}

void Negotiator::on_quick_first(IkeSa& sa, const Path& path, wire::Bytes datagram,
                                const wire::IsakmpMessage& message, TimePoint now) {
  const std::uint32_t id = message.header().message_id.host();
  if (id == 0 || sa.used_message_ids.contains(id)) {
    count(Reason::repeated_message_id);
    return;
  }
  const auto opened = open_message(sa, first_iv(sa, id), message);
  if (!opened || !has_right_hash(sa, id, {}, *opened)) {
    count(opened ? Reason::bad_hash : opened.error().reason);
    return;
  }
  // From here on it is the client's own word, and was not heard before.
  if (sa.exchanges.size() >= IkeSa::most_exchanges || sa.used_message_ids.size() >= IkeSa::most_message_ids) {
    count(Reason::too_many_exchanges);
    return;
  }
  sa.used_message_ids.insert(id);
  Peer& peer = *peers_.at(sa.peer_id);
  sa.path = path;
  heard(peer, path, now);
  auto first = read_quick_first(sa, *opened, settings_);
  if (!first) {
    refuse_quick(sa, nullptr, id, first.error(), now);
    return;
  }
  const auto spi = spis_.allocate(random_number());
  if (!spi) {
    refuse_quick(sa, nullptr, id,
                 {Reason::no_slot,
                  "the data plane has no room for another SA pair; it needs more memory, or fewer clients",
                  wire::IsakmpNotifyType::no_proposal_chosen},
                 now);
    return;
  }
  auto exchange = std::make_unique<Exchange>();
  exchange->message_id = id;
  exchange->iv = opened->next_iv;
  exchange->started = now;
  exchange->reply.question = digest_of(datagram);
  exchange->quick = std::make_unique<QuickMode>(std::move(first->quick));
  QuickMode& quick = *exchange->quick;
  quick.spi_in = *spi;
  quick.slot = SpiAllocator::slot_of(*spi);
  quick.nonce_r = random_bytes(nonce_bytes);
  quick.sa_answer = first->choice.answer(*spi);
  Exchange& kept = *sa.exchanges.emplace_back(std::move(exchange));
  if (!quick.offer.group) {
    install(sa, kept, now);
    return;
  }
  quick.state = QuickMode::State::computing;
  const auto started = start_key_exchange(
      sa, {.group = *quick.offer.group, .key_pair = nullptr, .peer_public = quick.peer_public}, id);
  if (started) return;
  count(started.error().reason);
  spis_.release(quick.slot);
  sa.erase_exchange(id);
  sa.used_message_ids.erase(id);  // the client will say it again
}

// Both SAs go to the data plane before our message leaves: the client may send on them as soon as it has it.
void Negotiator::install(IkeSa& sa, Exchange& exchange, TimePoint now) {
  QuickMode& quick = *exchange.quick;
  Peer& peer = *peers_.at(sa.peer_id);
  while (peer.pairs.size() >= Peer::most_pairs) remove_pair(peer, peer.pairs.front()->slot);
  auto pair = std::make_unique<SaPair>();
  pair->slot = quick.slot;
  pair->spi_in = quick.spi_in;
  pair->spi_out = quick.spi_out;
  pair->ike_sa = sa.cookies;
  pair->offer = quick.offer;
  pair->lifetime = quick.lifetime;
  pair->created = now;
  pair->expires = now + quick.lifetime.seconds;
  pair->renew = pair->expires - std::min(settings_.rekey_margin, quick.lifetime.seconds / 4);
  pair->client_id = quick.we_initiated ? quick.id_r : quick.id_i;
  pair->our_id = quick.we_initiated ? quick.id_i : quick.id_r;
  pair->nat_oa = quick.nat_oa;
  pair->selector = quick.selector;
  pair->inner = quick.inner;
  pair->client_port = quick.client_port;
  pair->key_in = sa_key(sa, quick, quick.spi_in);
  pair->key_out = sa_key(sa, quick, quick.spi_out);
  if (!quick.inner.is_any()) peer.inner = quick.inner;
  quick.state = quick.we_initiated ? QuickMode::State::finishing : QuickMode::State::installing;
  peer_of_slot_[pair->slot] = peer.id;
  peer.pairs.push_back(std::move(pair));
  changed_.insert(peer.id);
  actions_.emplace_back(InstallPair{peer.id, quick.slot});
}

void Negotiator::on_installed(std::uint32_t slot, bool installed, std::string_view problem, TimePoint now) {
  const auto found = peer_of_slot_.find(slot);
  if (found == peer_of_slot_.end()) return;
  Peer& peer = *peers_.at(found->second);
  SaPair& pair = *peer.find_pair(slot);
  if (pair.state != SaPair::State::installing) return;
  IkeSa* sa = find(pair.ike_sa);
  Exchange* exchange = nullptr;
  if (sa != nullptr) {
    const auto at = std::ranges::find_if(
        sa->exchanges, [&](const auto& each) { return each->quick && each->quick->slot == slot; });
    exchange = at == sa->exchanges.end() ? nullptr : at->get();
  }
  if (exchange == nullptr) {
    remove_pair(peer, slot);
    return;
  }
  const std::uint32_t id = exchange->message_id;
  if (!installed) {
    remove_pair(peer, slot);  // with its exchange
    refuse_quick(*sa, nullptr, id,
                 {Reason::not_installed, fmt::format("the data plane does not take the SAs: {}", problem),
                  wire::IsakmpNotifyType::no_proposal_chosen},
                 now);
    return;
  }
  QuickMode& quick = *exchange->quick;
  pair.state = SaPair::State::unconfirmed;
  changed_.insert(peer.id);
  save_keys(*sa, pair, peer.path);
  arm(peer, next_due(peer));
  if (quick.we_initiated) {
    const auto third = ProtectedMessage(*sa, wire::IsakmpExchange::quick_mode, id)
                           .seal_with(exchange->iv, quick_third_hash(*sa, id, quick));
    exchange->reply.reply = third;
    send(*sa, third);
    exchange->quick.reset();
    confirm(peer, pair, now);
    return;
  }
  quick.state = QuickMode::State::sent_second;
  exchange->reply.reply = build_quick_second(*sa, id, quick, settings_, exchange->iv);
  send(*sa, exchange->reply.reply);
}

void Negotiator::on_quick_third(IkeSa& sa, Exchange& exchange, const wire::IsakmpMessage& message,
                                TimePoint now) {
  const auto opened = open_message(sa, exchange.iv, message);
  const wire::IsakmpPayload* hash = opened ? opened->payloads.find(wire::IsakmpPayloadType::hash) : nullptr;
  const crypto::HashValue expected = quick_third_hash(sa, exchange.message_id, *exchange.quick);
  if (hash == nullptr || !crypto::equal_in_constant_time(hash->body, expected.span())) {
    count(Reason::bad_hash);
    return;
  }
  Peer& peer = *peers_.at(sa.peer_id);
  SaPair* pair = peer.find_pair(exchange.quick->slot);
  // The exchange is over: what comes under its id again, the used ids refuse.
  sa.erase_exchange(exchange.message_id);
  heard(peer, peer.path, now);
  if (pair != nullptr) confirm(peer, *pair, now);
}

// Told under protection, so that the client's log has it too.
void Negotiator::refuse_quick(IkeSa& sa, Exchange* exchange, std::uint32_t message_id, const Refusal& refusal,
                              TimePoint now) {
  fail(sa.path.remote, quick_mode, refusal, now);
  if (refusal.notify) {
    send_informational(sa, wire::IsakmpPayloadType::notification,
                       wire::isakmp_notification(wire::IsakmpProtocol::esp, {}, *refusal.notify, {}));
  }
  if (exchange != nullptr) {
    if (exchange->quick && exchange->quick->slot != 0) spis_.release(exchange->quick->slot);
    sa.erase_exchange(message_id);
  }
  renew_later(*peers_.at(sa.peer_id), now);
}

void Negotiator::on_quick_keys(IkeSa& sa, Exchange& exchange, DiffieHellmanResult result, TimePoint now) {
  QuickMode& quick = *exchange.quick;
  if (!result.error.empty()) {
    refuse_quick(sa, &exchange, exchange.message_id,
                 {Reason::bad_key_exchange, result.error, wire::IsakmpNotifyType::invalid_key_information},
                 now);
    return;
  }
  quick.own_public = copy_of(result.key_pair->public_value());
  if (quick.state == QuickMode::State::preparing) {
    quick.key_pair = std::move(*result.key_pair);
    send_quick_first(sa, exchange, now);
    return;
  }
  quick.g_xy = std::move(result.shared);
  install(sa, exchange, now);
}

// --- as initiator: to replace a pair before it ends

bool Negotiator::begin_quick_mode(std::uint32_t peer_id, TimePoint now) {
  const auto found = peers_.find(peer_id);
  if (found == peers_.end()) return false;
  IkeSa* sa = found->second->ike_sa();
  return sa != nullptr && begin_quick_mode(*found->second, *sa, found->second->live_pair(), now);
}

bool Negotiator::begin_quick_mode(Peer& peer, IkeSa& sa, const SaPair* replaced, TimePoint now) {
  const auto spi = spis_.allocate(random_number());
  if (!spi || sa.exchanges.size() >= IkeSa::most_exchanges) {
    if (spi) spis_.release(SpiAllocator::slot_of(*spi));
    return false;
  }
  auto exchange = std::make_unique<Exchange>();
  exchange->message_id = new_message_id(sa);
  exchange->iv = first_iv(sa, exchange->message_id);
  exchange->started = now;
  exchange->quick = std::make_unique<QuickMode>();
  sa.used_message_ids.insert(exchange->message_id);
  QuickMode& quick = *exchange->quick;
  quick.we_initiated = true;
  quick.spi_in = *spi;
  quick.slot = SpiAllocator::slot_of(*spi);
  quick.nonce_i = random_bytes(nonce_bytes);
  quick.lifetime.seconds = settings_.sa_lifetime;
  quick.offer.encapsulation_mode = sa.udp_encapsulation
                                       ? udp_transport_of(sa.kind.nat_traversal)
                                       : static_cast<std::uint16_t>(wire::EncapsulationMode::transport);
  if (replaced != nullptr) {
    quick.offer = replaced->offer;
    quick.lifetime.seconds = replaced->lifetime.seconds;
    quick.id_i = replaced->our_id;
    quick.id_r = replaced->client_id;
    quick.selector = replaced->selector;
    quick.inner = replaced->inner;
    quick.client_port = replaced->client_port;
    quick.nat_oa = replaced->nat_oa;
  } else {
    constexpr std::uint8_t udp = 17;
    constexpr std::uint16_t l2tp_port = 1701;
    const auto id_of = [&](const wire::IpAddress& address) {
      return wire::isakmp_identification(wire::IsakmpIdType::ipv4_address, udp, l2tp_port,
                                         wire::Bytes(address.bytes()).last(4));
    };
    quick.id_i = id_of(settings_.local);
    quick.id_r = id_of(peer.path.remote.address);
    quick.selector = peer.path.remote.address.to_string() + " udp/1701";
  }
  Exchange& kept = *sa.exchanges.emplace_back(std::move(exchange));
  if (!quick.offer.group) {
    send_quick_first(sa, kept, now);
    return true;
  }
  quick.state = QuickMode::State::preparing;
  const auto started = start_key_exchange(
      sa, {.group = *quick.offer.group, .key_pair = nullptr, .peer_public = {}}, kept.message_id);
  if (started) return true;
  spis_.release(quick.slot);
  sa.erase_exchange(kept.message_id);
  return false;
}

void Negotiator::send_quick_first(IkeSa& sa, Exchange& exchange, TimePoint now) {
  QuickMode& quick = *exchange.quick;
  // What the replaced pair had comes first: the peer has taken it before.
  std::vector<crypto::SuiteId> suites = preferred_suites();
  const Peer& peer = *peers_.at(sa.peer_id);
  if (peer.live_pair() != nullptr) {
    std::erase(suites, quick.offer.suite);
    suites.insert(suites.begin(), quick.offer.suite);
  }
  constexpr std::size_t most_offered = 8;
  if (suites.size() > most_offered) suites.resize(most_offered);
  quick.sent = build_quick_first(sa, exchange.message_id, quick, suites, settings_, exchange.iv);
  quick.state = QuickMode::State::sent_first;
  quick.again = now + first_retry;
  send(sa, quick.sent);
  arm(*peers_.at(sa.peer_id), quick.again);
}

void Negotiator::on_quick_second(IkeSa& sa, Exchange& exchange, wire::Bytes datagram,
                                 const wire::IsakmpMessage& message, TimePoint now) {
  QuickMode& quick = *exchange.quick;
  const auto opened = open_message(sa, exchange.iv, message);
  if (!opened) {
    count(opened.error().reason);
    return;
  }
  if (const auto read = read_quick_second(sa, exchange.message_id, *opened, settings_, quick); !read) {
    if (read.error().reason == Reason::bad_hash) {
      count(Reason::bad_hash);
    } else {
      refuse_quick(sa, &exchange, exchange.message_id, read.error(), now);
    }
    return;
  }
  exchange.iv = opened->next_iv;
  exchange.reply.question = digest_of(datagram);
  heard(*peers_.at(sa.peer_id), sa.path, now);
  quick.sent.clear();
  quick.state = QuickMode::State::finishing;
  if (!quick.offer.group) {
    install(sa, exchange, now);
    return;
  }
  const auto started =
      start_key_exchange(sa,
                         {.group = *quick.offer.group,
                          .key_pair = std::make_shared<crypto::DhKeyPair>(std::move(*quick.key_pair)),
                          .peer_public = quick.peer_public},
                         exchange.message_id);
  if (!started) refuse_quick(sa, &exchange, exchange.message_id, started.error(), now);
}

// "IPv4","source","destination","SPI","cipher","key","integrity","key": Wireshark's esp_sa.
void Negotiator::save_keys(const IkeSa&, const SaPair& pair, const Path& path) {
  if (!environment_.save_keys) return;
  const crypto::Suite& suite = crypto::suite(pair.offer.suite);
  const std::string_view cipher = suite.cipher == crypto::Cipher::des3_cbc  ? "TripleDES-CBC [RFC2451]"
                                  : suite.cipher == crypto::Cipher::aes_gcm ? "AES-GCM [RFC4106]"
                                  : suite.cipher == crypto::Cipher::null    ? "NULL"
                                                                            : "AES-CBC [RFC3602]";
  const auto integrity = [&]() -> std::string_view {
    switch (suite.integrity) {
      case crypto::Integrity::none:
        return "NULL";
      case crypto::Integrity::hmac_md5_96:
        return "HMAC-MD5-96 [RFC2403]";
      case crypto::Integrity::hmac_sha1_96:
        return "HMAC-SHA-1-96 [RFC2404]";
      case crypto::Integrity::hmac_sha2_256_128:
        return "HMAC-SHA-256-128 [RFC4868]";
      case crypto::Integrity::hmac_sha2_256_96:
        return "HMAC-SHA-256-96 [draft-ietf-ipsec-ciph-sha-256-00]";
      case crypto::Integrity::hmac_sha2_384_192:
        return "HMAC-SHA-384-192 [RFC4868]";
      case crypto::Integrity::hmac_sha2_512_256:
        return "HMAC-SHA-512-256 [RFC4868]";
    }
    return "NULL";
  }();
  const auto line = [&](const std::string& from, const std::string& to, std::uint32_t spi, wire::Bytes key) {
    const std::size_t cipher_bytes = std::size_t{suite.cipher_key_bytes} + suite.salt_bytes;
    actions_.emplace_back(
        SaveKey{SaveKey::Table::esp_sa,
                fmt::format(R"("IPv4","{}","{}","{:#010x}","{}","0x{}","{}","0x{}")", from, to, spi, cipher,
                            hex(key.first(cipher_bytes)), integrity, hex(key.subspan(cipher_bytes)))});
  };
  const std::string client = path.remote.address.to_string(), ours = path.local.address.to_string();
  line(client, ours, pair.spi_in, pair.key_in.bytes());
  line(ours, client, pair.spi_out, pair.key_out.bytes());
}

}  // namespace espgate::control::ike
