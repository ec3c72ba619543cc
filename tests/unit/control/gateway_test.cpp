// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/control/gateway_fixture.h"
#include "wire/ip_address.h"

#include <cstring>

namespace espgate::control::test {
namespace {

using channel::CommandType;
using channel::Direction;

class GatewayTest : public GatewayFixture {};

TEST_F(GatewayTest, an_empty_data_plane_gets_every_peer_once) {
  for (std::uint32_t slot = 2; slot <= 5; ++slot) wanted_.push_back(static_peer(slot));
  start_control();
  start_dataplane();
  connect();
  EXPECT_EQ(dataplane_->peers.size(), 5u);
  EXPECT_EQ(dataplane_->sas.size(), 10u);
  EXPECT_EQ(dataplane_->sessions.size(), 5u);
  EXPECT_EQ(dataplane_->changes(), 20u);
  EXPECT_TRUE(peer(4).is_installed());
  tick();
  EXPECT_EQ(dataplane_->changes(), 20u);
}

TEST_F(GatewayTest, what_is_pushed_is_what_the_configuration_says) {
  start_control();
  start_dataplane();
  connect();
  const channel::SaAdd inbound = dataplane_->added(Direction::inbound, 1);
  EXPECT_EQ(inbound.spi, 0x10000400u);
  EXPECT_STREQ(inbound.suite.data(), "aes256-sha256");
  EXPECT_EQ(inbound.keys.cipher_key_bytes, 32);
  EXPECT_EQ(std::memcmp(inbound.keys.cipher_key.data(), wanted_[0].inbound.cipher_key.data(), 32), 0);
  EXPECT_EQ(inbound.window_packets, 1024);
  const channel::SaAdd outbound = dataplane_->added(Direction::outbound, 1);
  EXPECT_EQ(outbound.spi, 0xc0000001u);
  EXPECT_EQ(outbound.sequence, 1u);
  EXPECT_EQ(outbound.last_sequence, 1u << 20);
  EXPECT_EQ(std::memcmp(outbound.keys.integrity_key.data(), wanted_[0].outbound.integrity_key.data(), 32), 0);
  const channel::SessionUpdate session = dataplane_->sessions.begin()->second;
  EXPECT_EQ(wire::IpAddress(session.inner).to_string(), "10.40.0.1");
  EXPECT_EQ(session.peer_session, 9);
  EXPECT_EQ(session.outbound_slot, 1u);
  EXPECT_TRUE(session.open);
  EXPECT_EQ(session.source_port, 1701);
  const channel::PeerUpdate peer = dataplane_->peers.begin()->second;
  EXPECT_EQ(wire::IpAddress(peer.remote).to_string(), "198.51.100.1");
  EXPECT_EQ(peer.remote_port, 4500);
  EXPECT_EQ(wire::IpAddress(peer.local).to_string(), "10.20.0.10");
}

TEST_F(GatewayTest, a_control_process_that_comes_back_pushes_nothing_again) {
  wanted_.push_back(static_peer(2));
  start_control();
  start_dataplane();
  connect();
  dataplane_->progress(1).outbound_next = 5000;
  kill_control();
  dataplane_->forget_commands();
  start_control();
  connect();
  EXPECT_EQ(dataplane_->changes(), 0u);
  EXPECT_TRUE(peer(0).is_installed());
  EXPECT_TRUE(peer(1).is_installed());
}

TEST_F(GatewayTest, nor_does_one_that_finds_no_state) {
  wanted_.push_back(static_peer(2));
  start_control();
  start_dataplane();
  connect();
  const auto peers = dataplane_->peers;
  kill_control();
  left_.reset();
  dataplane_->forget_commands();
  start_control();
  connect();
  EXPECT_EQ(dataplane_->changes(), 0u);
  EXPECT_TRUE(peers.contains(peer(0).id()));
  EXPECT_TRUE(peer(1).is_installed());
}

TEST_F(GatewayTest, what_nobody_wants_any_more_is_removed_sessions_first) {
  wanted_.push_back(static_peer(2));
  start_control();
  start_dataplane();
  connect();
  kill_control();
  dataplane_->forget_commands();
  wanted_.erase(wanted_.begin());
  start_control();
  connect();
  EXPECT_EQ(dataplane_->changes(), 4u);
  EXPECT_EQ(dataplane_->count(CommandType::session_delete), 1u);
  EXPECT_EQ(dataplane_->count(CommandType::sa_delete), 2u);
  const auto last = dataplane_->commands(CommandType::peer_delete);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_GT(last[0].sequence, dataplane_->commands(CommandType::sa_delete)[1].sequence);
  EXPECT_GT(dataplane_->commands(CommandType::sa_delete)[0].sequence,
            dataplane_->commands(CommandType::session_delete)[0].sequence);
  EXPECT_EQ(dataplane_->peers.size(), 1u);
  EXPECT_TRUE(peer(0).is_installed());
}

TEST_F(GatewayTest, a_key_that_was_changed_is_replaced_and_nothing_else) {
  wanted_.push_back(static_peer(2));
  start_control();
  start_dataplane();
  connect();
  kill_control();
  dataplane_->forget_commands();
  change_outbound_key(wanted_[0]);
  start_control();
  connect();
  ASSERT_EQ(dataplane_->count(CommandType::sa_delete), 1u);
  EXPECT_EQ(dataplane_->commands(CommandType::sa_delete)[0].sa_delete.direction, Direction::outbound);
  EXPECT_EQ(dataplane_->count(CommandType::sa_add), 1u);
  EXPECT_EQ(dataplane_->count(CommandType::session_update), 1u) << "it sends on the new SA";
  EXPECT_EQ(dataplane_->changes(), 3u);
  EXPECT_EQ(dataplane_->added(Direction::outbound, 1).sequence, 1u) << "a new key starts anew";
}

TEST_F(GatewayTest, a_session_that_was_changed_is_replaced_in_place) {
  start_control();
  start_dataplane();
  connect();
  kill_control();
  dataplane_->forget_commands();
  wanted_[0].mru = 1300;
  start_control();
  connect();
  EXPECT_EQ(dataplane_->changes(), 1u);
  EXPECT_EQ(dataplane_->sessions.begin()->second.mru, 1300);
}

TEST_F(GatewayTest, a_new_peer_gets_an_id_that_no_other_has_had) {
  start_control();
  start_dataplane();
  connect();
  const std::uint32_t first = peer(0).id();
  kill_control();
  wanted_.insert(wanted_.begin(), static_peer(7));
  start_control();
  connect();
  EXPECT_EQ(peer(1).id(), first);
  EXPECT_NE(peer(0).id(), first);
  EXPECT_EQ(dataplane_->peers.size(), 2u);
}

TEST_F(GatewayTest, a_data_plane_that_comes_back_is_told_everything_again) {
  wanted_.push_back(static_peer(2));
  start_control();
  start_dataplane();
  connect();
  kill_dataplane();
  EXPECT_FALSE(peer(0).is_installed());
  start_dataplane();
  connect();
  EXPECT_EQ(dataplane_->changes(), 8u);
  EXPECT_TRUE(peer(0).is_installed());
  EXPECT_TRUE(peer(1).is_installed());
}

TEST_F(GatewayTest, a_connection_that_broke_pushes_nothing_again) {
  start_control();
  start_dataplane();
  connect();
  gateway_->disconnected(control_->progress());
  control_.reset();
  while (dataplane_->is_connected()) dataplane_->step();
  dataplane_->forget_commands();
  connect();
  EXPECT_EQ(dataplane_->changes(), 0u);
  EXPECT_TRUE(peer(0).is_installed());
}

TEST_F(GatewayTest, where_a_peer_was_heard_survives_either_side) {
  start_control();
  start_dataplane();
  connect();
  channel::Event moved;
  moved.type = channel::EventType::nat_mapping;
  moved.peer_id = peer(0).id();
  moved.remote = wire::IpAddress::v4(0xcb007105).bytes();
  moved.remote_port = 61000;
  tell(moved);
  const auto pushed_address = [&] { return dataplane_->peers.begin()->second; };
  kill_dataplane();
  start_dataplane();
  connect();
  EXPECT_EQ(wire::IpAddress(pushed_address().remote).to_string(), "203.0.113.5");
  EXPECT_EQ(pushed_address().remote_port, 61000);
  kill_control();
  kill_control();
  start_dataplane();  // both anew: the state that control left went with the data plane's descriptor, here it
                      // is kept
  start_control();
  connect();
  EXPECT_EQ(pushed_address().remote_port, 61000);
}

TEST_F(GatewayTest, an_address_that_was_changed_in_the_configuration_wins_over_where_it_was_heard) {
  start_control();
  start_dataplane();
  connect();
  kill_control();
  wanted_[0].remote_address = 0xcb007109;
  start_control();
  connect();
  EXPECT_EQ(wire::IpAddress(dataplane_->peers.begin()->second.remote).to_string(), "203.0.113.9");
}

TEST_F(GatewayTest, a_peer_whose_address_is_not_known_has_port_0) {
  wanted_[0].remote_address.reset();
  start_control();
  start_dataplane();
  connect();
  EXPECT_EQ(dataplane_->peers.begin()->second.remote_port, 0);
}

TEST_F(GatewayTest, more_peers_than_the_ring_holds_commands_are_all_pushed) {
  wanted_.clear();
  for (std::uint32_t slot = 1; slot <= 1000; ++slot) wanted_.push_back(static_peer(slot));
  start_control();
  start_dataplane(2048);
  connect();
  EXPECT_EQ(dataplane_->sessions.size(), 1000u);
  EXPECT_EQ(dataplane_->changes(), 4000u);
  EXPECT_TRUE(peer(999).is_installed());
}

}  // namespace
}  // namespace espgate::control::test
