// SPDX-License-Identifier: Apache-2.0
#include "control/ike/quick_mode.h"

#include "control/ike/octets.h"
#include "wire/big_endian.h"
#include "wire/isakmp_builder.h"
#include "wire/isakmp_payloads.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace espgate::control::ike {
namespace {

using wire::IsakmpPayloadType;

constexpr std::uint8_t udp = 17;
constexpr std::uint16_t l2tp_port = 1701;
constexpr std::size_t least_nonce = 8, most_nonce = 256;
constexpr std::uint8_t esp = static_cast<std::uint8_t>(wire::IsakmpProtocol::esp);
// RFC 2407 §4.5.4: what holds when no lifetime is named.
constexpr std::chrono::seconds default_lifetime{28800};

struct Identities {
  wire::Bytes client, ours;
};

// The two ID payloads, the initiator's first (RFC 2409 §5.5).
Expected<Identities> find_identities(const Payloads& payloads) {
  std::vector<wire::Bytes> found;
  for (const wire::IsakmpPayload& payload : payloads.all())
    if (payload.type == IsakmpPayloadType::identification) found.push_back(payload.body);
  if (found.size() != 2) {
    return refuse(
        Reason::bad_selectors,
        fmt::format("{} ID payloads: L2TP/IPsec names udp/1701 in two; set leftprotoport=17/1701 or its "
                    "like at the client",
                    found.size()),
        wire::IsakmpNotifyType::invalid_id_information);
  }
  return Identities{found[0], found[1]};
}

bool is_our_address(const wire::IsakmpIdentification& id, const Settings& settings) {
  const auto address = id.address();
  if (address) return *address == settings.public_address || *address == settings.local;
  // A subnet of one address.
  if (id.type != wire::IsakmpIdType::ipv4_subnet || id.data.size() != 8) return false;
  const auto one = wire::IpAddress::v4(wire::load_big_endian<std::uint32_t>(id.data.data()));
  const bool host = wire::load_big_endian<std::uint32_t>(id.data.data() + 4) == 0xffff'ffff;
  return host && (one == settings.public_address || one == settings.local);
}

tl::unexpected<Refusal> bad_selectors(const std::string& client, const std::string& ours,
                                      const Settings& settings) {
  return refuse(Reason::bad_selectors,
                fmt::format("the client wants to protect {} to {}; expected udp, any port, to {} udp/1701",
                            client, ours, settings.public_address.to_string()),
                wire::IsakmpNotifyType::invalid_id_information);
}

// Who the SAs are for. `ours` and `client` in the order of the roles.
Expected<void> read_selectors(const IkeSa& sa, const Identities& bodies, const Settings& settings,
                              QuickMode& quick) {
  const auto client = wire::IsakmpIdentification::parse(bodies.client);
  const auto ours = wire::IsakmpIdentification::parse(bodies.ours);
  if (!client || !ours) return refuse(Reason::malformed, "an ID payload is malformed");
  const bool l2tp = client->protocol == udp && ours->protocol == udp && ours->port == l2tp_port;
  if (!l2tp || !is_our_address(*ours, settings))
    return bad_selectors(client->to_string(), ours->to_string(), settings);
  quick.selector = client->to_string();
  quick.client_port = client->port;
  if (const auto address = client->address()) quick.inner = *address;
  const bool translated = !quick.inner.is_any() && quick.inner != sa.path.remote.address;
  if (translated && quick.inner != wire::IpAddress::v4(0) && !settings.allows_network(quick.inner)) {
    return refuse(Reason::bad_network,
                  fmt::format("the client's own address {} is outside ike.allowed_client_networks",
                              quick.inner.to_string()),
                  wire::IsakmpNotifyType::invalid_id_information);
  }
  return {};
}

Expected<std::vector<std::byte>> read_nonce(const Payloads& payloads) {
  const auto nonce = payloads.one(IsakmpPayloadType::nonce, "nonce");
  if (!nonce) return tl::unexpected(nonce.error());
  if (nonce->size() < least_nonce || nonce->size() > most_nonce)
    return refuse(Reason::malformed, fmt::format("a nonce of {} bytes; 8 to 256 are allowed", nonce->size()));
  return copy_of(*nonce);
}

// With perfect forward secrecy there is a public value, and only then.
Expected<std::vector<std::byte>> read_public_value(const Payloads& payloads, const Phase2Offer& offer) {
  const wire::IsakmpPayload* payload = payloads.find(IsakmpPayloadType::key_exchange);
  if (!offer.group) return std::vector<std::byte>();
  if (payload == nullptr || payload->body.size() != crypto::public_bytes(*offer.group)) {
    return refuse(Reason::bad_key_exchange,
                  fmt::format("no public value of {} bytes for {}", crypto::public_bytes(*offer.group),
                              crypto::to_string(*offer.group)),
                  wire::IsakmpNotifyType::invalid_key_information);
  }
  return copy_of(payload->body);
}

Phase2Policy policy_of(const IkeSa& sa, const Settings& settings) {
  return {.legacy = settings.legacy_esp, .udp_encapsulation = sa.udp_encapsulation, .racoon = sa.kind.racoon};
}

Expected<Phase2Choice> read_choice(const IkeSa& sa, const Payloads& payloads, const Settings& settings) {
  const auto body = payloads.one(IsakmpPayloadType::sa, "SA");
  if (!body) return tl::unexpected(body.error());
  const auto offer = wire::IsakmpSa::parse(*body);
  if (!offer)
    return refuse(Reason::malformed, fmt::format("its SA payload is {}", wire::to_string(offer.error())));
  return choose_phase2(*offer, policy_of(sa, settings));
}

// The original addresses (RFC 3947 §5.2): the client's as we see it, ours as the client knows it.
void add_nat_oa(ProtectedMessage& message, const IkeSa& sa, const Settings& settings, bool client_first) {
  const auto type = nat_oa_of(sa.kind.nat_traversal);
  const auto client = wire::isakmp_nat_oa(sa.path.remote.address);
  const auto ours = wire::isakmp_nat_oa(settings.public_address);
  message.payload(type, {client_first ? client : ours});
  message.payload(type, {client_first ? ours : client});
}

void add_lifetime(ProtectedMessage& message, const QuickMode& quick) {
  std::vector<std::byte> data;
  const auto attribute = [&](wire::IpsecAttribute type, std::uint64_t value) {
    std::array<std::byte, 8> bytes = {};
    if (value < 0x10000) {
      wire::store_big_endian(bytes.data(), static_cast<std::uint16_t>(0x8000U | static_cast<unsigned>(type)));
      wire::store_big_endian(bytes.data() + 2, static_cast<std::uint16_t>(value));
      data.insert(data.end(), bytes.begin(), bytes.begin() + 4);
    } else {
      wire::store_big_endian(bytes.data(), static_cast<std::uint16_t>(type));
      wire::store_big_endian(bytes.data() + 2, std::uint16_t{4});
      wire::store_big_endian(bytes.data() + 4,
                             static_cast<std::uint32_t>(std::min<std::uint64_t>(value, 0xffff'ffff)));
      data.insert(data.end(), bytes.begin(), bytes.end());
    }
  };
  attribute(wire::IpsecAttribute::life_type, 1);
  attribute(wire::IpsecAttribute::life_duration, static_cast<std::uint64_t>(quick.lifetime.seconds.count()));
  if (quick.lifetime.kilobytes != 0) {
    attribute(wire::IpsecAttribute::life_type, 2);
    attribute(wire::IpsecAttribute::life_duration, quick.lifetime.kilobytes);
  }
  message.payload(IsakmpPayloadType::notification,
                  {wire::isakmp_notification(esp, octets(quick.spi_in),
                                             wire::IsakmpNotifyType::responder_lifetime, data)});
}

// What the responder says about lifetimes beside its SA payload.
void take_responder_lifetime(const Payloads& payloads, QuickMode& quick) {
  for (const wire::IsakmpPayload& payload : payloads.all()) {
    if (payload.type != IsakmpPayloadType::notification) continue;
    const auto notification = wire::IsakmpNotification::parse(payload.body);
    if (!notification || !(notification->type == wire::IsakmpNotifyType::responder_lifetime)) continue;
    std::uint64_t type = 0;
    wire::IsakmpAttributeWalk walk(notification->data);
    for (auto next = walk.next(); next && *next; next = walk.next()) {
      const std::uint64_t value = (*next)->number().value_or(0);
      if ((*next)->type == wire::IpsecAttribute::life_type) type = value;
      if ((*next)->type == wire::IpsecAttribute::life_duration && type == 1 && value != 0) {
        quick.lifetime.seconds = std::min(quick.lifetime.seconds,
                                          std::chrono::seconds(std::min<std::uint64_t>(value, 0x7fff'ffff)));
      }
      if ((*next)->type == wire::IpsecAttribute::life_duration && type == 2 && value != 0) {
        quick.lifetime.kilobytes =
            quick.lifetime.kilobytes == 0 ? value : std::min(quick.lifetime.kilobytes, value);
      }
    }
  }
}

}  // namespace

Lifetime settle_lifetime(const Phase2Offer& offer, const Settings& settings) {
  Lifetime lifetime;
  const auto offered =
      offer.lifetime_seconds == 0
          ? default_lifetime
          : std::chrono::seconds(std::min<std::uint64_t>(offer.lifetime_seconds, 0x7fff'ffff));
  lifetime.seconds = std::min(offered, settings.sa_lifetime);
  lifetime.kilobytes = offer.lifetime_kilobytes;
  if (settings.sa_lifetime_kilobytes != 0 &&
      (lifetime.kilobytes == 0 || lifetime.kilobytes > settings.sa_lifetime_kilobytes))
    lifetime.kilobytes = settings.sa_lifetime_kilobytes;
  lifetime.shortened = lifetime.seconds < offered || lifetime.kilobytes != offer.lifetime_kilobytes;
  return lifetime;
}

Expected<QuickFirst> read_quick_first(const IkeSa& sa, const OpenedMessage& message,
                                      const Settings& settings) {
  const auto choice = read_choice(sa, message.payloads, settings);
  if (!choice) return tl::unexpected(choice.error());
  QuickFirst first = {*choice, {}};
  QuickMode& quick = first.quick;
  quick.offer = choice->offer;
  quick.spi_out = choice->peer_spi;
  quick.lifetime = settle_lifetime(choice->offer, settings);
  auto nonce = read_nonce(message.payloads);
  if (!nonce) return tl::unexpected(nonce.error());
  quick.nonce_i = std::move(*nonce);
  const auto identities = find_identities(message.payloads);
  if (!identities) return tl::unexpected(identities.error());
  quick.id_i = copy_of(identities->client);
  quick.id_r = copy_of(identities->ours);
  if (auto fits = read_selectors(sa, *identities, settings, quick); !fits)
    return tl::unexpected(fits.error());
  auto public_value = read_public_value(message.payloads, quick.offer);
  if (!public_value) return tl::unexpected(public_value.error());
  quick.peer_public = std::move(*public_value);
  if (sa.kind.nat_traversal != NatTraversal::none) {
    const wire::IsakmpPayload* oa = message.payloads.find(nat_oa_of(sa.kind.nat_traversal));
    quick.nat_oa = oa != nullptr;
    const auto parsed = oa != nullptr
                            ? wire::IsakmpNatOa::parse(oa->body)
                            : wire::Expected<wire::IsakmpNatOa>(wire::fail(wire::ParseError::truncated));
    if (parsed && (quick.inner.is_any() || quick.inner == wire::IpAddress::v4(0)))
      quick.inner = parsed->address;
  }
  return first;
}

std::vector<std::byte> build_quick_second(const IkeSa& sa, std::uint32_t message_id, const QuickMode& quick,
                                          const Settings& settings, IvBlock& iv) {
  ProtectedMessage message(sa, wire::IsakmpExchange::quick_mode, message_id);
  message.payload(IsakmpPayloadType::sa, {quick.sa_answer});
  message.payload(IsakmpPayloadType::nonce, {quick.nonce_r});
  if (!quick.own_public.empty()) message.payload(IsakmpPayloadType::key_exchange, {quick.own_public});
  message.payload(IsakmpPayloadType::identification, {quick.id_i});
  message.payload(IsakmpPayloadType::identification, {quick.id_r});
  if (quick.nat_oa) add_nat_oa(message, sa, settings, true);
  if (quick.lifetime.shortened) add_lifetime(message, quick);
  return message.seal(iv, quick.nonce_i);
}

crypto::HashValue quick_third_hash(const IkeSa& sa, std::uint32_t message_id, const QuickMode& quick) {
  const std::array zero = {std::byte{0}};
  return crypto::prf_value(sa.suite.hash, sa.keys.skeyid_a.bytes(),
                           {zero, octets(message_id), quick.nonce_i, quick.nonce_r});
}

std::vector<std::byte> build_quick_first(const IkeSa& sa, std::uint32_t message_id, const QuickMode& quick,
                                         const std::vector<crypto::SuiteId>& suites, const Settings& settings,
                                         IvBlock& iv) {
  const auto offer =
      offer_phase2({.suites = suites,
                    .encapsulation_mode = quick.offer.encapsulation_mode,
                    .group = quick.offer.group,
                    .lifetime_seconds = static_cast<std::uint32_t>(quick.lifetime.seconds.count()),
                    .spi = quick.spi_in});
  ProtectedMessage message(sa, wire::IsakmpExchange::quick_mode, message_id);
  message.payload(IsakmpPayloadType::sa, {offer});
  message.payload(IsakmpPayloadType::nonce, {quick.nonce_i});
  if (!quick.own_public.empty()) message.payload(IsakmpPayloadType::key_exchange, {quick.own_public});
  message.payload(IsakmpPayloadType::identification, {quick.id_i});
  message.payload(IsakmpPayloadType::identification, {quick.id_r});
  if (quick.nat_oa) add_nat_oa(message, sa, settings, false);
  return message.seal(iv);
}

Expected<void> read_quick_second(const IkeSa& sa, std::uint32_t message_id, const OpenedMessage& message,
                                 const Settings& settings, QuickMode& quick) {
  if (!has_right_hash(sa, message_id, quick.nonce_i, message))
    return refuse(Reason::bad_hash, "a wrong HASH(2)");
  const auto choice = read_choice(sa, message.payloads, settings);
  if (!choice) return tl::unexpected(choice.error());
  // A responder answers with what was asked for (RFC 2409 §5.5).
  if (choice->offer.group != quick.offer.group)
    return refuse(Reason::no_sa_proposal, "the peer chose another Diffie-Hellman group than was offered");
  auto nonce = read_nonce(message.payloads);
  if (!nonce) return tl::unexpected(nonce.error());
  auto public_value = read_public_value(message.payloads, choice->offer);
  if (!public_value) return tl::unexpected(public_value.error());
  quick.offer = choice->offer;
  quick.spi_out = choice->peer_spi;
  quick.nonce_r = std::move(*nonce);
  quick.peer_public = std::move(*public_value);
  quick.lifetime = settle_lifetime(choice->offer, settings);
  take_responder_lifetime(message.payloads, quick);
  return {};
}

crypto::SecretBytes sa_key(const IkeSa& sa, const QuickMode& quick, std::uint32_t spi) {
  const crypto::Suite& suite = crypto::suite(quick.offer.suite);
  const std::size_t bytes =
      std::size_t{suite.cipher_key_bytes} + suite.salt_bytes + suite.integrity_key_bytes;
  return crypto::derive_keymat(sa.suite.hash, sa.keys.skeyid_d.bytes(), quick.g_xy.bytes(), esp, spi,
                               quick.nonce_i, quick.nonce_r, bytes);
}

}  // namespace espgate::control::ike
