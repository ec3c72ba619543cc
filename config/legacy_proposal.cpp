// SPDX-License-Identifier: Apache-2.0
#include "config/legacy_proposal.h"

#include "config/printable.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace espgate::config {
namespace {

using crypto::DhGroup;
using crypto::IkeCipher;
using crypto::IkeHash;

struct CipherName {
  std::string_view name;
  IkeCipher cipher;
  std::uint16_t key_bits;
};

constexpr std::array ciphers = {
    CipherName{"3des", IkeCipher::des3_cbc, 192}, CipherName{"aes128", IkeCipher::aes_cbc, 128},
    CipherName{"aes192", IkeCipher::aes_cbc, 192}, CipherName{"aes256", IkeCipher::aes_cbc, 256}};
constexpr std::array hashes = {IkeHash::md5, IkeHash::sha1, IkeHash::sha2_256, IkeHash::sha2_384,
                               IkeHash::sha2_512};

constexpr std::string_view allowed =
    "expected cipher-hash-group of 3des, aes128, aes192, aes256; md5, sha1, sha256, sha384, sha512; "
    "modp1024, "
    "modp1536, modp2048, modp3072, modp4096, ecp256, ecp384, ecp521, curve25519; as in "
    "\"3des-sha1-modp1024\", or \"aggressive\"";

// "a-b-c" in its parts; nullopt: not three.
std::optional<std::array<std::string_view, 3>> split(std::string_view token) {
  const std::size_t first = token.find('-');
  const std::size_t second = first == std::string_view::npos ? first : token.find('-', first + 1);
  if (second == std::string_view::npos || token.find('-', second + 1) != std::string_view::npos)
    return std::nullopt;
  return std::array{token.substr(0, first), token.substr(first + 1, second - first - 1),
                    token.substr(second + 1)};
}

bool is_legacy(const LegacyProposal& proposal) {
  return proposal.cipher == IkeCipher::des3_cbc || proposal.hash == IkeHash::md5 ||
         proposal.group == DhGroup::modp1024 || proposal.group == DhGroup::modp1536;
}

}  // namespace

tl::expected<LegacyProposal, std::string> parse_legacy_proposal(std::string_view token) {
  const auto unknown = [&] {
    return tl::unexpected(fmt::format("unknown proposal {}; {}", in_quotes(token), allowed));
  };
  const auto parts = split(token);
  if (!parts) return unknown();
  const auto cipher = std::ranges::find((ciphers), (*parts)[0], &CipherName::name);
  const auto hash =
      std::ranges::find(hashes, (*parts)[1], [](IkeHash each) { return crypto::to_string(each); });
  const auto group = crypto::find_dh_group((*parts)[2]);
  if (cipher == ciphers.end() || hash == hashes.end() || !group) return unknown();
  const LegacyProposal proposal{cipher->cipher, cipher->key_bits, *hash, *group};
  if (!is_legacy(proposal))
    return tl::unexpected(in_quotes(token) + " is accepted without being named; leave it out");
  return proposal;
}

}  // namespace espgate::config
