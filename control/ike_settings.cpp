// SPDX-License-Identifier: Apache-2.0
#include "control/ike_settings.h"

namespace espgate::control {

ike::Settings make_ike_settings(const config::Config& config) {
  const config::Ike& wanted = config.ike;
  ike::Settings settings;
  settings.local = wire::IpAddress::v4(config.outside.address.address);
  settings.public_address =
      wire::IpAddress::v4(config.public_address.value_or(config.outside.address.address));
  // An identity that is an address is the one that clients dial.
  if (const auto address = wire::IpAddress::from_string(wanted.identity)) {
    settings.public_address = *address;
  } else {
    settings.identity = wanted.identity;
  }
  for (const config::Psk& psk : wanted.psks)
    settings.psks.push_back({psk.key.clone(), psk.from, psk.where.to_string()});
  for (const config::LegacyProposal& legacy : wanted.legacy_proposals)
    settings.phase1.legacy.push_back({legacy.cipher, legacy.key_bits, legacy.hash, legacy.group});
  settings.aggressive_mode = wanted.aggressive;
  settings.legacy_esp = wanted.legacy_esp;
  for (const config::AddressRule& rule : wanted.allowed_client_networks)
    settings.allowed_client_networks.push_back({rule.prefix, rule.excluded});
  settings.force_encapsulation = wanted.force_encapsulation;
  settings.lifetime = std::chrono::seconds(wanted.lifetime_seconds);
  settings.sa_lifetime = std::chrono::seconds(wanted.sa_lifetime_seconds);
  settings.sa_lifetime_kilobytes = wanted.sa_lifetime_kilobytes;
  settings.rekey = wanted.rekey;
  settings.rekey_margin = std::chrono::seconds(wanted.rekey_margin_seconds);
  settings.dpd_delay = std::chrono::seconds(wanted.dpd_delay_seconds);
  settings.dpd_timeout = std::chrono::seconds(wanted.dpd_timeout_seconds);
  settings.keepalive = std::chrono::seconds(wanted.keepalive_seconds);
  settings.half_open = std::chrono::seconds(wanted.half_open_seconds);
  settings.most_half_open = wanted.max_half_open;
  settings.most_half_open_per_address = wanted.max_half_open_per_address;
  settings.most_half_open_per_network = wanted.max_half_open_per_network;
  settings.fragment_bytes = wanted.fragment_size;
  return settings;
}

}  // namespace espgate::control
