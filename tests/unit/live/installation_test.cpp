// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/live/installation_fixture.h"

namespace espgate::dataplane::live {
namespace {

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
  const OutboundSa* sender = clients.find(pool_start + 9).sa;
  install();
  EXPECT_EQ(sas.find(Spi::make(1, 5, 0)), inbound);
  EXPECT_EQ(clients.find(pool_start + 9).sa, sender);
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

TEST_F(InstallationTest, the_end_of_the_sequence_numbers_ends_the_sa_whatever_control_allows) {
  ASSERT_EQ(installation.apply(peer(1)), Result::ok);
  Command outbound_sa = sa(1, 5, channel::Direction::outbound, "aes256-sha256");
  outbound_sa.sa_add.sequence = 0xffff'fff0;
  outbound_sa.sa_add.last_sequence = 0x2'0000'0000;
  ASSERT_EQ(installation.apply(outbound_sa), Result::ok);
  ASSERT_EQ(installation.apply(session(1, 3, pool_start + 9, 5)), Result::ok);
  const OutboundSa* added = clients.find(pool_start + 9).sa;
  EXPECT_EQ(added->last_sequence, 0xffff'ffffu) << "the counter of 32 bits must not cycle";
  Command raise{};
  raise.type = CommandType::sa_update;
  raise.sa_update = {5, 0xabcd'0005, 0x3'0000'0000};
  ASSERT_EQ(installation.apply(raise), Result::ok);
  EXPECT_EQ(added->last_sequence, 0xffff'ffffu);
  (void)events_of_limits();  // the soft one
  progress[5].outbound_next = 0xffff'ffff;
  EXPECT_TRUE(events_of_limits().empty()) << "one is left";
  progress[5].outbound_next = 0x1'0000'0000;
  const auto events = events_of_limits();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, EventType::hard_life);
  EXPECT_EQ(events[0].direction, channel::Direction::outbound);
  EXPECT_EQ(clients.find(pool_start + 9).sa, nullptr);
  EXPECT_FALSE(installation.sending(1, 5));
  EXPECT_TRUE(events_of_limits().empty());
}

TEST_F(InstallationTest, numbers_that_control_has_not_given_yet_do_not_end_the_sa) {
  install();
  progress[5].outbound_next = 1001;
  const auto events = events_of_limits();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, EventType::soft_life);
  EXPECT_NE(clients.find(pool_start + 9).sa, nullptr);
}

TEST_F(InstallationTest, a_session_has_no_address_before_its_user_is_authenticated) {
  ASSERT_EQ(installation.apply(peer(1)), Result::ok);
  ASSERT_EQ(installation.apply(sa(1, 5, channel::Direction::outbound, "aes256-sha256")), Result::ok);
  Command early = session(1, 3, 0, 5);
  early.session_update.inner = {};
  EXPECT_EQ(installation.apply(early), Result::bad_address) << "it is open";
  early.session_update.open = false;
  ASSERT_EQ(installation.apply(early), Result::ok);
  Command another = session(1, 4, 0, 5);
  another.session_update.inner = {};
  another.session_update.open = false;
  ASSERT_EQ(installation.apply(another), Result::ok) << "nobody holds the address that nobody has";
  EXPECT_EQ(clients.find(0).session, nullptr);
  const Peer& owner = installation.peers().at(1)->peer;
  EXPECT_NE(owner.find_session(tunnel_and_session(3, 1)), nullptr);
  ASSERT_EQ(installation.apply(session(1, 3, pool_start + 9, 5)), Result::ok);
  EXPECT_EQ(clients.find(pool_start + 9).session, owner.find_session(tunnel_and_session(3, 1)));
  Command gone{};
  gone.type = CommandType::session_delete;
  gone.session_delete = {1, 4, 1};
  EXPECT_EQ(installation.apply(gone), Result::ok);
  EXPECT_EQ(owner.find_session(tunnel_and_session(4, 1)), nullptr);
}

TEST_F(InstallationTest, control_sends_by_an_sa_of_the_peer_that_is_there) {
  install();
  ASSERT_EQ(installation.apply(peer(2)), Result::ok);
  const auto sending = installation.sending(1, 5);
  ASSERT_TRUE(sending);
  EXPECT_EQ(sending->owner, 1u);
  EXPECT_EQ(outbound.find(sending->ticket).sa, clients.find(pool_start + 9).sa);
  EXPECT_FALSE(installation.sending(2, 5)) << "another's";
  EXPECT_FALSE(installation.sending(1, 6));
  ASSERT_EQ(installation.apply(test::sa_delete_command(5, channel::Direction::outbound)), Result::ok);
  EXPECT_FALSE(installation.sending(1, 5));
  EXPECT_EQ(outbound.find(sending->ticket).sa, nullptr);
  ASSERT_EQ(installation.apply(sa(1, 5, channel::Direction::outbound, "aes256-sha256")), Result::ok);
  EXPECT_EQ(outbound.find(sending->ticket).sa, nullptr) << "the new one in the slot has another ticket";
  EXPECT_TRUE(installation.sending(1, 5));
}

}  // namespace
}  // namespace espgate::dataplane::live
