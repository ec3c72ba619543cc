// SPDX-License-Identifier: Apache-2.0
#include "channel/ring.h"

#include "channel/bell.h"
#include "channel/rings.h"
#include "channel/secret_allocator.h"
#include "channel/segment.h"
#include "tests/unit/channel/channel_fixture.h"

#include <array>
#include <new>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace espgate::channel::test {
namespace {

using SmallRing = Ring<std::uint64_t, 4>;

TEST(RingTest, records_come_out_in_order_across_two_mappings) {
  auto here = Segment::create("test", sizeof(EventRing));
  ASSERT_TRUE(here) << here.error();
  auto there = Segment::map(Descriptor(::fcntl(here->descriptor(), F_DUPFD_CLOEXEC, 0)), sizeof(EventRing));
  ASSERT_TRUE(there) << there.error();
  ASSERT_NE(here->data(), there->data());
  auto* writer = new (here->data()) EventRing;
  auto* reader = reinterpret_cast<EventRing*>(there->data());
  std::uint64_t sent = 0, received = 0;
  for (unsigned round = 0; round < 10; ++round) {
    Event event = {};
    while (event.command = sent, writer->push(event)) ++sent;
    EXPECT_EQ(reader->consume(1000, [&](const Event& seen) { EXPECT_EQ(seen.command, received++); }), 1000u);
  }
  EXPECT_EQ(sent, 4096u + 9 * 1000);
}

TEST(RingTest, a_full_ring_takes_nothing_more_until_there_is_room) {
  SmallRing ring;
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(i));
  EXPECT_FALSE(ring.push(std::uint64_t{4}));
  EXPECT_TRUE(ring.wait_for_room());
  EXPECT_EQ(ring.consume(1, [](std::uint64_t) {}), 1u);
  EXPECT_TRUE(ring.take_writer_waits());
  EXPECT_FALSE(ring.take_writer_waits()) << "one ring of the bell is enough";
  EXPECT_TRUE(ring.push(std::uint64_t{4}));
}

TEST(RingTest, room_that_came_before_the_writer_waits_is_seen_by_the_writer) {
  SmallRing ring;
  while (ring.push(std::uint64_t{1})) continue;
  ring.consume(1, [](std::uint64_t) {});
  EXPECT_FALSE(ring.wait_for_room());
}

TEST(RingTest, only_the_first_record_for_a_sleeping_reader_rings) {
  SmallRing ring;
  EXPECT_TRUE(ring.push(std::uint64_t{1}));
  EXPECT_TRUE(ring.take_reader_sleeps()) << "a reader sleeps from the start";
  EXPECT_TRUE(ring.push(std::uint64_t{2}));
  EXPECT_FALSE(ring.take_reader_sleeps());
  EXPECT_FALSE(ring.sleep()) << "there is something to read";
  EXPECT_EQ(ring.consume(9, [](std::uint64_t) {}), 2u);
  EXPECT_TRUE(ring.sleep());
}

TEST(RingTest, a_key_is_wiped_where_it_lay) {
  auto memory = Segment::create("test", sizeof(CommandRing));
  ASSERT_TRUE(memory) << memory.error();
  auto* ring = new (memory->data()) CommandRing;
  const auto key_bytes = [&] { return std::ranges::count(memory->bytes(), std::byte{0xa5}); };
  ASSERT_TRUE(ring->push(make_add(1)));
  EXPECT_EQ(key_bytes(), 40);
  ring->consume(1, [](Command& command) {
    EXPECT_EQ(command.sa_add.keys.cipher_key[0], std::byte{0xa5});
    wipe_record(command);
  });
  EXPECT_EQ(key_bytes(), 0);
}

TEST(RingTest, of_a_packet_only_what_there_is_is_written) {
  auto memory = Segment::create("test", sizeof(PacketRing));
  ASSERT_TRUE(memory) << memory.error();
  auto* ring = new (memory->data()) PacketRing;
  PacketRecord header = {};
  header.peer_id = 7;
  header.bytes.fill(std::byte{0xa5});  // of another packet: must not leak
  const std::array bytes = {std::byte{1}, std::byte{2}, std::byte{3}};
  ASSERT_TRUE(ring->push(PacketSource{header, bytes}));
  EXPECT_EQ(std::ranges::count(memory->bytes(), std::byte{0xa5}), 0);
  ring->consume(1, [&](const PacketSlot& slot) {
    EXPECT_EQ(slot.record.peer_id, 7u);
    EXPECT_EQ(slot.record.length, 3);
    EXPECT_EQ(slot.record.bytes[2], std::byte{3});
  });
}

void wait_for(const Bell& bell) {
  wait_readable({bell.descriptor()});
  bell.clear();
}

// Sends `count` numbers through a small ring; whoever can't go on sleeps until the other rings.
[[noreturn]] void write_numbers(SmallRing& ring, const Bell& reader, const Bell& writer,
                                std::uint64_t count) {
  for (std::uint64_t number = 0; number < count; ++number) {
    while (!ring.push(number)) {
      if (ring.wait_for_room()) wait_for(writer);
    }
    if (ring.take_reader_sleeps()) reader.ring();
  }
  ::_exit(0);
}

TEST(RingTest, two_processes_pass_everything_and_wake_each_other) {
  auto memory = Segment::create("test", sizeof(SmallRing));
  ASSERT_TRUE(memory) << memory.error();
  auto* ring = new (memory->data()) SmallRing;
  const Bell reader, writer;
  constexpr std::uint64_t count = 20'000;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) write_numbers(*ring, reader, writer, count);
  std::uint64_t expected = 0;
  bool in_order = true;
  while (expected < count) {
    if (ring->consume(3, [&](std::uint64_t number) { in_order = in_order && number == expected++; }) > 0 &&
        ring->take_writer_waits()) {
      writer.ring();
    }
    if (expected < count && ring->sleep()) wait_for(reader);
  }
  EXPECT_TRUE(in_order);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace espgate::channel::test
