// SPDX-License-Identifier: Apache-2.0
#include "client/ike/proposal.h"

#include "wire/big_endian.h"
#include "wire/isakmp_builder.h"
#include "wire/isakmp_sa.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace espgate::client::ike {
namespace {

using crypto::IkeCipher;
using crypto::IkeHash;
using wire::IkeAttribute;
using wire::IpsecAttribute;

constexpr std::array hashes = {std::pair{IkeHash::md5, wire::IkeHash::md5},
                               std::pair{IkeHash::sha1, wire::IkeHash::sha1},
                               std::pair{IkeHash::sha2_256, wire::IkeHash::sha2_256},
                               std::pair{IkeHash::sha2_384, wire::IkeHash::sha2_384},
                               std::pair{IkeHash::sha2_512, wire::IkeHash::sha2_512}};
constexpr std::array<std::string_view, 4> ciphers = {"aes256", "aes192", "aes128", "3des"};
constexpr std::array<std::uint16_t, 4> cipher_bits = {256, 192, 128, 192};

std::uint16_t number_of(IkeHash hash) {
  for (const auto& [ours, theirs] : hashes)
    if (ours == hash) return static_cast<std::uint16_t>(theirs);
  return 0;
}

// Types and values of a transform's attributes; the first of each type counts. Nullopt: malformed.
std::optional<std::map<std::uint16_t, std::uint64_t>> read(wire::Bytes attributes) {
  std::map<std::uint16_t, std::uint64_t> values;
  wire::IsakmpAttributeWalk walk(attributes);
  for (;;) {
    const auto next = walk.next();
    if (!next) return std::nullopt;
    if (!*next) return values;
    values.try_emplace((*next)->type, (*next)->number().value_or(0));
  }
}

template <typename Attribute>
std::uint64_t value_of(const std::map<std::uint16_t, std::uint64_t>& values, Attribute type) {
  const auto found = values.find(static_cast<std::uint16_t>(type));
  return found == values.end() ? 0 : found->second;
}

// Of pairs of life type and duration, the one in seconds: either may stand first.
std::uint64_t lifetime_of(wire::Bytes attributes) {
  std::uint64_t type = 0;
  wire::IsakmpAttributeWalk walk(attributes);
  for (auto next = walk.next(); next && *next; next = walk.next()) {
    const std::uint64_t value = (*next)->number().value_or(0);
    if ((*next)->type == IpsecAttribute::life_type) type = value;
    if ((*next)->type == IpsecAttribute::life_duration && type == 1) return value;
  }
  return 0;
}

bool fits(const std::map<std::uint16_t, std::uint64_t>& values, const IkeProposal& ours) {
  const bool aes = ours.cipher == IkeCipher::aes_cbc;
  const auto cipher = static_cast<std::uint64_t>(aes ? wire::IkeEncryption::aes : wire::IkeEncryption::des3);
  return value_of(values, IkeAttribute::encryption) == cipher &&
         (!aes || value_of(values, IkeAttribute::key_length) == ours.key_bits) &&
         value_of(values, IkeAttribute::hash) == number_of(ours.hash) &&
         value_of(values, IkeAttribute::authentication) ==
             static_cast<std::uint64_t>(wire::IkeAuthentication::pre_shared_key) &&
         value_of(values, IkeAttribute::group_description) == static_cast<std::uint64_t>(ours.group);
}

bool fits(const wire::IsakmpTransform& transform, const std::map<std::uint16_t, std::uint64_t>& values,
          const EspProposal& ours) {
  const crypto::Suite& suite = crypto::suite(ours.suite);
  return transform.id == suite.esp_transform &&
         value_of(values, IpsecAttribute::key_length) == suite.key_length_bits &&
         value_of(values, IpsecAttribute::authentication_algorithm) == suite.auth_algorithm &&
         value_of(values, IpsecAttribute::group_description) ==
             (ours.group ? static_cast<std::uint64_t>(*ours.group) : 0) &&
         value_of(values, IpsecAttribute::encapsulation_mode) ==
             static_cast<std::uint64_t>(wire::EncapsulationMode::udp_transport) &&
         value_of(values, IpsecAttribute::extended_sequence) == 0;
}

// Calls `take` with each transform of `protocol` until it says true. In an answer there is one only.
template <typename Take>
void for_each_transform(wire::Bytes sa_body, wire::IsakmpProtocol protocol, bool is_answer, Take take) {
  const auto sa = wire::IsakmpSa::parse(sa_body);
  if (!sa || (is_answer && sa->proposals.size() != 1)) return;
  for (const wire::IsakmpProposal& proposal : sa->proposals) {
    if (!(proposal.protocol == protocol)) continue;
    const auto transforms = proposal.list();
    if (!transforms || (is_answer && transforms->size() != 1)) return;
    for (const wire::IsakmpTransform& transform : *transforms)
      if (take(proposal, transform)) return;
  }
}

void repeat(wire::IsakmpSaBuilder& builder, wire::Bytes attributes) {
  wire::IsakmpAttributeWalk walk(attributes);
  for (auto next = walk.next(); next && *next; next = walk.next()) {
    if ((*next)->short_form)
      builder.attribute((*next)->type, (*next)->number().value_or(0));
    else
      builder.attribute_bytes((*next)->type, (*next)->value);
  }
}

}  // namespace

std::optional<IkeProposal> IkeProposal::from_string(std::string_view text) {
  const std::size_t first = text.find('-'), second = text.rfind('-');
  if (first == std::string_view::npos || first == second) return std::nullopt;
  const auto* const cipher = std::ranges::find(ciphers, text.substr(0, first));
  const auto group = crypto::find_dh_group(text.substr(second + 1));
  if (cipher == ciphers.end() || !group) return std::nullopt;
  const auto index = static_cast<std::size_t>(cipher - ciphers.begin());
  for (const auto& [hash, number] : hashes) {
    if (crypto::to_string(hash) != text.substr(first + 1, second - first - 1)) continue;
    return IkeProposal{*cipher == "3des" ? IkeCipher::des3_cbc : IkeCipher::aes_cbc, cipher_bits.at(index),
                       hash, *group};
  }
  return std::nullopt;
}

std::string IkeProposal::to_string() const {
  std::string text = cipher == IkeCipher::des3_cbc ? "3des" : "aes" + std::to_string(key_bits);
  return text.append("-").append(crypto::to_string(hash)).append("-").append(crypto::to_string(group));
}

std::optional<EspProposal> EspProposal::from_string(std::string_view text) {
  EspProposal proposal;
  auto suite = crypto::find_suite(text);
  if (!suite) {
    const std::size_t dash = text.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
    proposal.group = crypto::find_dh_group(text.substr(dash + 1));
    suite = crypto::find_suite(text.substr(0, dash));
    if (!proposal.group || !suite) return std::nullopt;
  }
  proposal.suite = *suite;
  if (crypto::suite(*suite).esp_transform == 0) return std::nullopt;
  return proposal;
}

std::string EspProposal::to_string() const {
  std::string text(crypto::suite(suite).name);
  return group ? text.append("-").append(crypto::to_string(*group)) : text;
}

std::vector<IkeProposal> usual_ike_proposals() {
  std::vector<IkeProposal> all;
  for (const std::string_view text :
       {"aes256-sha256-modp2048", "aes128-sha256-modp2048", "aes256-sha256-ecp256", "aes256-sha384-ecp384",
        "aes256-sha1-modp2048", "aes128-sha1-modp2048"})
    all.push_back(IkeProposal::from_string(text).value());
  return all;
}

std::vector<EspProposal> usual_esp_proposals() {
  std::vector<EspProposal> all;
  for (const std::string_view text :
       {"aes256gcm16", "aes128gcm16", "aes256-sha256", "aes128-sha256", "aes256-sha1", "aes128-sha1"})
    all.push_back(EspProposal::from_string(text).value());
  return all;
}

std::vector<std::byte> offer_ike(std::span<const IkeProposal> proposals, std::uint32_t lifetime_seconds) {
  wire::IsakmpSaBuilder builder;
  builder.begin_proposal(1, wire::IsakmpProtocol::isakmp, {});
  std::uint8_t number = 0;
  for (const IkeProposal& each : proposals) {
    const bool aes = each.cipher == IkeCipher::aes_cbc;
    builder.begin_transform(++number, wire::IsakmpTransformId::key_ike);
    builder.attribute(IkeAttribute::encryption,
                      static_cast<std::uint64_t>(aes ? wire::IkeEncryption::aes : wire::IkeEncryption::des3));
    if (aes) builder.attribute(IkeAttribute::key_length, std::uint64_t{each.key_bits});
    builder.attribute(IkeAttribute::hash, std::uint64_t{number_of(each.hash)});
    builder.attribute(IkeAttribute::authentication, wire::IkeAuthentication::pre_shared_key);
    builder.attribute(IkeAttribute::group_description, static_cast<std::uint64_t>(each.group));
    builder.attribute(IkeAttribute::life_type, wire::LifeType::seconds);
    builder.attribute(IkeAttribute::life_duration, std::uint64_t{lifetime_seconds});
  }
  return builder.finish();
}

std::vector<std::byte> offer_esp(std::span<const EspProposal> proposals, std::uint32_t spi,
                                 std::uint32_t lifetime_seconds) {
  std::array<std::byte, 4> spi_bytes{};
  wire::store_big_endian(spi_bytes.data(), spi);
  wire::IsakmpSaBuilder builder;
  builder.begin_proposal(1, wire::IsakmpProtocol::esp, spi_bytes);
  std::uint8_t number = 0;
  for (const EspProposal& each : proposals) {
    const crypto::Suite& suite = crypto::suite(each.suite);
    builder.begin_transform(++number, suite.esp_transform);
    builder.attribute(IpsecAttribute::life_type, wire::LifeType::seconds);
    builder.attribute(IpsecAttribute::life_duration, std::uint64_t{lifetime_seconds});
    if (each.group)
      builder.attribute(IpsecAttribute::group_description, static_cast<std::uint64_t>(*each.group));
    builder.attribute(IpsecAttribute::encapsulation_mode, wire::EncapsulationMode::udp_transport);
    if (suite.auth_algorithm != 0)
      builder.attribute(IpsecAttribute::authentication_algorithm, std::uint64_t{suite.auth_algorithm});
    if (suite.key_length_bits != 0)
      builder.attribute(IpsecAttribute::key_length, std::uint64_t{suite.key_length_bits});
  }
  return builder.finish();
}

std::optional<ChosenIke> choose_ike(wire::Bytes sa_body, std::span<const IkeProposal> ours, bool is_answer) {
  std::optional<ChosenIke> chosen;
  for_each_transform(sa_body, wire::IsakmpProtocol::isakmp, is_answer,
                     [&](const wire::IsakmpProposal& proposal, const wire::IsakmpTransform& transform) {
                       const auto values = read(transform.attributes);
                       if (!values || !(transform.id == wire::IsakmpTransformId::key_ike)) return false;
                       for (const IkeProposal& each : ours) {
                         if (!fits(*values, each)) continue;
                         wire::IsakmpSaBuilder builder;
                         builder.begin_proposal(proposal.number, proposal.protocol, {});
                         builder.begin_transform(transform.number, transform.id);
                         repeat(builder, transform.attributes);
                         chosen = ChosenIke{each, builder.finish()};
                         return true;
                       }
                       return false;
                     });
  return chosen;
}

std::optional<ChosenEsp> choose_esp(wire::Bytes sa_body, std::span<const EspProposal> ours, bool is_answer) {
  std::optional<ChosenEsp> chosen;
  for_each_transform(sa_body, wire::IsakmpProtocol::esp, is_answer,
                     [&](const wire::IsakmpProposal& proposal, const wire::IsakmpTransform& transform) {
                       const auto values = read(transform.attributes);
                       if (!values || proposal.spi.size() != 4) return false;
                       for (const EspProposal& each : ours) {
                         if (!fits(transform, *values, each)) continue;
                         chosen = ChosenEsp{
                             .proposal = each,
                             .spi = wire::load_big_endian<std::uint32_t>(proposal.spi.data()),
                             .lifetime_seconds = lifetime_of(transform.attributes),
                             .proposal_number = proposal.number,
                             .transform_number = transform.number,
                             .attributes = {transform.attributes.begin(), transform.attributes.end()}};
                         return true;
                       }
                       return false;
                     });
  // 1 to 255 are reserved (RFC 4303 §2.1), and 0 would be taken for the non-ESP marker.
  if (chosen && chosen->spi < 256) return std::nullopt;
  return chosen;
}

std::vector<std::byte> answer_esp(const ChosenEsp& chosen, std::uint32_t own_spi) {
  std::array<std::byte, 4> spi{};
  wire::store_big_endian(spi.data(), own_spi);
  wire::IsakmpSaBuilder builder;
  builder.begin_proposal(chosen.proposal_number, wire::IsakmpProtocol::esp, spi);
  builder.begin_transform(chosen.transform_number, crypto::suite(chosen.proposal.suite).esp_transform);
  repeat(builder, chosen.attributes);
  return builder.finish();
}

}  // namespace espgate::client::ike
