// SPDX-License-Identifier: Apache-2.0
#include "control/ike/phase1_proposal.h"

#include "control/ike/attributes.h"
#include "wire/isakmp_builder.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/ranges.h>

namespace espgate::control::ike {
namespace {

using crypto::DhGroup;
using crypto::IkeCipher;
using crypto::IkeHash;
using wire::IkeAttribute;

constexpr std::uint8_t key_ike = 1;  // RFC 2407 §4.4.2

// Best first. Elliptic curves cost a tenth of MODP groups of the same strength, NIST's P-384 twice MODP-2048.
constexpr std::array preferred_groups = {DhGroup::curve25519, DhGroup::ecp256,   DhGroup::ecp384,
                                         DhGroup::ecp521,     DhGroup::modp2048, DhGroup::modp3072,
                                         DhGroup::modp4096,   DhGroup::modp1536, DhGroup::modp1024};
constexpr std::array preferred_hashes = {IkeHash::sha2_256, IkeHash::sha2_384, IkeHash::sha2_512,
                                         IkeHash::sha1, IkeHash::md5};
constexpr std::array racoon_hashes = {IkeHash::sha2_512, IkeHash::sha2_384, IkeHash::sha1, IkeHash::sha2_256,
                                      IkeHash::md5};

template <typename List, typename Value>
std::size_t place_in(const List& list, Value value) {
  return static_cast<std::size_t>(std::ranges::find(list, value) - list.begin());
}

// The lower, the better.
auto rank(const Phase1Suite& suite, bool racoon) {
  return std::tuple(suite.cipher, 512 - suite.key_bits,
                    place_in(racoon ? racoon_hashes : preferred_hashes, suite.hash),
                    place_in(preferred_groups, suite.group));
}

std::optional<IkeHash> hash_of(std::uint64_t number) {
  switch (number) {
    case 1:
      return IkeHash::md5;
    case 2:
      return IkeHash::sha1;
    case 4:
      return IkeHash::sha2_256;
    case 5:
      return IkeHash::sha2_384;
    case 6:
      return IkeHash::sha2_512;
    default:
      return std::nullopt;
  }
}

std::uint16_t number_of(IkeHash hash) {
  switch (hash) {
    case IkeHash::md5:
      return 1;
    case IkeHash::sha1:
      return 2;
    case IkeHash::sha2_256:
      return 4;
    case IkeHash::sha2_384:
      return 5;
    case IkeHash::sha2_512:
      return 6;
  }
  return 0;
}

constexpr std::uint64_t encryption_3des = 5, encryption_aes = 7;
constexpr std::uint64_t authentication_psk = 1;

// The attributes of one transform; 0: not there.
struct Attributes {
  std::uint64_t encryption = 0, key_bits = 0, hash = 0, authentication = 0, group = 0, prf = 0;
  std::uint64_t lifetime_seconds = 0;
  bool sound = true;
};

Attributes read(wire::Bytes bytes) {
  Attributes all;
  std::uint64_t life_type = 0;
  all.sound = for_each_attribute(bytes, [&](std::uint16_t type, std::uint64_t value) {
    switch (IkeAttribute{type}) {
      case IkeAttribute::encryption:
        all.encryption = value;
        break;
      case IkeAttribute::hash:
        all.hash = value;
        break;
      case IkeAttribute::authentication:
        all.authentication = value;
        break;
      case IkeAttribute::group_description:
        all.group = value;
        break;
      case IkeAttribute::key_length:
        all.key_bits = value;
        break;
      case IkeAttribute::prf:
        all.prf = value;
        break;
      case IkeAttribute::life_type:
        life_type = value;
        break;
      case IkeAttribute::life_duration:
        if (life_type == 1) all.lifetime_seconds = value;
        break;
      default:
        break;
    }
  });
  return all;
}

// What is none of ours, for people: "des-md5-group1", "aes-sha1-group2 by signature".
std::string describe_foreign(const wire::IsakmpTransform& transform) {
  constexpr std::array ciphers = {"?", "des", "idea", "blowfish", "rc5", "3des", "cast", "aes", "camellia"};
  constexpr std::array hashes = {"?", "md5", "sha1", "tiger", "sha256", "sha384", "sha512"};
  const auto name = [](const auto& names, std::uint64_t number) {
    return number < names.size() ? names.at(number) : "?";
  };
  const Attributes all = read(transform.attributes);
  std::string text =
      fmt::format("{}-{}-group{}", name(ciphers, all.encryption), name(hashes, all.hash), all.group);
  if (all.authentication != authentication_psk) {
    constexpr std::uint64_t first_xauth = 65001;
    text += all.authentication >= first_xauth ? " with XAUTH" : " without pre-shared key";
  }
  return text;
}

// All transforms as text, each once and in the peer's order.
std::string describe(const wire::IsakmpSa& offer) {
  std::vector<std::string> names;
  for (const wire::IsakmpProposal& proposal : offer.proposals) {
    const auto transforms = proposal.list();
    if (!transforms) continue;
    for (const wire::IsakmpTransform& transform : *transforms) {
      const auto read = read_phase1_transform(transform);
      std::string name = read ? read->suite.to_string() : describe_foreign(transform);
      if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    }
  }
  return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
}

// The best of what ike.legacy could allow.
std::string remedy(const wire::IsakmpSa& offer) {
  std::optional<Phase1Suite> best;
  for (const wire::IsakmpProposal& proposal : offer.proposals) {
    const auto transforms = proposal.list();
    if (!transforms) continue;
    for (const wire::IsakmpTransform& transform : *transforms) {
      const auto read = read_phase1_transform(transform);
      if (read && (!best || rank(read->suite, false) < rank(*best, false))) best = read->suite;
    }
  }
  if (!best)
    return "let the client offer AES-CBC with SHA-1 or SHA-2, a pre-shared key and group 14 or better";
  return fmt::format(R"(add "{}" to ike.legacy to allow it, or let the client offer better)",
                     best->to_string());
}

}  // namespace

std::string Phase1Suite::to_string() const {
  const std::string encryption =
      cipher == IkeCipher::des3_cbc ? std::string("3des") : fmt::format("aes{}", key_bits);
  return fmt::format("{}-{}-{}", encryption, crypto::to_string(hash), crypto::to_string(group));
}

bool Phase1Policy::accepts(const Phase1Suite& suite) const {
  const bool good = suite.cipher == IkeCipher::aes_cbc && suite.hash != IkeHash::md5 &&
                    suite.group != DhGroup::modp1024 && suite.group != DhGroup::modp1536;
  return good || std::ranges::find(legacy, suite) != legacy.end();
}

std::vector<std::byte> Phase1Choice::answer() const {
  wire::IsakmpSaBuilder builder;
  builder.begin_proposal(proposal_number, static_cast<std::uint8_t>(wire::IsakmpProtocol::isakmp), {});
  builder.begin_transform(transform_number, transform_id);
  repeat_attributes(builder, attributes);
  return builder.finish();
}

std::optional<Phase1Offer> read_phase1_transform(const wire::IsakmpTransform& transform) {
  if (transform.id != key_ike) return std::nullopt;
  const Attributes all = read(transform.attributes);
  const auto hash = hash_of(all.hash);
  // A PRF of its own (RFC 2409 appendix A) was never given a number.
  if (!all.sound || !hash || all.authentication != authentication_psk || all.prf != 0) return std::nullopt;
  if (all.group > 0xffff || !crypto::is_supported(static_cast<std::uint16_t>(all.group))) return std::nullopt;
  Phase1Suite suite = {.hash = *hash, .group = DhGroup{static_cast<std::uint16_t>(all.group)}};
  if (all.encryption == encryption_aes) {
    // AES needs its key length named (RFC 3602 §5.2).
    if (all.key_bits != 128 && all.key_bits != 192 && all.key_bits != 256) return std::nullopt;
    suite.key_bits = static_cast<std::uint16_t>(all.key_bits);
  } else if (all.encryption == encryption_3des) {
    suite.cipher = IkeCipher::des3_cbc;
    suite.key_bits = 192;
  } else {
    return std::nullopt;
  }
  return Phase1Offer{suite, all.lifetime_seconds};
}

Expected<Phase1Choice> choose_phase1(const wire::IsakmpSa& offer, const Phase1Policy& policy, bool racoon) {
  std::optional<Phase1Choice> best;
  for (const wire::IsakmpProposal& proposal : offer.proposals) {
    if (proposal.protocol != static_cast<std::uint8_t>(wire::IsakmpProtocol::isakmp)) continue;
    const auto transforms = proposal.list();
    if (!transforms) return refuse(Reason::malformed, "its SA payload is malformed");
    for (const wire::IsakmpTransform& transform : *transforms) {
      const auto read = read_phase1_transform(transform);
      if (!read || !policy.accepts(read->suite)) continue;
      if (best && rank(best->suite, racoon) <= rank(read->suite, racoon)) continue;
      best = Phase1Choice{read->suite,  proposal.number,      transform.number,
                          transform.id, transform.attributes, read->lifetime_seconds};
    }
  }
  if (best) return *best;
  return refuse(Reason::no_proposal,
                fmt::format("no acceptable phase-1 proposal: offered {}; {}", describe(offer), remedy(offer)),
                wire::IsakmpNotifyType::no_proposal_chosen);
}

std::vector<std::byte> offer_phase1(const std::vector<Phase1Suite>& suites, std::uint32_t lifetime_seconds) {
  wire::IsakmpSaBuilder builder;
  builder.begin_proposal(1, static_cast<std::uint8_t>(wire::IsakmpProtocol::isakmp), {});
  std::uint8_t number = 0;
  for (const Phase1Suite& suite : suites) {
    const auto attribute = [&](IkeAttribute type, std::uint64_t value) {
      builder.attribute(static_cast<std::uint16_t>(type), value);
    };
    builder.begin_transform(++number, key_ike);
    const bool aes = suite.cipher == IkeCipher::aes_cbc;
    attribute(IkeAttribute::encryption, aes ? encryption_aes : encryption_3des);
    if (aes) attribute(IkeAttribute::key_length, suite.key_bits);
    attribute(IkeAttribute::hash, number_of(suite.hash));
    attribute(IkeAttribute::group_description, static_cast<std::uint16_t>(suite.group));
    attribute(IkeAttribute::authentication, authentication_psk);
    attribute(IkeAttribute::life_type, 1);
    attribute(IkeAttribute::life_duration, lifetime_seconds);
  }
  return builder.finish();
}

}  // namespace espgate::control::ike
