// SPDX-License-Identifier: Apache-2.0
#include "client/static_peer.h"

#include "tests/unit/client/gateway_end.h"
#include "wire/ip_address.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::client::test {
namespace {

using testing::HasSubstr;

bool same(const crypto::SecretBytes& a, const crypto::SecretBytes& b) {
  return std::ranges::equal(a.bytes(), b.bytes());
}

config::Config with_peers(std::initializer_list<std::string_view> names) {
  config::Config config;
  config.file = "gateway.toml";
  for (const std::string_view name : names) config.static_peers.emplace_back().name = name;
  return config;
}

TEST(StaticPeer, what_is_inbound_for_the_gateway_is_outbound_for_the_client) {
  config::StaticPeer peer = static_peer();
  peer.esn = true;
  peer.replay_window = 256;
  const PeerParameters mine = mirror(peer);
  EXPECT_EQ(mine.outbound.spi, peer.inbound.spi);
  EXPECT_TRUE(same(mine.outbound.cipher_key, peer.inbound.cipher_key));
  EXPECT_TRUE(same(mine.outbound.integrity_key, peer.inbound.integrity_key));
  EXPECT_EQ(mine.inbound.spi, peer.outbound.spi);
  EXPECT_TRUE(same(mine.inbound.cipher_key, peer.outbound.cipher_key));
  EXPECT_TRUE(same(mine.inbound.integrity_key, peer.outbound.integrity_key));
  EXPECT_FALSE(same(mine.inbound.cipher_key, mine.outbound.cipher_key));
  for (const SaParameters* sa : {&mine.inbound, &mine.outbound}) {
    EXPECT_EQ(sa->suite, peer.suite);
    EXPECT_TRUE(sa->esn);
  }
  EXPECT_EQ(mine.replay_window, 256u);
  EXPECT_EQ(mine.inner_address, peer.inner_address);
  EXPECT_EQ(mine.mru, peer.mru);
}

TEST(StaticPeer, each_end_is_addressed_by_the_ids_that_it_gave) {
  const config::StaticPeer peer = static_peer();
  const SessionParameters session = mirror(peer).session;
  EXPECT_EQ(session.gateway_tunnel, peer.tunnel);
  EXPECT_EQ(session.gateway_session, peer.session);
  EXPECT_EQ(session.client_tunnel, peer.peer_tunnel);
  EXPECT_EQ(session.client_session, peer.peer_session);
}

TEST(StaticPeer, is_found_by_its_name) {
  const config::Config config = with_peers({"anna", "bert", "carla"});
  const auto found = find_peer(config, "bert");
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, &config.static_peers[1]);
}

TEST(StaticPeer, a_name_that_is_not_there_brings_the_nearest) {
  const auto found = find_peer(with_peers({"anna", "bert", "carla"}), "carl");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::usage);
  EXPECT_THAT(found.error().to_string(), HasSubstr("--peer: gateway.toml has no static peer \"carl\""));
  EXPECT_THAT(found.error().to_string(), HasSubstr("\"carla\""));
}

TEST(StaticPeer, a_file_without_any_says_what_it_needs) {
  const auto found = find_peer(with_peers({}), "anna");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().hint, HasSubstr("[[static_peer]]"));
}

TEST(StaticPeer, the_gateway_is_at_its_public_address_if_it_has_one) {
  config::Config config;
  config.outside.address = *wire::Ipv4Prefix::from_string("10.20.0.10/24");
  EXPECT_EQ(gateway_of(config).to_string(), "10.20.0.10:4500");
  config.public_address = 0xcb00710a;
  EXPECT_EQ(gateway_of(config).to_string(), "203.0.113.10:4500");
}

}  // namespace
}  // namespace espgate::client::test
