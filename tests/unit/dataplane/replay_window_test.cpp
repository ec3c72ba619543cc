// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay_window.h"

#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace espgate::dataplane {
namespace {

using Verdict = ReplayWindow::Verdict;

struct Step {
  std::uint64_t sequence;
  Verdict expected;
};

struct Case {
  const char* sentence;
  std::uint32_t packets;
  std::vector<Step> steps;
};

constexpr Verdict fresh = Verdict::fresh, zero = Verdict::zero, seen = Verdict::seen,
                  too_old = Verdict::too_old;

const std::vector<Case> cases = {
    {"zero is never a sequence number", 64, {{0, zero}, {1, fresh}, {0, zero}}},
    {"the same number passes once", 64, {{1, fresh}, {1, seen}, {2, fresh}, {2, seen}, {1, seen}}},
    {"late packets within the window pass once",
     64,
     {{64, fresh}, {1, fresh}, {63, fresh}, {1, seen}, {63, seen}}},
    {"the window's left edge moves with the highest",
     64,
     {{64, fresh}, {65, fresh}, {1, too_old}, {2, fresh}}},
    {"a jump by exactly the window forgets all but the edge",
     64,
     {{10, fresh}, {74, fresh}, {10, too_old}, {11, fresh}}},
    {"a jump by a multiple of the ring's size leaves no old bit behind",
     128,
     {{5, fresh}, {5 + 256, fresh}, {5 + 192, fresh}}},
    {"a far jump clears the whole ring",
     128,
     {{1, fresh}, {2, fresh}, {1u << 20, fresh}, {(1u << 20) - 127, fresh}, {(1u << 20) - 128, too_old}}},
    {"the smallest window", 32, {{100, fresh}, {69, fresh}, {68, too_old}, {69, seen}}},
    {"the largest window", 4096, {{5000, fresh}, {905, fresh}, {904, too_old}, {905, seen}}},
    {"the last number without ESN", 64, {{0xffffffff, fresh}, {0xffffffff, seen}, {0xfffffffe, fresh}}},
    {"numbers beyond 32 bits",
     64,
     {{0x1'0000'0005, fresh}, {0xffff'ffff, fresh}, {0x1'0000'0000, fresh}, {0xffff'ffff, seen}}},
};

TEST(ReplayWindow, accepts_and_refuses_as_the_table_says) {
  for (const Case& test : cases) {
    ReplayWindow window(test.packets);
    for (const Step& step : test.steps) {
      EXPECT_EQ(window.check(step.sequence), step.expected) << test.sentence << ": check " << step.sequence;
      EXPECT_EQ(window.commit(step.sequence), step.expected) << test.sentence << ": commit " << step.sequence;
    }
  }
}

TEST(ReplayWindow, check_changes_nothing) {
  ReplayWindow window(64);
  ASSERT_EQ(window.commit(10), fresh);
  EXPECT_EQ(window.check(1000), fresh);
  EXPECT_EQ(window.highest(), 10u);
  EXPECT_EQ(window.commit(9), fresh);
}

TEST(ReplayWindow, size_is_clamped_to_what_is_supported) {
  EXPECT_EQ(ReplayWindow(1).packets(), 32u);
  EXPECT_EQ(ReplayWindow(100000).packets(), 4096u);
  EXPECT_EQ(ReplayWindow(1000).packets(), 1000u);
}

// A set of everything seen is the definition; the ring of bits must agree with it at every step.
TEST(ReplayWindow, agrees_with_a_set_of_numbers_on_random_walks) {
  std::mt19937_64 random(1);
  for (const std::uint32_t packets : {32u, 33u, 64u, 100u, 128u, 192u, 193u, 256u, 1024u, 4095u, 4096u}) {
    ReplayWindow window(packets);
    std::set<std::uint64_t> numbers;
    std::uint64_t highest = 0;
    for (int i = 0; i < 20000; ++i) {
      const std::uint64_t ahead = random() % 100 == 0 ? random() % (4 * packets) : random() % 4;
      const std::uint64_t behind = random() % (packets + packets / 4 + 1);
      const std::uint64_t sequence =
          random() % 2 == 0 ? highest + ahead : highest - std::min(highest, behind);
      Verdict expected = fresh;
      if (sequence == 0) {
        expected = zero;
      } else if (sequence <= highest && highest - sequence >= packets) {
        expected = too_old;
      } else if (numbers.contains(sequence)) {
        expected = seen;
      }
      ASSERT_EQ(window.commit(sequence), expected)
          << "window " << packets << ", step " << i << ", " << sequence;
      numbers.insert(sequence);
      highest = std::max(highest, sequence);
    }
  }
}

TEST(ReplayWindow, mark_never_refuses_and_never_goes_back) {
  ReplayWindow window(64);
  for (int round = 0; round < 3; ++round)
    for (std::uint64_t sequence = 1; sequence <= 300; ++sequence) window.mark(sequence);
  EXPECT_EQ(window.highest(), 300u);
  EXPECT_EQ(window.check(300), seen);
  EXPECT_EQ(window.check(301), fresh);
}

TEST(ReplayWindow, starting_behind_a_number_refuses_all_before_and_takes_all_after) {
  for (const std::uint64_t start :
       {1ULL, 63ULL, 64ULL, 127ULL, 128ULL, 1000ULL, 0xffffffffULL, 0x1'0000'003fULL}) {
    ReplayWindow window(128);
    window.start_behind(start);
    for (std::uint64_t back = 0; back < std::min<std::uint64_t>(128, start); ++back)
      EXPECT_EQ(window.check(start - back), seen) << start << " - " << back;
    for (std::uint64_t ahead = 1; ahead < 300; ++ahead)
      EXPECT_EQ(window.commit(start + ahead), fresh) << start << " + " << ahead;
  }
}

TEST(ReplayWindow, survives_a_move) {
  for (const std::uint32_t packets : {64u, 1024u}) {
    ReplayWindow window(packets);
    ASSERT_EQ(window.commit(7), fresh);
    ReplayWindow moved(std::move(window));
    EXPECT_EQ(moved.check(7), seen);
    EXPECT_EQ(moved.check(8), fresh);
  }
}

// RFC 4303 appendix A2.1: which upper half a received lower half belongs to, for a window of 64.
TEST(ReplayWindow, extends_sequence_numbers) {
  struct Extension {
    const char* sentence;
    std::uint64_t highest;
    std::uint32_t low;
    std::uint64_t expected;
  };
  const std::vector<Extension> extensions = {
      {"the first packet", 0, 1, 1},
      {"a first packet from before the beginning", 0, 0xfffffff0, 0},
      {"case A, within the window", 1000, 990, 990},
      {"case A, ahead", 1000, 5000, 5000},
      {"case A, left of the window means the next subspace", 1000, 900, 0x1'0000'0384},
      {"case A at the end of a subspace", 0xffff'fff0, 0xffff'ffff, 0xffff'ffff},
      {"case A, the lower half has wrapped", 0xffff'fff0, 3, 0x1'0000'0003},
      {"case B, a late packet of the subspace before", 0x1'0000'0005, 0xffff'fffe, 0xffff'fffe},
      {"case B, this subspace", 0x1'0000'0005, 6, 0x1'0000'0006},
      {"case B with nothing before", 5, 0xffff'fffe, 0},
      {"the edge between A and B", 63, 0, 0},
  };
  for (const Extension& extension : extensions) {
    ReplayWindow window(64);
    if (extension.highest != 0) {
      ASSERT_EQ(window.commit(extension.highest), fresh);
    }
    EXPECT_EQ(window.extend(extension.low), extension.expected) << extension.sentence;
  }
}

}  // namespace
}  // namespace espgate::dataplane
