// SPDX-License-Identifier: Apache-2.0
#include "control/gateway/static_peers.h"

#include "crypto/suite.h"
#include "tests/unit/control/wanted.h"

#include <cstring>

#include <gtest/gtest.h>

namespace espgate::control::test {
namespace {

TEST(StaticPeersTest, every_suite_fits_a_command) {
  for (const crypto::Suite& suite : crypto::suites()) {
    const config::StaticPeer configured = static_peer(3, suite.name);
    const auto peer = make_static_peer(gateway_config(), configured);
    ASSERT_EQ(peer->sas.size(), 2u);
    for (const auto& sa : peer->sas) {
      const bool inbound = sa->add.direction == channel::Direction::inbound;
      const config::StaticSa& keys = inbound ? configured.inbound : configured.outbound;
      EXPECT_EQ(sa->add.suite.data(), suite.name);
      ASSERT_EQ(sa->add.keys.cipher_key_bytes, keys.cipher_key.size());
      ASSERT_EQ(sa->add.keys.integrity_key_bytes, keys.integrity_key.size());
      EXPECT_TRUE(std::equal(keys.cipher_key.bytes().begin(), keys.cipher_key.bytes().end(),
                             sa->add.keys.cipher_key.begin()));
      EXPECT_EQ(sa->add.slot, 3u);
      EXPECT_EQ(sa->aead, suite.is_aead());
    }
    EXPECT_NE(peer->sas[0]->add.direction, peer->sas[1]->add.direction);
  }
}

TEST(StaticPeersTest, an_id_reaches_everything_of_the_peer) {
  const auto peer = make_static_peer(gateway_config(), static_peer(3));
  peer->set_id(42);
  EXPECT_EQ(peer->update.peer_id, 42u);
  EXPECT_EQ(peer->sas[1]->add.peer_id, 42u);
  EXPECT_EQ(peer->sessions.front().update.peer_id, 42u);
}

}  // namespace
}  // namespace espgate::control::test
