// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/installation.h"

#include "wire/ip_address.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace espgate::dataplane::live {
namespace {

using channel::Command;
using channel::CommandType;
using channel::Event;
using channel::EventType;
using channel::Result;

constexpr std::uint32_t pool_start = 0x0a28'0000;  // 10.40.0.0
constexpr std::uint32_t client_address = 0xc633'6402;
constexpr std::uint32_t gateway_address = 0x0a14'000a;

// Commands as control sends them, for the peer, slot and ids that a test picks.
Command peer(std::uint32_t id, std::uint16_t port = 61234) {
  Command command{};
  command.type = CommandType::peer_update;
  command.peer_update = {.peer_id = id,
                         .remote_port = port,
                         .local_port = 4500,
                         .remote = wire::IpAddress::v4(client_address).bytes(),
                         .local = wire::IpAddress::v4(gateway_address).bytes()};
  return command;
}

Command sa(std::uint32_t peer_id, std::uint32_t slot, channel::Direction direction, std::string_view suite) {
  Command command{};
  command.type = CommandType::sa_add;
  channel::SaAdd& add = command.sa_add;
  add = {};
  add.peer_id = peer_id;
  add.slot = slot;
  add.spi = direction == channel::Direction::inbound ? Spi::make(1, slot, 0) : 0xabcd'0000 + slot;
  add.direction = direction;
  add.window_packets = 128;
  std::copy(suite.begin(), suite.end(), add.suite.begin());
  add.sequence = direction == channel::Direction::inbound ? 0 : 1;
  add.last_sequence = 1000;
  const crypto::Suite& found = crypto::suite(*crypto::find_suite(suite));
  add.keys.cipher_key_bytes = static_cast<std::uint8_t>(found.cipher_key_bytes + found.salt_bytes);
  add.keys.integrity_key_bytes = found.integrity_key_bytes;
  add.keys.cipher_key.fill(std::byte{0x5a});
  add.keys.integrity_key.fill(std::byte{0xa5});
  return command;
}

Command session(std::uint32_t peer_id, std::uint16_t tunnel, std::uint32_t address, std::uint32_t slot) {
  Command command{};
  command.type = CommandType::session_update;
  command.session_update = {};
  command.session_update.peer_id = peer_id;
  command.session_update.tunnel = tunnel;
  command.session_update.session = 1;
  command.session_update.peer_tunnel = 77;
  command.session_update.peer_session = 88;
  command.session_update.source_port = command.session_update.destination_port = 1701;
  command.session_update.inner = wire::IpAddress::v4(address).bytes();
  command.session_update.outbound_slot = slot;
  command.session_update.mru = 1400;
  command.session_update.open = true;
  command.session_update.address_control = true;
  return command;
}

class InstallationTest : public testing::Test {
 protected:
  InstallationTest()
      : engine(*crypto::make_engine(crypto::EngineChoice::automatic)),
        installation({.sas = sas,
                      .clients = clients,
                      .engine = *engine,
                      .progress = progress,
                      .workers = 2,
                      .synchronize = [this] { ++grace_periods; }}) {}

  // Peer 1 with the pair of slot 5 and a session for 10.40.0.9.
  void install() {
    for (const Command& command :
         {peer(1), sa(1, 5, channel::Direction::outbound, "aes256-sha256"),
          sa(1, 5, channel::Direction::inbound, "aes256-sha256"), session(1, 3, pool_start + 9, 5)})
      ASSERT_EQ(installation.apply(command), Result::ok);
  }
  std::vector<Event> events_of_limits(std::uint64_t now = 0) {
    std::vector<Event> events;
    installation.check_limits(now, [&](const Event& event) { events.push_back(event); });
    return events;
  }

  SaTable sas{64};
  SessionTable clients{pool_start, 256};
  std::unique_ptr<crypto::Engine> engine;
  std::vector<channel::SaProgress> progress = std::vector<channel::SaProgress>(64);
  unsigned grace_periods = 0;
  Installation installation;
};

TEST_F(InstallationTest, what_was_installed_is_found_by_the_workers_tables) {
  install();
  const InboundSa* inbound = sas.find(Spi::make(1, 5, 0));
  ASSERT_NE(inbound, nullptr);
  EXPECT_EQ(inbound->owner, 1);
  const auto entry = clients.find(pool_start + 9);
  ASSERT_NE(entry.session, nullptr);
  ASSERT_NE(entry.sa, nullptr);
  EXPECT_EQ(entry.sa->spi, 0xabcd'0005);
  EXPECT_EQ(entry.session->inner_limit, 1400);
  EXPECT_EQ(inbound->peer->find_session(tunnel_and_session(3, 1)), entry.session);
}

TEST_F(InstallationTest, the_same_commands_again_change_nothing) {
  install();
  const InboundSa* inbound = sas.find(Spi::make(1, 5, 0));
  const OutboundSa* outbound = clients.find(pool_start + 9).sa;
  install();
  EXPECT_EQ(sas.find(Spi::make(1, 5, 0)), inbound);
  EXPECT_EQ(clients.find(pool_start + 9).sa, outbound);
  EXPECT_EQ(installation.pairs().size(), 1u);
}

TEST_F(InstallationTest, refuses_what_can_not_be) {
  install();
  EXPECT_EQ(installation.apply(sa(9, 6, channel::Direction::inbound, "aes256-sha1")), Result::no_such_peer);
  EXPECT_EQ(installation.apply(peer(2)), Result::ok);
  EXPECT_EQ(installation.apply(sa(2, 5, channel::Direction::inbound, "aes256-sha1")), Result::slot_taken);
  EXPECT_EQ(installation.apply(sa(2, 0, channel::Direction::inbound, "aes256-sha1")), Result::table_full);
  EXPECT_EQ(installation.apply(sa(2, 64, channel::Direction::inbound, "aes256-sha1")), Result::table_full);
  EXPECT_EQ(installation.apply(session(2, 3, pool_start + 9, 0)), Result::address_taken);
  EXPECT_EQ(installation.apply(session(2, 3, 0x0808'0808, 0)), Result::bad_address);
  EXPECT_EQ(installation.apply(session(2, 3, pool_start + 10, 5)), Result::no_such_sa);
  Command wrong = sa(2, 7, channel::Direction::inbound, "aes256-sha1");
  wrong.sa_add.keys.cipher_key_bytes = 7;
  EXPECT_EQ(installation.apply(wrong), Result::bad_suite);
  EXPECT_EQ(installation.pairs().size(), 1u) << "a refused SA leaves nothing behind";
  Command busy{};
  busy.type = CommandType::peer_delete;
  busy.peer_delete = {1};
  EXPECT_EQ(installation.apply(busy), Result::busy);
}

TEST_F(InstallationTest, deleting_unlinks_waits_and_then_frees) {
  install();
  Command command{};
  command.type = CommandType::session_delete;
  command.session_delete = {1, 3, 1};
  EXPECT_EQ(installation.apply(command), Result::ok);
  EXPECT_EQ(clients.find(pool_start + 9).session, nullptr);
  EXPECT_GE(grace_periods, 2u);
  command.type = CommandType::sa_delete;
  command.sa_delete = {5, Spi::make(1, 5, 0), channel::Direction::inbound};
  EXPECT_EQ(installation.apply(command), Result::ok);
  EXPECT_EQ(sas.find(Spi::make(1, 5, 0)), nullptr);
  command.sa_delete = {5, 0xabcd'0005, channel::Direction::outbound};
  EXPECT_EQ(installation.apply(command), Result::ok);
  EXPECT_EQ(installation.apply(command), Result::ok) << "twice is once";
  EXPECT_TRUE(installation.pairs().empty());
  command.type = CommandType::peer_delete;
  command.peer_delete = {1};
  EXPECT_EQ(installation.apply(command), Result::ok);
  EXPECT_TRUE(installation.peers().empty());
}

TEST_F(InstallationTest, a_session_that_a_worker_remembers_is_forgotten_before_it_is_freed) {
  install();
  InboundSa* inbound = sas.find(Spi::make(1, 5, 0));
  inbound->last_session = clients.find(pool_start + 9).session;
  ASSERT_EQ(installation.apply(session(1, 3, pool_start + 9, 5)), Result::ok);
  EXPECT_EQ(inbound->last_session, clients.find(pool_start + 9).session) << "replaced by its successor";
  Command command{};
  command.type = CommandType::session_delete;
  command.session_delete = {1, 3, 1};
  ASSERT_EQ(installation.apply(command), Result::ok);
  EXPECT_EQ(inbound->last_session, nullptr);
}

TEST_F(InstallationTest, an_sa_that_goes_leaves_its_sessions_silent) {
  install();
  Command command{};
  command.type = CommandType::sa_delete;
  command.sa_delete = {5, 0xabcd'0005, channel::Direction::outbound};
  ASSERT_EQ(installation.apply(command), Result::ok);
  EXPECT_NE(clients.find(pool_start + 9).session, nullptr);
  EXPECT_EQ(clients.find(pool_start + 9).sa, nullptr);
}

TEST_F(InstallationTest, limits_are_told_once_and_hard_ones_end_the_sa) {
  ASSERT_EQ(installation.apply(peer(1)), Result::ok);
  Command inbound = sa(1, 5, channel::Direction::inbound, "aes256-sha256");
  inbound.sa_add.soft_packets = 10;
  inbound.sa_add.hard_packets = 20;
  ASSERT_EQ(installation.apply(inbound), Result::ok);
  InboundSa* found = sas.find(Spi::make(1, 5, 0));
  EXPECT_TRUE(events_of_limits().empty());
  found->counters.packets += 10;
  auto events = events_of_limits();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, EventType::soft_life);
  EXPECT_EQ(events[0].slot, 5u);
  EXPECT_TRUE(events_of_limits().empty());
  found->counters.packets += 10;
  events = events_of_limits();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, EventType::hard_life);
  EXPECT_EQ(sas.find(Spi::make(1, 5, 0)), nullptr);
}

TEST_F(InstallationTest, the_last_eighth_of_the_sequence_numbers_is_told_and_more_may_be_given) {
  install();
  progress[5].outbound_next = 800;
  EXPECT_TRUE(events_of_limits().empty());
  progress[5].outbound_next = 880;
  EXPECT_EQ(events_of_limits().size(), 1u);
  EXPECT_TRUE(events_of_limits().empty());
  Command command{};
  command.type = CommandType::sa_update;
  command.sa_update = {5, 0xabcd'0005, 5000};
  ASSERT_EQ(installation.apply(command), Result::ok);
  EXPECT_EQ(clients.find(pool_start + 9).sa->last_sequence, 5000u);
  command.sa_update.last_sequence = 10;
  ASSERT_EQ(installation.apply(command), Result::ok);
  EXPECT_EQ(clients.find(pool_start + 9).sa->last_sequence, 5000u) << "never lowered";
}

TEST_F(InstallationTest, a_router_can_lower_the_mtu_of_the_path_for_ten_minutes) {
  install();
  const OutboundSa* sa = clients.find(pool_start + 9).sa;
  EXPECT_FALSE(installation.lower_path_mtu({client_address, 61234, 0x1234, 1000}, 0)) << "not our SPI";
  EXPECT_FALSE(installation.lower_path_mtu({0x0101'0101, 61234, sa->spi, 1000}, 0)) << "not where it goes";
  ASSERT_TRUE(installation.lower_path_mtu({client_address, 61234, sa->spi, 1000}, 0));
  EXPECT_EQ(sa->max_packet_bytes, 1000);
  EXPECT_LT(clients.find(pool_start + 9).session->inner_limit, 1000);
  ASSERT_TRUE(installation.lower_path_mtu({client_address, 61234, sa->spi, 1400}, 0));
  EXPECT_EQ(sa->max_packet_bytes, 1000) << "a router can't raise it";
  (void)events_of_limits(601'000'000'000);
  EXPECT_EQ(sa->max_packet_bytes, 1500);
  EXPECT_EQ(clients.find(pool_start + 9).session->inner_limit, 1400);
}

TEST_F(InstallationTest, a_dump_names_everything_and_no_key) {
  install();
  std::vector<Event> events;
  installation.dump([&](const Event& event) { events.push_back(event); });
  const auto count = [&](EventType type) {
    return std::count_if(events.begin(), events.end(), [&](const Event& each) { return each.type == type; });
  };
  EXPECT_EQ(count(EventType::dump_peer), 1);
  EXPECT_EQ(count(EventType::dump_sa), 2);
  EXPECT_EQ(count(EventType::dump_session), 1);
  for (const auto& [slot, pair] : installation.pairs())
    EXPECT_TRUE(std::all_of(pair.inbound->wanted.keys.cipher_key.begin(),
                            pair.inbound->wanted.keys.cipher_key.end(),
                            [](std::byte b) { return b == std::byte{0}; }));
}

TEST_F(InstallationTest, clear_removes_it_all) {
  install();
  Command command{};
  command.type = CommandType::clear;
  EXPECT_EQ(installation.apply(command), Result::ok);
  EXPECT_TRUE(installation.peers().empty());
  EXPECT_EQ(sas.find(Spi::make(1, 5, 0)), nullptr);
  EXPECT_EQ(clients.find(pool_start + 9).session, nullptr);
  install();
}

TEST_F(InstallationTest, a_restarted_sa_takes_nothing_that_was_seen_before) {
  ASSERT_EQ(installation.apply(peer(1)), Result::ok);
  Command inbound = sa(1, 5, channel::Direction::inbound, "aes256-sha256");
  inbound.sa_add.sequence = 70'000;
  ASSERT_EQ(installation.apply(inbound), Result::ok);
  const InboundSa* found = sas.find(Spi::make(1, 5, 0));
  EXPECT_NE(found->window.check(70'000), ReplayWindow::Verdict::fresh);
  EXPECT_EQ(found->window.check(70'001), ReplayWindow::Verdict::fresh);
  EXPECT_EQ(progress[5].inbound_highest.load(), 70'000u);
}

}  // namespace
}  // namespace espgate::dataplane::live
