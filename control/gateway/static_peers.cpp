// SPDX-License-Identifier: Apache-2.0
#include "control/gateway/static_peers.h"

#include "crypto/suite.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <cstring>

namespace espgate::control {
namespace {

constexpr std::uint16_t natt_port = 4500;  // RFC 3948 §2.1
constexpr std::uint16_t l2tp_port = 1701;  // RFC 2661 §8.1
constexpr unsigned slot_shift = 10;        // of an inbound SPI: 4 bits node, 18 slot, 10 generation
constexpr std::uint32_t slot_mask = (1U << 18) - 1;

std::uint32_t slot_of(const config::StaticPeer& peer) { return peer.inbound.spi >> slot_shift & slot_mask; }

template <std::size_t Size>
std::uint8_t copy_key(const crypto::SecretBytes& key, std::array<std::byte, Size>& into) {
  const std::size_t size = std::min(key.size(), Size);
  if (size > 0) std::memcpy(into.data(), key.data(), size);
  return static_cast<std::uint8_t>(size);
}

std::unique_ptr<WantedSa> make_sa(const config::StaticPeer& peer, channel::Direction direction) {
  const config::StaticSa& keys = direction == channel::Direction::inbound ? peer.inbound : peer.outbound;
  const crypto::Suite& suite = crypto::suite(peer.suite);
  auto sa = std::make_unique<WantedSa>();
  sa->static_key = true;
  sa->aead = suite.is_aead();
  channel::SaAdd& add = sa->add;
  add.slot = slot_of(peer);
  add.spi = keys.spi;
  add.direction = direction;
  add.esn = peer.esn;
  add.window_packets = static_cast<std::uint16_t>(std::min(peer.replay_window, 65535U));
  suite.name.copy(add.suite.data(), add.suite.size() - 1);
  add.keys.cipher_key_bytes = copy_key(keys.cipher_key, add.keys.cipher_key);
  add.keys.integrity_key_bytes = copy_key(keys.integrity_key, add.keys.integrity_key);
  return sa;
}

// Its L2TP and PPP were set up by hand: open for IP, and headers in the form that every client understands.
WantedSession make_session(const config::StaticPeer& peer) {
  WantedSession session;
  channel::SessionUpdate& update = session.update;
  update.tunnel = peer.tunnel;
  update.session = peer.session;
  update.peer_tunnel = peer.peer_tunnel;
  update.peer_session = peer.peer_session;
  update.source_port = update.destination_port = l2tp_port;
  update.inner = wire::IpAddress::v4(peer.inner_address).bytes();
  update.outbound_slot = slot_of(peer);
  update.mru = peer.mru;
  update.open = true;
  update.address_control = true;
  return session;
}

}  // namespace

std::unique_ptr<Peer> make_static_peer(const config::Config& config, const config::StaticPeer& peer) {
  auto wanted = std::make_unique<Peer>();
  wanted->name = peer.name;
  wanted->update.local = wire::IpAddress::v4(config.outside.address.address).bytes();
  wanted->update.local_port = natt_port;
  wanted->update.remote = wire::IpAddress::v4(peer.remote_address.value_or(0)).bytes();
  if (peer.remote_address) wanted->update.remote_port = peer.remote_port;
  wanted->sas.push_back(make_sa(peer, channel::Direction::inbound));
  wanted->sas.push_back(make_sa(peer, channel::Direction::outbound));
  wanted->sessions.push_back(make_session(peer));
  return wanted;
}

}  // namespace espgate::control
