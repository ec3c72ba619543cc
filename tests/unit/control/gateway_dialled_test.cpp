// SPDX-License-Identifier: Apache-2.0
// Peers that IKE has made: put while the gateway runs, gone when the client is.
#include "tests/unit/control/gateway_fixture.h"
#include "wire/ip_address.h"

#include <algorithm>

#include <gmock/gmock.h>

namespace espgate::control::test {
namespace {

using channel::CommandType;
using channel::Direction;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint32_t client_id = 0x10000;

class GatewayDialledTest : public GatewayFixture {
 protected:
  GatewayDialledTest() { wanted_.clear(); }

  void start() {
    start_control();
    start_dataplane();
    connect();
  }
  static std::unique_ptr<WantedSa> sa(Direction direction, std::uint32_t slot) {
    auto made = std::make_unique<WantedSa>();
    made->add.direction = direction;
    made->add.slot = slot;
    made->add.spi = direction == Direction::inbound ? 0x10000001U | slot << 10U : 0xc0000000U + slot;
    std::ranges::copy(std::string_view("aes256-sha256"), made->add.suite.begin());
    made->add.window_packets = 1024;
    made->add.keys.cipher_key_bytes = 32;
    made->add.keys.integrity_key_bytes = 32;
    return made;
  }
  void put(std::uint32_t slot, std::uint32_t id = client_id) {
    channel::PeerUpdate where = {};
    where.peer_id = id;
    where.remote = wire::IpAddress::v4(0xc6336407).bytes();
    where.remote_port = 4500;
    where.local = wire::IpAddress::v4(0x0a14000a).bytes();
    where.local_port = 4500;
    gateway_->put_pair(where, "client", sa(Direction::inbound, slot), sa(Direction::outbound, slot));
    if (control_) settle();
  }
};

TEST_F(GatewayDialledTest, a_pair_is_installed_at_once_and_told_of_once_both_are_there) {
  start();
  put(3);
  EXPECT_EQ(dataplane_->peers.size(), 1u);
  EXPECT_EQ(dataplane_->sas.size(), 2u);
  EXPECT_THAT(told_, ElementsAre(testing::FieldsAre(3u, true, "")));
  EXPECT_EQ(dataplane_->added(Direction::outbound, 3).sequence, 1u);
  EXPECT_EQ(dataplane_->added(Direction::outbound, 3).last_sequence, 0xffff'ffffu);
}

TEST_F(GatewayDialledTest, the_outbound_sa_comes_first) {
  start();
  put(3);
  const auto added = dataplane_->commands(CommandType::sa_add);
  ASSERT_EQ(added.size(), 2u);
  EXPECT_EQ(added[0].sa_add.direction, Direction::outbound);
}

TEST_F(GatewayDialledTest, a_refusal_is_told_with_its_reason) {
  start();
  dataplane_->answers[CommandType::sa_add] = channel::Result::table_full;
  put(3);
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_FALSE(told_[0].installed);
  EXPECT_THAT(told_[0].problem, HasSubstr("table is full"));
}

TEST_F(GatewayDialledTest, what_is_removed_is_gone_sessions_and_peer_last) {
  start();
  put(3);
  put(4);
  gateway_->remove_pair(client_id, 3);
  settle();
  EXPECT_EQ(dataplane_->sas.size(), 2u);
  EXPECT_EQ(dataplane_->peers.size(), 1u);
  gateway_->remove_peer(client_id);
  settle();
  EXPECT_TRUE(dataplane_->sas.empty());
  EXPECT_TRUE(dataplane_->peers.empty());
  EXPECT_TRUE(gateway_->dialled().empty());
}

TEST_F(GatewayDialledTest, an_outbound_sa_goes_alone) {
  start();
  put(3);
  gateway_->remove_outbound(client_id, 3);
  settle();
  ASSERT_EQ(dataplane_->sas.size(), 1u);
  EXPECT_EQ(dataplane_->sas.begin()->first.direction, Direction::inbound);
}

TEST_F(GatewayDialledTest, a_pair_removed_while_its_command_is_on_its_way_is_removed) {
  start();
  channel::PeerUpdate where = {};
  where.peer_id = client_id;
  gateway_->put_pair(where, "client", sa(Direction::inbound, 3), sa(Direction::outbound, 3));
  gateway_->remove_peer(client_id);
  settle();
  EXPECT_TRUE(dataplane_->sas.empty());
  EXPECT_TRUE(dataplane_->peers.empty());
  EXPECT_TRUE(told_.empty());
}

// No (key, sequence) twice, and nothing old taken again.
TEST_F(GatewayDialledTest, a_data_plane_that_comes_back_goes_on_ahead_of_itself) {
  start();
  put(3);
  dataplane_->progress(3).outbound_next = 5000;
  dataplane_->progress(3).inbound_highest = 700;
  kill_dataplane();
  start_dataplane();
  connect();
  EXPECT_EQ(dataplane_->added(Direction::outbound, 3).sequence, 5000u + 65536u);
  EXPECT_EQ(dataplane_->added(Direction::inbound, 3).sequence, 700u);
  EXPECT_EQ(told_.size(), 1u);
}

TEST_F(GatewayDialledTest, numbers_that_are_used_up_are_told) {
  start();
  put(3);
  dataplane_->progress(3).outbound_next = 0xffff'fff0;
  kill_dataplane();
  start_dataplane();
  connect();
  EXPECT_THAT(gateway_->find_peer(client_id)->problem, HasSubstr("used up"));
}

TEST_F(GatewayDialledTest, a_control_process_that_comes_back_with_its_clients_pushes_nothing_again) {
  start();
  put(3);
  put(4);
  kill_control();
  dataplane_->forget_commands();
  start_control();
  put(3);
  put(4);
  connect();
  EXPECT_EQ(dataplane_->changes(), 0u);
  EXPECT_EQ(dataplane_->sas.size(), 4u);
}

TEST_F(GatewayDialledTest, a_session_that_is_to_have_another_rate_than_it_has_is_told_again) {
  channel::SessionUpdate session = {};
  session.peer_id = client_id;
  session.tunnel = 7;
  session.session = 9;
  session.outbound_slot = 3;
  session.rate_to_client_kbit = 1000;
  start();
  put(3);
  gateway_->put_session(session);
  settle();
  const auto restart = [&] {
    kill_control();
    dataplane_->forget_commands();
    start_control();
    put(3);
    gateway_->put_session(session);
    connect();
    return dataplane_->count(CommandType::session_update);
  };
  EXPECT_EQ(restart(), 0u) << "it has it";
  session.rate_to_client_kbit = 2000;
  EXPECT_EQ(restart(), 1u);
  EXPECT_EQ(dataplane_->sessions.begin()->second.rate_to_client_kbit, 2000u);
  session.sequencing = true;
  EXPECT_EQ(restart(), 1u);
  EXPECT_EQ(restart(), 0u);
}

TEST_F(GatewayDialledTest, clients_that_nobody_remembers_are_removed) {
  start();
  put(3);
  put(4, client_id + 1);
  kill_control();
  start_control();
  put(3);
  connect();
  EXPECT_EQ(dataplane_->peers.size(), 1u);
  EXPECT_EQ(dataplane_->sas.size(), 2u);
}

TEST_F(GatewayDialledTest, where_a_client_was_heard_is_where_a_new_data_plane_sends) {
  start();
  put(3);
  channel::Event moved;
  moved.type = channel::EventType::nat_mapping;
  moved.peer_id = client_id;
  moved.remote = wire::IpAddress::v4(0xc6336408).bytes();
  moved.remote_port = 61000;
  tell(moved);
  kill_dataplane();
  start_dataplane();
  connect();
  EXPECT_EQ(dataplane_->peers.at(client_id).remote_port, 61000);
}

}  // namespace
}  // namespace espgate::control::test
