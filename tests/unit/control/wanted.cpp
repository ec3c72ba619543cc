// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/control/wanted.h"

#include "crypto/suite.h"

#include <algorithm>

namespace espgate::control::test {
namespace {

crypto::SecretBytes key(std::size_t size, unsigned seed) {
  crypto::SecretBytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes.data()[i] = std::byte((seed * 37 + i * 11) & 0xff);
  return bytes;
}

config::StaticSa make_sa(const crypto::Suite& suite, std::uint32_t spi, unsigned seed) {
  config::StaticSa sa;
  sa.spi = spi;
  sa.cipher_key = key(std::size_t{suite.cipher_key_bytes} + suite.salt_bytes, seed);
  sa.integrity_key = key(suite.integrity_key_bytes, seed + 128);
  return sa;
}

}  // namespace

config::StaticPeer static_peer(std::uint32_t slot, std::string_view suite_name) {
  config::StaticPeer peer;
  peer.name = "client-" + std::to_string(slot);
  peer.suite = crypto::find_suite(suite_name).value();
  peer.remote_address = 0xc6336400 + slot;
  peer.inner_address = 0x0a280000 + slot;
  peer.inbound = make_sa(crypto::suite(peer.suite), 0x10000000 | slot << 10, 2 * slot);
  peer.outbound = make_sa(crypto::suite(peer.suite), 0xc0000000 | slot, 2 * slot + 1);
  peer.tunnel = peer.session = 1;
  peer.peer_tunnel = 7;
  peer.peer_session = 9;
  return peer;
}

void change_outbound_key(config::StaticPeer& peer) {
  for (std::byte& byte : peer.outbound.cipher_key.bytes()) byte ^= std::byte{0xff};
}

config::Config gateway_config() {
  config::Config config;
  config.outside.address = {0x0a14000a, 24};
  config.client_pool = {0x0a280000, 16};
  return config;
}

}  // namespace espgate::control::test
