// SPDX-License-Identifier: Apache-2.0
#include "config/ike.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::config {

std::string LegacyProposal::to_string() const {
  const std::string bits = cipher == crypto::IkeCipher::aes_cbc ? std::to_string(key_bits) : "";
  return fmt::format("{}{}-{}-{}", crypto::to_string(cipher), bits, crypto::to_string(hash),
                     crypto::to_string(group));
}

bool Ike::allows_client(std::uint32_t address) const {
  bool allowed = allowed_client_networks.empty();
  for (const AddressRule& rule : allowed_client_networks)
    if (rule.prefix.contains(address)) allowed = !rule.excluded;
  return allowed;
}

bool Ike::allows_legacy(const LegacyProposal& proposal) const {
  return std::ranges::find(legacy_proposals, proposal) != legacy_proposals.end();
}

bool Ike::allows_esp(crypto::SuiteId suite) const {
  return !crypto::suite(suite).legacy || std::ranges::find(legacy_esp, suite) != legacy_esp.end();
}

}  // namespace espgate::config
