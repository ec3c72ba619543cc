// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_sequence.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::replay {

// How GoogleTest shows them.
inline void PrintTo(const NumberRange& range, std::ostream* out) {  // NOLINT(readability-identifier-naming)
  *out << range.first << '-' << range.last;
}
inline void PrintTo(const RepeatedNumber& r, std::ostream* out) {  // NOLINT(readability-identifier-naming)
  *out << r.number << " in " << r.first_frame << " and " << r.frame;
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t window = SequenceTracker::window;

// Each packet its own bytes, in frames 1, 2, 3, …
SequenceFindings track(const std::vector<std::uint32_t>& numbers) {
  SequenceTracker tracker;
  std::uint32_t frame = 0;
  for (const std::uint32_t number : numbers) {
    ++frame;
    tracker.add(number, frame, 1000 + frame);
  }
  return tracker.findings();
}

// The same number always comes with the same bytes.
SequenceFindings track_copies(const std::vector<std::uint32_t>& numbers) {
  SequenceTracker tracker;
  std::uint32_t frame = 0;
  for (const std::uint32_t number : numbers) tracker.add(number, ++frame, number);
  return tracker.findings();
}

std::vector<std::uint32_t> numbers_from(std::uint32_t first, std::uint32_t last) {
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t n = first; n <= last; ++n) numbers.push_back(n);
  return numbers;
}

std::vector<std::uint32_t> operator+(std::vector<std::uint32_t> a, const std::vector<std::uint32_t>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

void expect_clean_but(const SequenceFindings& f, std::uint64_t SequenceFindings::* exception = nullptr) {
  using Counter = std::uint64_t SequenceFindings::*;
  for (const Counter counter :
       {&SequenceFindings::missing, &SequenceFindings::gaps, &SequenceFindings::duplicates,
        &SequenceFindings::reused, &SequenceFindings::out_of_order, &SequenceFindings::late,
        &SequenceFindings::strays, &SequenceFindings::wraps, &SequenceFindings::restarts,
        &SequenceFindings::zeros})
    EXPECT_TRUE(counter == exception || f.*counter == 0) << f.*counter;
}

TEST(SequenceTracker, FindsNothingInOrderlyTraffic) {
  for (const std::uint32_t first : {1u, 2u, 523u, 4'000'000'000u}) {
    SCOPED_TRACE(first);
    const auto f = track(numbers_from(first, first + 4999));
    EXPECT_EQ(f.packets, 5000u);
    EXPECT_EQ(f.first, first);
    EXPECT_EQ(f.last, first + 4999);
    expect_clean_but(f);
  }
  expect_clean_but(SequenceTracker().findings());
}

TEST(SequenceTracker, CountsGaps) {
  const auto f = track({1, 2, 5, 6, 8, 9});
  EXPECT_EQ(f.missing, 3u);
  EXPECT_EQ(f.gaps, 2u);
  EXPECT_THAT(f.first_gaps, ElementsAre(NumberRange{3, 4}, NumberRange{7, 7}));
}

TEST(SequenceTracker, KeepsOneGapWholeWhileTheWindowSlidesOverIt) {
  const auto f = track(numbers_from(1, 100) + numbers_from(1101, 6000));
  EXPECT_EQ(f.missing, 1000u);
  EXPECT_EQ(f.gaps, 1u);
  EXPECT_THAT(f.first_gaps, ElementsAre(NumberRange{101, 1100}));
}

TEST(SequenceTracker, CountsAGapLargerThanTheWindow) {
  const auto f = track(numbers_from(1, 10) + numbers_from(65546, 65550));
  EXPECT_EQ(f.missing, 65535u);
  EXPECT_THAT(f.first_gaps, ElementsAre(NumberRange{11, 65545}));
  EXPECT_EQ(f.strays, 0u);
}

TEST(SequenceTracker, KeepsTheFirstExamplesOnlyButCountsAll) {
  std::vector<std::uint32_t> odd;
  for (std::uint32_t n = 1; n < 20'001; n += 2) odd.push_back(n);
  const auto f = track(odd);
  EXPECT_EQ(f.missing, 9999u);
  EXPECT_EQ(f.gaps, 9999u);
  EXPECT_EQ(f.first_gaps.size(), SequenceTracker::examples_kept);
  EXPECT_EQ(f.first_gaps.front(), (NumberRange{2, 2}));
  EXPECT_EQ(f.first_gaps.back(), (NumberRange{16, 16}));
}

TEST(SequenceTracker, NamesTheFramesOfADuplicate) {
  const auto f = track_copies({40, 41, 42, 41, 41, 43, 40});
  EXPECT_EQ(f.duplicates, 3u);
  EXPECT_THAT(f.first_duplicates,
              ElementsAre(RepeatedNumber{41, 2, 4}, RepeatedNumber{41, 2, 5}, RepeatedNumber{40, 1, 7}));
  expect_clean_but(f, &SequenceFindings::duplicates);
}

TEST(SequenceTracker, TellsAReusedNumberFromACopy) {
  const auto f = track({1, 2, 3, 2, 4});
  EXPECT_EQ(f.reused, 1u);
  EXPECT_THAT(f.first_reused, ElementsAre(RepeatedNumber{2, 2, 4}));
  expect_clean_but(f, &SequenceFindings::reused);
}

TEST(SequenceTracker, FillsAGapWithWhatComesOutOfOrder) {
  const auto f = track({1, 2, 5, 4, 3, 6});
  EXPECT_EQ(f.out_of_order, 2u);
  EXPECT_EQ(f.farthest_behind, 2u);
  expect_clean_but(f, &SequenceFindings::out_of_order);
}

TEST(SequenceTracker, LooksBehindTheFirstPacketToo) {
  const auto f = track({10, 11, 9, 7, 12});
  EXPECT_EQ(f.first, 10u);
  EXPECT_EQ(f.out_of_order, 2u);
  EXPECT_THAT(f.first_gaps, ElementsAre(NumberRange{8, 8}));  // from the lowest on, not from 1
}

TEST(SequenceTracker, RemembersExactlyTheWindow) {
  const auto last = static_cast<std::uint32_t>(10 + window);
  auto numbers = numbers_from(1, 5) + numbers_from(7, 9) + numbers_from(11, last);
  const auto inside = track(numbers + std::vector<std::uint32_t>{11, 12});
  EXPECT_EQ(inside.reused, 2u);
  EXPECT_EQ(inside.late, 0u);
  const auto outside = track(numbers + std::vector<std::uint32_t>{10});
  EXPECT_EQ(outside.late, 1u);
  EXPECT_EQ(outside.missing, 2u);  // 6 and 10: that 10 has come can't be told from a duplicate any more
  numbers.pop_back();
  const auto filled = track(numbers + std::vector<std::uint32_t>{10});
  EXPECT_EQ(filled.out_of_order, 1u);
  EXPECT_EQ(filled.farthest_behind, window - 1);
  EXPECT_EQ(filled.missing, 1u);
}

TEST(SequenceTracker, CountsOnOverTheWrap) {
  const std::uint32_t max = 0xffff'ffff;
  const auto f = track({max - 2, max - 1, max, 0, 1, 2, 5, 4});
  EXPECT_EQ(f.wraps, 1u);
  EXPECT_EQ(f.zeros, 0u);
  EXPECT_EQ(f.last, 5u);
  EXPECT_EQ(f.out_of_order, 1u);
  EXPECT_THAT(f.first_gaps, ElementsAre(NumberRange{3, 3}));
}

TEST(SequenceTracker, FindsAGapThatReachesOverTheWrap) {
  const std::uint32_t max = 0xffff'ffff;
  const auto f = track({max - 3, max - 2, 2, 3});
  EXPECT_EQ(f.missing, 4u);
  EXPECT_THAT(f.first_gaps, ElementsAre(NumberRange{max - 1, 1}));
}

TEST(SequenceTracker, SeesAWrapThatCameBeforeTheFirstPacket) {
  const std::uint32_t max = 0xffff'ffff;
  const auto f = track({1, max, 2, 0});
  EXPECT_EQ(f.out_of_order, 2u);
  EXPECT_EQ(f.missing, 0u);
}

TEST(SequenceTracker, CountsZero) {
  EXPECT_EQ(track({0, 1, 2}).zeros, 1u);
  EXPECT_EQ(track({1, 0, 2}).zeros, 1u);
}

TEST(SequenceTracker, SeesARestart) {
  struct Case {
    std::string_view sentence;
    std::vector<std::uint32_t> numbers;
    std::uint64_t missing;
  };
  const Case cases[] = {
      {"beyond the window", numbers_from(1, 5000) + numbers_from(1, 100), 0},
      {"within it, over numbers that were used", numbers_from(1, 50) + numbers_from(1, 100), 0},
      {"with the first packets lost", numbers_from(1, 5000) + numbers_from(7, 100), 0},
      {"after a start in the middle", numbers_from(900, 1000) + numbers_from(1, 100), 0},
      {"from so far that it looks like a wrap",
       numbers_from(3'000'000'000, 3'000'000'010) + numbers_from(1, 100), 0},
      {"with a gap before and one after",
       numbers_from(1, 5000) + numbers_from(5002, 6000) + numbers_from(1, 10) + numbers_from(13, 100), 3},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto f = track(c.numbers);
    EXPECT_EQ(f.restarts, 1u);
    EXPECT_EQ(f.last, 100u);
    EXPECT_EQ(f.missing, c.missing);
    EXPECT_THAT(f.first_reused, IsEmpty());
    EXPECT_EQ(f.reused + f.late + f.strays + f.wraps + f.duplicates, 0u);
  }
}

TEST(SequenceTracker, DoesNotJoinGapsOverARestart) {
  const auto f =
      track(numbers_from(1, 49) + numbers_from(51, 100) + numbers_from(1, 50) + numbers_from(52, 100));
  EXPECT_EQ(f.restarts, 1u);
  EXPECT_EQ(f.gaps, 2u);
  EXPECT_THAT(f.first_gaps, ElementsAre(NumberRange{50, 50}, NumberRange{51, 51}));
}

TEST(SequenceTracker, DoesNotTakeReplaysForARestart) {
  const auto orderly = numbers_from(1, 5000);
  const auto single = track(orderly + std::vector<std::uint32_t>{1, 2, 3});
  EXPECT_EQ(single.restarts, 0u);
  EXPECT_EQ(single.late, 3u);
  const auto middle = track(orderly + numbers_from(1000, 1100));
  EXPECT_EQ(middle.restarts, 0u);
  EXPECT_EQ(middle.late, 101u);
  const auto mixed = track(orderly + std::vector<std::uint32_t>{1, 5001, 2, 5002, 3, 5003, 4, 5004, 5});
  EXPECT_EQ(mixed.restarts, 0u);
  EXPECT_EQ(mixed.late, 5u);
  EXPECT_EQ(mixed.last, 5004u);
  EXPECT_EQ(track_copies(numbers_from(1, 50) + numbers_from(1, 50)).restarts, 0u);
}

TEST(SequenceTracker, IsNotLedAstrayByOneWildNumber) {
  const auto f =
      track(numbers_from(1, 100) + std::vector<std::uint32_t>{900'000'000} + numbers_from(101, 200));
  EXPECT_EQ(f.strays, 1u);
  EXPECT_EQ(f.last, 200u);
  expect_clean_but(f, &SequenceFindings::strays);
}

TEST(SequenceTracker, FollowsASenderThatHasJumpedFar) {
  const auto f = track(numbers_from(1, 100) + numbers_from(900'000'000, 900'000'010));
  EXPECT_EQ(f.strays, 0u);
  EXPECT_EQ(f.last, 900'000'010u);
  EXPECT_EQ(f.missing, 900'000'000u - 101);
}

TEST(SequenceTracker, FollowsTenMillionPackets) {
  SequenceTracker tracker;
  std::uint32_t frame = 0;
  for (std::uint32_t n = 1; n <= 10'000'000; ++n)
    if (n % 1000 != 0) tracker.add(n, ++frame, n);
  const auto f = tracker.findings();
  EXPECT_EQ(f.packets, 9'990'000u);
  EXPECT_EQ(f.missing, 9999u);  // behind the last one, 9 999 999, nothing can be missed
  EXPECT_EQ(f.gaps, 9999u);
}

// Against sets that forget nothing, on streams whose disorder stays within the window.
TEST(SequenceTracker, AgreesWithAMemoryOfEverything) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    std::vector<std::pair<std::uint64_t, std::uint32_t>> stream;  // arrival, number
    const std::uint32_t first = seed % 2 == 0 ? 1 : 0xffff'fc00;
    for (std::uint32_t i = 0; i < 3000; ++i) {
      if (i > 0 && chance(5)) continue;
      stream.emplace_back(i, first + i);
      if (i > 0 && chance(10)) stream.back().first += random() % 60;
      if (chance(3)) stream.emplace_back(i + 70 + random() % 500, first + i);
    }
    std::ranges::sort(stream);

    SequenceTracker tracker;
    std::map<std::uint64_t, std::uint32_t> frames;  // of the numbers counted on from `first`
    SequenceFindings expected;
    std::uint32_t frame = 0;
    for (const auto& [arrival, number] : stream) {
      tracker.add(number, ++frame, number * 7);
      const std::uint64_t offset = number - first;
      const std::uint64_t highest = frames.empty() ? 0 : frames.rbegin()->first;
      if (!frames.emplace(offset, frame).second) {
        ++expected.duplicates;
      } else if (offset < highest) {
        ++expected.out_of_order;
        expected.farthest_behind = std::max(expected.farthest_behind, highest - offset);
      }
    }
    expected.missing = frames.rbegin()->first - frames.begin()->first + 1 - frames.size();
    std::uint64_t next = 0;
    for (const auto& [offset, at] : frames) {
      if (offset != next) ++expected.gaps;
      next = offset + 1;
    }

    const auto f = tracker.findings();
    EXPECT_EQ(f.packets, stream.size());
    EXPECT_EQ(f.missing, expected.missing);
    EXPECT_EQ(f.gaps, expected.gaps);
    EXPECT_EQ(f.duplicates, expected.duplicates);
    EXPECT_EQ(f.out_of_order, expected.out_of_order);
    EXPECT_EQ(f.farthest_behind, expected.farthest_behind);
    EXPECT_EQ(f.late + f.reused + f.strays + f.restarts, 0u);
    EXPECT_EQ(f.wraps, seed % 2 == 0 ? 0u : 1u);
  }
}

}  // namespace
}  // namespace espgate::replay
