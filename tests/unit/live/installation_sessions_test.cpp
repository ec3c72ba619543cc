// SPDX-License-Identifier: Apache-2.0
// What goes on counting: traffic of peers, numbers and rates of sessions.
#include "tests/unit/live/installation_fixture.h"

namespace espgate::dataplane::live {
namespace {

TEST_F(InstallationTest, what_deleted_sas_have_carried_stays_in_the_traffic_of_their_peer) {
  install();
  sas.find(Spi::make(1, 5, 0))->counters.packets += 10;
  sas.find(Spi::make(1, 5, 0))->counters.bytes += 1000;
  OutboundSa* old = clients.find(pool_start + 9).sa;
  old->counters.packets += 20;
  old->counters.bytes += 2000;
  const auto expect = [&](std::uint64_t in, std::uint64_t in_bytes, std::uint64_t out,
                          std::uint64_t out_bytes) {
    const auto traffic = installation.traffic_of(*installation.peers().at(1));
    EXPECT_EQ(traffic.packets_in, in);
    EXPECT_EQ(traffic.bytes_in, in_bytes);
    EXPECT_EQ(traffic.packets_out, out);
    EXPECT_EQ(traffic.bytes_out, out_bytes);
  };
  expect(10, 1000, 20, 2000);
  // What a worker still counts until the grace period is over belongs to it.
  in_grace_period = [&] { ++old->counters.packets; };
  ASSERT_EQ(installation.apply(test::sa_delete_command(5, channel::Direction::outbound)), Result::ok);
  in_grace_period = {};
  expect(10, 1000, 21, 2000);
  ASSERT_EQ(installation.apply(test::sa_delete_command(5, channel::Direction::inbound)), Result::ok);
  expect(10, 1000, 21, 2000);
  install();
  expect(10, 1000, 21, 2000);
  sas.find(Spi::make(1, 5, 0))->counters.packets += 5;
  expect(15, 1000, 21, 2000);
}

TEST_F(InstallationTest, an_sa_counts_from_0_in_its_slot_and_control_can_still_read_what_the_last_one_had) {
  install();
  const auto count = [&](std::uint64_t packets) {
    progress[5].inbound_packets = progress[5].outbound_packets = packets;
    progress[5].inbound_bytes = progress[5].outbound_bytes = 100 * packets;
  };
  count(7);
  install();
  EXPECT_EQ(progress[5].inbound_packets, 7u) << "the same again is no other SA";
  EXPECT_EQ(progress[5].outbound_bytes, 700u);
  ASSERT_EQ(installation.apply(test::sa_delete_command(5, channel::Direction::inbound)), Result::ok);
  EXPECT_EQ(progress[5].inbound_bytes, 700u);
  ASSERT_EQ(installation.apply(sa(1, 5, channel::Direction::inbound, "aes256-sha256")), Result::ok);
  EXPECT_EQ(progress[5].inbound_packets, 0u);
  EXPECT_EQ(progress[5].inbound_bytes, 0u);
  EXPECT_EQ(progress[5].outbound_packets, 7u) << "the other direction goes on";
  ASSERT_EQ(installation.apply(test::sa_delete_command(5, channel::Direction::outbound)), Result::ok);
  ASSERT_EQ(installation.apply(sa(1, 5, channel::Direction::outbound, "aes256-sha256")), Result::ok);
  EXPECT_EQ(progress[5].outbound_packets, 0u);
  EXPECT_EQ(progress[5].outbound_bytes, 0u);
}

TEST_F(InstallationTest, a_numbered_session_goes_on_counting_when_it_is_updated) {
  install();
  EXPECT_EQ(clients.find(pool_start + 9).session->state, nullptr) << "nothing to count";
  const auto number = [&](bool sequencing) {
    Command command = session(1, 3, pool_start + 9, 5);
    command.session_update.sequencing = sequencing;
    ASSERT_EQ(installation.apply(command), Result::ok);
  };
  number(true);
  const Session* first = clients.find(pool_start + 9).session;
  ASSERT_NE(first->state, nullptr);
  EXPECT_EQ(first->state->next_ns, 0);
  EXPECT_NE(first->header.l2tp_ns_offset, 0);
  first->state->next_ns = 17;
  // The worker may send by the old session until it sees the new one.
  in_grace_period = [&, state = first->state] { ++state->next_ns; };
  number(true);
  in_grace_period = {};
  EXPECT_EQ(clients.find(pool_start + 9).session->state->next_ns, 19);
  number(false);
  EXPECT_EQ(clients.find(pool_start + 9).session->header.l2tp_ns_offset, 0);
  number(true);
  EXPECT_EQ(clients.find(pool_start + 9).session->state->next_ns, 19) << "where it was left off";
}

TEST_F(InstallationTest, four_bytes_of_numbers_leave_less_for_the_inner_packet) {
  install();
  const auto limit = [&](bool sequencing) {
    Command command = session(1, 3, pool_start + 9, 5);
    command.session_update.mru = 1500;
    command.session_update.sequencing = sequencing;
    EXPECT_EQ(installation.apply(command), Result::ok);
    return clients.find(pool_start + 9).session->limit();
  };
  EXPECT_EQ(limit(false), limit(true) + 4);
}

TEST_F(InstallationTest, rates_that_stay_keep_their_meters_and_what_was_counted) {
  install();
  EXPECT_FALSE(rates_in_use);
  set_rates(500, 1000);
  EXPECT_TRUE(rates_in_use);
  EXPECT_EQ(meters, (Meters{500, 1000}));
  SessionState* state = clients.find(pool_start + 9).session->state;
  ASSERT_NE(state, nullptr);
  EXPECT_FALSE(state->from_client.pass(1, 0));
  const auto* made = meters.data();
  set_rates(500, 1000);
  EXPECT_EQ(meters, (Meters{500, 1000}));
  EXPECT_EQ(meters.data(), made) << "none was made meanwhile";
  EXPECT_EQ(clients.find(pool_start + 9).session->state, state);
  set_rates(500, 2000);
  EXPECT_EQ(meters, (Meters{500, 2000}));
  EXPECT_EQ(state->from_client.dropped_packets(), 1u);
  set_rates(0, 0);
  EXPECT_EQ(meters, Meters{});
  EXPECT_FALSE(rates_in_use);
  EXPECT_TRUE(state->from_client.pass(1, 0));
  EXPECT_EQ(state->from_client.dropped_packets(), 1u) << "what a session has lost it has lost";
}

TEST_F(InstallationTest, a_meter_is_not_freed_while_a_worker_may_ask_it) {
  install();
  set_rates(500, 0);
  std::vector<Meters> during;
  in_grace_period = [&] { during.push_back(meters); };
  set_rates(600, 0);
  EXPECT_EQ(during, (std::vector<Meters>(2, {500, 600})));
  EXPECT_EQ(meters, Meters{600});
  during.clear();
  Command gone{};
  gone.type = CommandType::session_delete;
  gone.session_delete = {1, 3, 1};
  ASSERT_EQ(installation.apply(gone), Result::ok);
  in_grace_period = {};
  EXPECT_EQ(during, (std::vector<Meters>(2, {600})));
  EXPECT_EQ(meters, Meters{});
  EXPECT_FALSE(rates_in_use);
}

TEST_F(InstallationTest, rates_are_in_use_until_the_last_session_has_none) {
  install();
  set_rates(500, 0);
  Command other = session(1, 4, pool_start + 10, 5);
  other.session_update.rate_to_client_kbit = 7;
  ASSERT_EQ(installation.apply(other), Result::ok);
  ASSERT_EQ(installation.apply(other), Result::ok);
  set_rates(0, 0);
  EXPECT_TRUE(rates_in_use);
  installation.clear();
  EXPECT_FALSE(rates_in_use);
  EXPECT_EQ(meters, Meters{});
}

TEST_F(InstallationTest, a_dump_tells_numbers_and_rates_of_sessions) {
  install();
  Command command = session(1, 3, pool_start + 9, 5);
  command.session_update.rate_from_client_kbit = 500;
  command.session_update.rate_to_client_kbit = 0xffff'ffff;
  command.session_update.sequencing = true;
  ASSERT_EQ(installation.apply(command), Result::ok);
  std::vector<Event> events;
  installation.dump([&](const Event& event) { events.push_back(event); });
  const auto at = std::ranges::find(events, EventType::dump_session, &Event::type);
  ASSERT_NE(at, events.end());
  EXPECT_TRUE(at->sequencing);
  EXPECT_EQ(at->value, channel::rates_value(command.session_update));
  EXPECT_EQ(at->value, 500ULL << 32 | 0xffff'ffff);
}

}  // namespace
}  // namespace espgate::dataplane::live
