// SPDX-License-Identifier: Apache-2.0
#include "control/state/state_segment.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

namespace espgate::control::test {
namespace {

using testing::HasSubstr;

std::vector<std::byte> blob(std::size_t size, unsigned value) {
  return std::vector<std::byte>(size, std::byte(value));
}

constexpr std::size_t most_blocks = 16;
constexpr std::size_t content_bytes = 512 - 64;  // of a block

class StateSegmentTest : public testing::Test {
 protected:
  StateSegmentTest() {
    auto made = StateSegment::create(most_blocks);
    if (!made) throw std::runtime_error(made.error());
    segment_.emplace(std::move(*made));
    auto mapped = channel::Segment::map(duplicate(), 1, 1 << 20);
    if (!mapped) throw std::runtime_error(mapped.error());
    memory_ = std::move(*mapped);
  }
  channel::Descriptor duplicate() const {
    return channel::Descriptor(::fcntl(segment_->descriptor(), F_DUPFD_CLOEXEC, 0));
  }
  // The record of that id; empty: there is none.
  std::vector<std::byte> read(std::uint64_t id = 7) const {
    const auto records = read_state(duplicate());
    if (!records || !records->contains(id)) return {};
    const auto bytes = records->at(id).bytes();
    return {bytes.begin(), bytes.end()};
  }

  std::optional<StateSegment> segment_;
  channel::Segment memory_;
};

TEST_F(StateSegmentTest, the_last_write_of_each_record_is_what_is_read) {
  for (unsigned i = 1; i < 10; ++i) {
    ASSERT_TRUE(segment_->write(7, blob(i * 100, i)));
    ASSERT_TRUE(segment_->write(8, blob(i, 100 + i)));
    EXPECT_EQ(read(7), blob(i * 100, i));
    EXPECT_EQ(read(8), blob(i, 100 + i));
  }
  ASSERT_TRUE(segment_->write(9, {}));
  EXPECT_EQ(read_state(duplicate())->size(), 3U);
}

TEST_F(StateSegmentTest, one_never_written_has_no_records) { EXPECT_TRUE(read_state(duplicate())->empty()); }

TEST_F(StateSegmentTest, an_erased_record_is_gone_and_its_memory_wiped) {
  ASSERT_TRUE(segment_->write(7, blob(1500, 0xab)));
  segment_->erase(7);
  EXPECT_TRUE(read_state(duplicate())->empty());
  EXPECT_EQ(std::ranges::count(memory_.bytes(), std::byte{0xab}), 0);
  EXPECT_EQ(segment_->free_blocks(), most_blocks);
}

TEST_F(StateSegmentTest, a_new_version_leaves_nothing_of_the_old_one) {
  ASSERT_TRUE(segment_->write(7, blob(1500, 0xab)));
  ASSERT_TRUE(segment_->write(7, blob(100, 0xcd)));
  EXPECT_EQ(std::ranges::count(memory_.bytes(), std::byte{0xab}), 0);
  EXPECT_EQ(segment_->free_blocks(), most_blocks - 1);
}

// What a process leaves that dies between writing the new version and wiping the old one, at any byte.
TEST_F(StateSegmentTest, a_torn_write_leaves_the_version_before) {
  ASSERT_TRUE(segment_->write(7, blob(900, 1)));
  const std::vector<std::byte> before(memory_.bytes().begin(), memory_.bytes().end());
  ASSERT_TRUE(segment_->write(7, blob(800, 2)));
  const std::vector<std::byte> after(memory_.bytes().begin(), memory_.bytes().end());
  for (std::size_t torn = 0; torn <= before.size(); torn += 13) {
    // Blocks written so far from one end; what was there before is still there.
    std::vector<std::byte> memory = before;
    for (std::size_t i = torn; i < memory.size(); ++i)
      if (after[i] != std::byte{0}) memory[i] = after[i];
    const auto records = read_state(memory);
    ASSERT_TRUE(records);
    ASSERT_TRUE(records->contains(7)) << torn;
    const auto bytes = records->at(7).bytes();
    EXPECT_TRUE(std::ranges::equal(bytes, blob(900, 1)) || std::ranges::equal(bytes, blob(800, 2))) << torn;
  }
}

TEST_F(StateSegmentTest, no_flipped_bit_changes_what_is_read) {
  ASSERT_TRUE(segment_->write(7, blob(20, 1)));
  ASSERT_TRUE(segment_->write(8, blob(600, 2)));
  for (std::size_t bit = 0; bit < memory_.size() * 8; ++bit) {
    std::byte& byte = memory_.bytes()[bit / 8];
    byte ^= std::byte(1U << bit % 8);
    if (const auto records = read_state(memory_.bytes())) {
      for (const auto& [id, record] : *records) {
        const bool same = id == 7 ? std::ranges::equal(record.bytes(), blob(20, 1))
                                  : id == 8 && std::ranges::equal(record.bytes(), blob(600, 2));
        EXPECT_TRUE(same) << bit;
      }
    }
    byte ^= std::byte(1U << bit % 8);
  }
}

TEST_F(StateSegmentTest, a_record_too_large_is_refused_and_the_one_before_stays) {
  ASSERT_TRUE(segment_->write(7, blob(8 * content_bytes, 1)));
  EXPECT_FALSE(segment_->write(7, blob(8 * content_bytes + 1, 2)));
  EXPECT_EQ(read(), blob(8 * content_bytes, 1));
  EXPECT_TRUE(segment_->write(7, blob(8 * content_bytes, 3)));
}

TEST_F(StateSegmentTest, a_larger_copy_has_the_same_records) {
  ASSERT_TRUE(segment_->write(7, blob(1000, 1)));
  ASSERT_TRUE(segment_->write(8, blob(3, 2)));
  auto larger = segment_->copy(100);
  ASSERT_TRUE(larger) << larger.error();
  segment_ = std::move(*larger);
  EXPECT_EQ(read(7), blob(1000, 1));
  EXPECT_EQ(read(8), blob(3, 2));
  EXPECT_EQ(segment_->free_blocks(), 96U);
  EXPECT_FALSE(segment_->copy(2));
}

TEST_F(StateSegmentTest, memory_of_another_kind_is_refused) {
  auto other = channel::Segment::create("other", 4096);
  ASSERT_TRUE(other) << other.error();
  EXPECT_THAT(read_state(other->bytes()).error(), HasSubstr("no state"));
  EXPECT_THAT(read_state(memory_.bytes().first(20)).error(), HasSubstr("too small"));
  EXPECT_THAT(read_state(memory_.bytes().first(1000)).error(), HasSubstr("damaged"));
  memory_.data()[8] ^= std::byte{0x10};
  EXPECT_THAT(read_state(memory_.bytes()).error(), HasSubstr("version"));
}

TEST_F(StateSegmentTest, a_descriptor_that_is_not_sealed_is_refused) {
  channel::Descriptor unsealed(::memfd_create("test", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(unsealed.get(), 4096), 0);
  EXPECT_THAT(read_state(std::move(unsealed)).error(), HasSubstr("not sealed"));
}

TEST_F(StateSegmentTest, a_process_killed_in_the_middle_of_writing_leaves_a_whole_state) {
  for (unsigned round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (unsigned i = 1;; ++i) {
        if (!segment_->write(7, blob(1 + i % 3000, i))) ::_exit(1);
      }
    }
    while (read().empty()) std::this_thread::yield();
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    const auto state = read();
    ASSERT_FALSE(state.empty());
    EXPECT_TRUE(std::ranges::all_of(state, [&](std::byte b) { return b == state[0]; }));
  }
}

}  // namespace
}  // namespace espgate::control::test
