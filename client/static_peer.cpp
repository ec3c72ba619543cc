// SPDX-License-Identifier: Apache-2.0
#include "client/static_peer.h"

#include "config/spelling.h"
#include "wire/udp.h"

#include <vector>

#include <fmt/format.h>

namespace espgate::client {
namespace {

SaParameters parameters_of(const config::StaticPeer& peer, const config::StaticSa& sa) {
  return {.spi = sa.spi,
          .suite = peer.suite,
          .esn = peer.esn,
          .cipher_key = sa.cipher_key.clone(),
          .integrity_key = sa.integrity_key.clone()};
}

}  // namespace

Expected<const config::StaticPeer*> find_peer(const config::Config& config, std::string_view name) {
  std::vector<std::string_view> names;
  for (const config::StaticPeer& peer : config.static_peers) {
    if (peer.name == name) return &peer;
    names.push_back(peer.name);
  }
  const std::string hint = names.empty() ? "a client with static keys needs a [[static_peer]] there"
                                         : config::suggestion(name, names);
  return fail({.what = fmt::format("{} has no static peer \"{}\"", config.file, name.substr(0, 60)),
               .where = "--peer",
               .hint = hint,
               .kind = ErrorKind::usage});
}

PeerParameters mirror(const config::StaticPeer& peer) {
  return {.outbound = parameters_of(peer, peer.inbound),
          .inbound = parameters_of(peer, peer.outbound),
          .replay_window = peer.replay_window,
          .session = {.gateway_tunnel = peer.tunnel,
                      .gateway_session = peer.session,
                      .client_tunnel = peer.peer_tunnel,
                      .client_session = peer.peer_session},
          .inner_address = peer.inner_address,
          .mru = peer.mru};
}

Endpoint gateway_of(const config::Config& config) {
  return {config.public_address.value_or(config.outside.address.address), wire::udp_port_natt};
}

}  // namespace espgate::client
