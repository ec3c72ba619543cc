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

class StateSegmentTest : public testing::Test {
 protected:
  StateSegmentTest() {
    auto made = StateSegment::create(1000);
    if (!made) throw std::runtime_error(made.error());
    segment_.emplace(std::move(*made));
    auto mapped = channel::Segment::map(duplicate(), 1, 1 << 20);
    if (!mapped) throw std::runtime_error(mapped.error());
    memory_ = std::move(*mapped);
  }
  channel::Descriptor duplicate() const {
    return channel::Descriptor(::fcntl(segment_->descriptor(), F_DUPFD_CLOEXEC, 0));
  }
  std::vector<std::byte> read() const {
    const auto state = read_state(duplicate());
    if (!state) return {};
    return {state->bytes().begin(), state->bytes().end()};
  }
  // Where the copy that was written `nth` has its blob.
  std::byte* blob_of_copy(std::size_t nth) const {
    const std::size_t copy = (memory_.size() - 16) / 2;
    return memory_.data() + 16 + (nth % 2) * copy + 48;
  }

  std::optional<StateSegment> segment_;
  channel::Segment memory_;
};

TEST_F(StateSegmentTest, the_last_write_is_what_is_read) {
  for (unsigned i = 1; i < 10; ++i) {
    ASSERT_TRUE(segment_->write(blob(i * 10, i)));
    EXPECT_EQ(read(), blob(i * 10, i));
  }
  ASSERT_TRUE(segment_->write({}));
  EXPECT_TRUE(read_state(duplicate()));
}

TEST_F(StateSegmentTest, one_never_written_has_no_state) {
  EXPECT_THAT(read_state(duplicate()).error(), HasSubstr("neither"));
}

TEST_F(StateSegmentTest, a_torn_write_leaves_the_one_before) {
  ASSERT_TRUE(segment_->write(blob(500, 1)));
  ASSERT_TRUE(segment_->write(blob(600, 2)));
  std::memset(blob_of_copy(2) + 300, 9, 100);
  EXPECT_EQ(read(), blob(500, 1));
}

TEST_F(StateSegmentTest, two_torn_copies_are_an_error) {
  ASSERT_TRUE(segment_->write(blob(500, 1)));
  ASSERT_TRUE(segment_->write(blob(500, 2)));
  *blob_of_copy(1) ^= std::byte{1};
  *blob_of_copy(2) ^= std::byte{1};
  EXPECT_THAT(read_state(duplicate()).error(), HasSubstr("neither of its two copies is whole"));
}

TEST_F(StateSegmentTest, no_flipped_bit_changes_what_is_read) {
  ASSERT_TRUE(segment_->write(blob(20, 1)));
  ASSERT_TRUE(segment_->write(blob(30, 2)));
  for (std::size_t bit = 0; bit < memory_.size() * 8; ++bit) {
    std::byte& byte = memory_.bytes()[bit / 8];
    byte ^= std::byte(1U << bit % 8);
    const auto state = read_state(memory_.bytes());
    if (state) {
      const bool newest = std::ranges::equal(state->bytes(), blob(30, 2));
      EXPECT_TRUE(newest || std::ranges::equal(state->bytes(), blob(20, 1))) << bit;
    }
    byte ^= std::byte(1U << bit % 8);
  }
}

TEST_F(StateSegmentTest, a_blob_too_large_is_refused_and_the_one_before_stays) {
  ASSERT_TRUE(segment_->write(blob(1000, 1)));
  EXPECT_FALSE(segment_->write(blob(1001, 2)));
  EXPECT_EQ(read(), blob(1000, 1));
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
        if (!segment_->write(blob(1 + i % 1000, i))) ::_exit(1);
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
