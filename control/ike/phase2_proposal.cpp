// SPDX-License-Identifier: Apache-2.0
#include "control/ike/phase2_proposal.h"

#include "control/ike/attributes.h"
#include "wire/isakmp_builder.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/ranges.h>

namespace espgate::control::ike {
namespace {

using crypto::Integrity;
using crypto::SuiteId;
using wire::EncapsulationMode;
using wire::IpsecAttribute;

constexpr std::uint32_t least_spi = 256;  // RFC 4303 §2.1

constexpr std::array preferred_integrity = {Integrity::none,
                                            Integrity::hmac_sha2_256_128,
                                            Integrity::hmac_sha2_512_256,
                                            Integrity::hmac_sha2_384_192,
                                            Integrity::hmac_sha1_96,
                                            Integrity::hmac_md5_96};
constexpr std::array racoon_integrity = {
    Integrity::none,         Integrity::hmac_sha2_512_256, Integrity::hmac_sha2_384_192,
    Integrity::hmac_sha1_96, Integrity::hmac_sha2_256_128, Integrity::hmac_md5_96};

// The lower, the better.
auto rank(SuiteId id, bool racoon) {
  const crypto::Suite& suite = crypto::suite(id);
  const auto& order = racoon ? racoon_integrity : preferred_integrity;
  const auto place = std::ranges::find(order, suite.integrity) - order.begin();
  const bool short_icv = suite.is_aead() && suite.icv_bytes < 16;
  return std::tuple(suite.legacy, !suite.is_aead(), short_icv, 64 - suite.cipher_key_bytes, place);
}

std::optional<SuiteId> find(std::uint8_t transform, std::uint64_t key_bits, std::uint64_t authentication) {
  const auto all = crypto::suites();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const crypto::Suite& suite = all[i];
    // The truncation to 96 bits has no number of its own.
    if (suite.integrity == Integrity::hmac_sha2_256_96 || suite.esp_transform == 0) continue;
    if (suite.esp_transform == transform && suite.key_length_bits == key_bits &&
        suite.auth_algorithm == authentication)
      return static_cast<SuiteId>(i);
  }
  return std::nullopt;
}

struct Attributes {
  Phase2Offer offer;
  std::uint64_t key_bits = 0, authentication = 0;
  bool sound = true;
};

void take(Attributes& all, std::uint16_t type, std::uint64_t value, std::uint64_t& life_type) {
  switch (IpsecAttribute{type}) {
    case IpsecAttribute::life_type:
      life_type = value;
      break;
    case IpsecAttribute::life_duration:
      if (life_type == 1) all.offer.lifetime_seconds = value;
      if (life_type == 2) all.offer.lifetime_kilobytes = value;
      break;
    case IpsecAttribute::group_description:
      all.sound = all.sound && value <= 0xffff && crypto::is_supported(static_cast<std::uint16_t>(value));
      if (all.sound) all.offer.group = crypto::DhGroup{static_cast<std::uint16_t>(value)};
      break;
    case IpsecAttribute::encapsulation_mode:
      all.offer.encapsulation_mode = static_cast<std::uint16_t>(std::min<std::uint64_t>(value, 0xffff));
      break;
    case IpsecAttribute::authentication_algorithm:
      all.authentication = value;
      break;
    case IpsecAttribute::key_length:
      all.key_bits = value;
      break;
    case IpsecAttribute::extended_sequence:
      all.offer.esn = value == 1;
      break;
    default:
      break;
  }
}

Attributes read(wire::Bytes bytes) {
  Attributes all;
  std::uint64_t life_type = 0;
  // What take() finds wrong stays so.
  const bool whole = for_each_attribute(
      bytes, [&](std::uint16_t type, std::uint64_t value) { take(all, type, value, life_type); });
  all.sound = all.sound && whole;
  return all;
}

bool is_tunnel(std::uint16_t mode) {
  return mode == static_cast<std::uint16_t>(EncapsulationMode::tunnel) ||
         mode == static_cast<std::uint16_t>(EncapsulationMode::udp_tunnel) ||
         mode == static_cast<std::uint16_t>(EncapsulationMode::udp_tunnel_draft);
}

bool is_wanted(std::uint16_t mode, bool udp) {
  if (!udp) return mode == static_cast<std::uint16_t>(EncapsulationMode::transport);
  return mode == static_cast<std::uint16_t>(EncapsulationMode::udp_transport) ||
         mode == static_cast<std::uint16_t>(EncapsulationMode::udp_transport_draft);
}

std::string mode_name(std::uint16_t mode) {
  switch (EncapsulationMode{mode}) {
    case EncapsulationMode::tunnel:
      return "tunnel";
    case EncapsulationMode::transport:
      return "transport";
    case EncapsulationMode::udp_tunnel:
    case EncapsulationMode::udp_tunnel_draft:
      return "UDP-encapsulated tunnel";
    case EncapsulationMode::udp_transport:
    case EncapsulationMode::udp_transport_draft:
      return "UDP-encapsulated transport";
  }
  return mode == 0 ? "no named mode" : fmt::format("mode {}", mode);
}

// A walk over everything offered, with what stood in the way.
struct Search {
  const Phase2Policy& policy;
  std::optional<Phase2Choice> best;
  bool tunnel = false, bundle = false;
  std::vector<std::string> offered;
  std::optional<SuiteId> unnamed_legacy;

  void look_at(const wire::IsakmpProposal& proposal, const wire::IsakmpTransform& transform) {
    const auto offer = read_phase2_transform(transform);
    if (!offer) return;
    note(*offer);
    if (is_tunnel(offer->encapsulation_mode)) tunnel = true;
    if (!is_wanted(offer->encapsulation_mode, policy.udp_encapsulation)) return;
    if (!policy.accepts(offer->suite)) {
      if (crypto::suite(offer->suite).legacy && !unnamed_legacy) unnamed_legacy = offer->suite;
      return;
    }
    if (best && rank(best->offer.suite, policy.racoon) <= rank(offer->suite, policy.racoon)) return;
    best = Phase2Choice{*offer,
                        proposal.number,
                        transform.number,
                        transform.id,
                        wire::load_big_endian<std::uint32_t>(proposal.spi.data()),
                        transform.attributes};
  }

  void note(const Phase2Offer& offer) {
    std::string name =
        fmt::format("{} ({})", crypto::suite(offer.suite).name, mode_name(offer.encapsulation_mode));
    if (std::ranges::find(offered, name) == offered.end()) offered.push_back(std::move(name));
  }

  [[nodiscard]] tl::unexpected<Refusal> refusal() const {
    constexpr auto notify = wire::IsakmpNotifyType::no_proposal_chosen;
    const std::string list =
        offered.empty() ? "nothing that we know" : fmt::format("{}", fmt::join(offered, ", "));
    if (tunnel) {
      return refuse(
          Reason::tunnel_mode,
          fmt::format("the client asks for tunnel mode: offered {}. L2TP/IPsec takes transport mode: "
                      "choose \"L2TP/IPsec PSK\" at the client, or type=transport",
                      list),
          notify);
    }
    if (bundle) {
      return refuse(Reason::ip_compression,
                    "the client demands ESP together with IP compression or AH; turn compression off at the "
                    "client (compress=no)",
                    notify);
    }
    const std::string remedy =
        unnamed_legacy
            ? fmt::format(R"(add "{}" to ike.legacy_esp to allow it)", crypto::suite(*unnamed_legacy).name)
            : fmt::format("expected AES with SHA-1 or SHA-2, or AES-GCM, in {} mode",
                          policy.udp_encapsulation ? "UDP-encapsulated transport" : "transport");
    return refuse(Reason::no_sa_proposal,
                  fmt::format("no acceptable phase-2 proposal: offered {}; {}", list, remedy), notify);
  }
};

// Proposals of one number are to be had together only (RFC 2408 §4.2).
bool is_alone(const wire::IsakmpSa& offer, const wire::IsakmpProposal& proposal) {
  return std::ranges::count_if(offer.proposals,
                               [&](const auto& each) { return each.number == proposal.number; }) == 1;
}

}  // namespace

bool Phase2Policy::accepts(SuiteId suite) const {
  return !crypto::suite(suite).legacy || std::ranges::find(legacy, suite) != legacy.end();
}

std::optional<Phase2Offer> read_phase2_transform(const wire::IsakmpTransform& transform) {
  Attributes all = read(transform.attributes);
  if (!all.sound) return std::nullopt;
  const auto suite = find(transform.id, all.key_bits, all.authentication);
  if (!suite) return std::nullopt;
  all.offer.suite = *suite;
  return all.offer;
}

std::vector<std::byte> Phase2Choice::answer(std::uint32_t spi) const {
  std::array<std::byte, 4> ours = {};
  wire::store_big_endian(ours.data(), spi);
  wire::IsakmpSaBuilder builder;
  builder.begin_proposal(proposal_number, static_cast<std::uint8_t>(wire::IsakmpProtocol::esp), ours);
  builder.begin_transform(transform_number, transform_id);
  repeat_attributes(builder, attributes);
  return builder.finish();
}

Expected<Phase2Choice> choose_phase2(const wire::IsakmpSa& offer, const Phase2Policy& policy) {
  Search search{.policy = policy, .best = {}, .offered = {}, .unnamed_legacy = {}};
  for (const wire::IsakmpProposal& proposal : offer.proposals) {
    if (!is_alone(offer, proposal)) search.bundle = true;
    if (proposal.protocol != static_cast<std::uint8_t>(wire::IsakmpProtocol::esp) ||
        proposal.spi.size() != 4 || wire::load_big_endian<std::uint32_t>(proposal.spi.data()) < least_spi ||
        !is_alone(offer, proposal))
      continue;
    const auto transforms = proposal.list();
    if (!transforms) return refuse(Reason::malformed, "its SA payload is malformed");
    for (const wire::IsakmpTransform& transform : *transforms) search.look_at(proposal, transform);
  }
  if (search.best) return *search.best;
  return search.refusal();
}

std::vector<std::byte> offer_phase2(const Phase2Wish& wish) {
  std::array<std::byte, 4> spi = {};
  wire::store_big_endian(spi.data(), wish.spi);
  wire::IsakmpSaBuilder builder;
  std::uint8_t number = 0;
  for (const SuiteId id : wish.suites) {
    const crypto::Suite& suite = crypto::suite(id);
    const auto attribute = [&](IpsecAttribute type, std::uint64_t value) {
      builder.attribute(static_cast<std::uint16_t>(type), value);
    };
    // A proposal each: not every peer reads transforms of several ids in one.
    builder.begin_proposal(++number, static_cast<std::uint8_t>(wire::IsakmpProtocol::esp), spi);
    builder.begin_transform(1, suite.esp_transform);
    if (wish.group) attribute(IpsecAttribute::group_description, static_cast<std::uint16_t>(*wish.group));
    attribute(IpsecAttribute::encapsulation_mode, wish.encapsulation_mode);
    attribute(IpsecAttribute::life_type, 1);
    attribute(IpsecAttribute::life_duration, wish.lifetime_seconds);
    if (suite.auth_algorithm != 0) attribute(IpsecAttribute::authentication_algorithm, suite.auth_algorithm);
    if (suite.key_length_bits != 0) attribute(IpsecAttribute::key_length, suite.key_length_bits);
  }
  return builder.finish();
}

std::vector<SuiteId> preferred_suites() {
  std::vector<SuiteId> all;
  for (std::size_t i = 0; i < crypto::suites().size(); ++i) {
    const crypto::Suite& suite = crypto::suites()[i];
    if (!suite.legacy && suite.esp_transform != 0 && suite.integrity != Integrity::hmac_sha2_256_96)
      all.push_back(static_cast<SuiteId>(i));
  }
  std::ranges::sort(
      all, [](SuiteId a, SuiteId b) { return std::pair(rank(a, false), a) < std::pair(rank(b, false), b); });
  return all;
}

}  // namespace espgate::control::ike
