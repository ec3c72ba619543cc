// SPDX-License-Identifier: Apache-2.0
#include "channel/rings.h"
#include "channel/segment.h"
#include "tests/unit/channel/channel_fixture.h"

#include <set>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

namespace espgate::channel::test {
namespace {

using testing::HasSubstr;

class EndsTest : public ChannelFixture {
 protected:
  // Control's side of one step, waiting for something to do.
  bool step_control(ControlEnd& control) {
    wait_readable({control.descriptor()});
    return control.step({[&](const Event& event) { events_.push_back(event); },
                         [&](unsigned, const PacketRecord& packet) { packets_.push_back(packet.length); }});
  }
  std::vector<Event> events_;
  std::vector<std::uint16_t> packets_;
};

TEST_F(EndsTest, commands_arrive_in_order_with_their_numbers_and_keys) {
  start();
  const auto control = connect();
  ASSERT_TRUE(control);
  EXPECT_TRUE(dataplane_->is_connected());
  Command add = make_add(1), remove = make_delete(1);
  EXPECT_EQ(control->send(add), 1u);
  EXPECT_EQ(control->send(remove), 2u);
  EXPECT_EQ(add.sa_add.keys.cipher_key[0], std::byte{0}) << "the sender's copy is wiped";
  step_until([&] { return commands_.size() == 2; });
  EXPECT_EQ(commands_[0].type, CommandType::sa_add);
  EXPECT_EQ(commands_[0].sa_add.keys.cipher_key[31], std::byte{0xa5});
  EXPECT_EQ(commands_[1].sequence, 2u);
  EXPECT_EQ(connected_, 1u);
}

TEST_F(EndsTest, a_full_command_ring_makes_the_sender_wait_and_loses_no_delete) {
  start();
  const auto control = connect();
  ASSERT_TRUE(control);
  constexpr std::uint32_t count = 5000;
  for (std::uint32_t slot = 1; slot <= count; ++slot) {
    Command command = make_delete(slot);
    EXPECT_EQ(control->send(command), slot);
  }
  while (commands_.size() < count) {
    wait_readable({dataplane_->descriptor(), control->descriptor()});
    step();
    ASSERT_TRUE(control->step({}));
  }
  for (std::uint32_t i = 0; i < count; ++i) ASSERT_EQ(commands_[i].sa_delete.slot, i + 1);
}

TEST_F(EndsTest, a_step_takes_at_most_256_commands_and_the_descriptor_stays_readable) {
  start();
  const auto control = connect();
  ASSERT_TRUE(control);
  for (std::uint32_t slot = 1; slot <= 600; ++slot) {
    Command command = make_delete(slot);
    control->send(command);
  }
  step();
  EXPECT_EQ(commands_.size(), 256u);
  step_until([&] { return commands_.size() == 600; });
}

TEST_F(EndsTest, events_that_do_not_fit_wait_in_order) {
  start();
  const auto control = connect();
  ASSERT_TRUE(control);
  constexpr std::uint64_t count = 20'000;
  for (std::uint64_t i = 0; i < count; ++i) dataplane_->send({.type = EventType::dump_sa, .value = i});
  while (events_.size() < count) {
    ASSERT_TRUE(step_control(*control));
    step();
  }
  for (std::uint64_t i = 0; i < count; ++i) ASSERT_EQ(events_[i].value, i);
}

TEST_F(EndsTest, packets_go_both_ways) {
  start({.workers = 2});
  const auto control = connect();
  ASSERT_TRUE(control);
  EXPECT_EQ(control->workers(), 2u);
  const std::vector<std::byte> bytes(PacketRecord::capacity, std::byte{7});
  EXPECT_TRUE(control->send_packet(make_packet(4500), bytes));
  EXPECT_FALSE(control->send_packet(make_packet(), std::vector<std::byte>(PacketRecord::capacity + 1)));
  wait_readable({dataplane_->descriptor()});
  step();
  unsigned received = 0;
  dataplane_->receive_packets(10, [&](const PacketRecord& packet) {
    ++received;
    EXPECT_EQ(packet.peer_id, 4500u);
    EXPECT_EQ(packet.length, PacketRecord::capacity);
    EXPECT_EQ(packet.bytes[PacketRecord::capacity - 1], std::byte{7});
  });
  EXPECT_EQ(received, 1u);
  EXPECT_TRUE(dataplane_->send_packet(0, make_packet(), std::span(bytes).first(10)));
  EXPECT_TRUE(dataplane_->send_packet(1, make_packet(), std::span(bytes).first(20)));
  while (packets_.size() < 2) ASSERT_TRUE(step_control(*control));
  EXPECT_EQ(packets_, (std::vector<std::uint16_t>{10, 20}));
}

TEST_F(EndsTest, packets_that_the_manager_leaves_keep_its_descriptor_readable) {
  start();
  const auto control = connect();
  ASSERT_TRUE(control);
  for (unsigned i = 0; i < 5; ++i) EXPECT_TRUE(control->send_packet(make_packet(), {}));
  unsigned received = 0;
  while (received < 5) {
    wait_readable({dataplane_->descriptor()});
    step();
    dataplane_->receive_packets(2, [&](const PacketRecord&) { ++received; });
  }
}

TEST_F(EndsTest, a_full_packet_ring_says_so) {
  start();
  const auto control = connect();
  ASSERT_TRUE(control);
  unsigned sent = 0;
  while (dataplane_->send_packet(0, make_packet(), {})) ++sent;
  EXPECT_EQ(sent, PacketRing::capacity);
}

TEST_F(EndsTest, without_control_packets_and_events_are_let_go) {
  start();
  EXPECT_FALSE(dataplane_->send_packet(0, make_packet(), {}));
  dataplane_->send({.type = EventType::port_state});
  const auto control = connect();
  ASSERT_TRUE(control);
  ASSERT_TRUE(control->step({[](const Event&) { ADD_FAILURE() << "an event from before"; }, {}}));
}

TEST_F(EndsTest, a_control_process_that_is_killed_is_noticed_and_another_takes_over) {
  start();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto control = ControlEnd::connect(socket_);
    if (!control) ::_exit(1);
    Command command = make_delete(1);
    (*control)->send(command);
    ::raise(SIGKILL);
  }
  step_until([&] { return !disconnected_.empty(); });
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(commands_.size(), 1u) << "what it had sent is still done";
  EXPECT_THAT(disconnected_[0], HasSubstr(std::to_string(child)));
  EXPECT_FALSE(dataplane_->is_connected());
  const auto next = connect();
  ASSERT_TRUE(next);
  Command command = make_delete(2);
  EXPECT_EQ(next->send(command), 1u);
  step_until([&] { return commands_.size() == 2; });
}

TEST_F(EndsTest, a_data_plane_that_dies_is_noticed_and_its_counters_stay_readable) {
  start({.slots = 8});
  const auto control = connect();
  ASSERT_TRUE(control);
  ASSERT_EQ(control->progress().size(), 8u);
  dataplane_->progress()[5].outbound_next = 77;
  dataplane_->send({.type = EventType::hard_life, .slot = 5});
  dataplane_.reset();
  EXPECT_FALSE(step_control(*control));
  ASSERT_EQ(events_.size(), 1u) << "its last words are heard";
  EXPECT_EQ(events_[0].slot, 5u);
  EXPECT_EQ(control->progress()[5].outbound_next, 77u);
}

TEST_F(EndsTest, counters_stay_the_same_for_the_next_control_process) {
  start({.slots = 4});
  auto control = connect();
  ASSERT_TRUE(control);
  dataplane_->progress()[3].inbound_highest = 1000;
  control.reset();
  step_until([&] { return !disconnected_.empty(); });
  control = connect();
  ASSERT_TRUE(control);
  EXPECT_EQ(control->progress()[3].inbound_highest, 1000u);
}

TEST_F(EndsTest, the_state_of_one_control_process_is_given_to_the_next) {
  start();
  auto first = connect();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->take_predecessor_state(), -1);
  {
    auto state = Segment::create("test-state", 4096);
    ASSERT_TRUE(state) << state.error();
    state->bytes()[17] = std::byte{99};
    ASSERT_TRUE(first->hand_over_state(state->descriptor()));
  }
  first.reset();
  step_until([&] { return !disconnected_.empty(); });
  auto second = connect();
  ASSERT_TRUE(second);
  auto state = Segment::map(Descriptor(second->take_predecessor_state()), 4096);
  ASSERT_TRUE(state) << state.error();
  EXPECT_EQ(state->bytes()[17], std::byte{99});
  EXPECT_EQ(second->take_predecessor_state(), -1) << "once";
  // The second dies before it has a state of its own: the third still gets the first's.
  second.reset();
  step_until([&] { return disconnected_.size() == 2; });
  auto third = connect();
  ASSERT_TRUE(third);
  EXPECT_GE(Descriptor(third->take_predecessor_state()).get(), 0);
}

TEST_F(EndsTest, a_socket_that_a_dead_process_left_is_replaced_and_a_live_one_is_not) {
  start();
  const auto second = DataplaneEnd::listen({.socket = socket_});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("stop it first"));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  const std::string left = folder_ / "left.sock";
  if (child == 0) {
    auto listening = DataplaneEnd::listen({.socket = left});
    if (listening) ::raise(SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(std::filesystem::exists(left));
  EXPECT_TRUE(DataplaneEnd::listen({.socket = left}));
  EXPECT_FALSE(std::filesystem::exists(left)) << "it goes with the end";
}

TEST_F(EndsTest, a_file_in_the_place_of_the_socket_is_not_removed) {
  espgate::test::write_file(socket_, "precious");
  const auto made = DataplaneEnd::listen({.socket = socket_});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error(), HasSubstr("remove it"));
  EXPECT_EQ(espgate::test::read_file(socket_), "precious");
}

TEST_F(EndsTest, the_socket_is_private) {
  start();
  EXPECT_EQ(std::filesystem::status(socket_).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace espgate::channel::test
