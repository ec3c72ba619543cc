// SPDX-License-Identifier: Apache-2.0
#include "control/state/sequences.h"

#include "tests/scenarios/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::control::test {
namespace {

using channel::Direction;
using testing::HasSubstr;

channel::SaAdd make_sa(Direction direction, std::uint32_t spi, unsigned key) {
  channel::SaAdd sa = {};
  sa.direction = direction;
  sa.spi = spi;
  sa.keys.cipher_key_bytes = 32;
  sa.keys.cipher_key.fill(std::byte(key));
  sa.keys.integrity_key_bytes = 20;
  sa.keys.integrity_key.fill(std::byte(key + 1));
  return sa;
}

const Sequences::TimePoint june = std::chrono::sys_days(std::chrono::year(2025) / 6 / 1);

TEST(SequencesTest, an_sa_is_known_by_its_key_direction_and_spi) {
  const Sequences sequences;
  const auto identify = [&](Direction direction, std::uint32_t spi, unsigned key) {
    return sequences.identify(make_sa(direction, spi, key), false);
  };
  const Fingerprint sa = identify(Direction::outbound, 256, 1);
  EXPECT_EQ(sa, identify(Direction::outbound, 256, 1));
  EXPECT_NE(sa, identify(Direction::outbound, 256, 2));
  EXPECT_NE(sa, identify(Direction::outbound, 257, 1));
  EXPECT_NE(sa, identify(Direction::inbound, 256, 1));
  channel::SaAdd other = make_sa(Direction::outbound, 256, 1);
  other.keys.integrity_key[19] = std::byte{0xee};
  EXPECT_NE(sa, sequences.identify(other, false));
}

TEST(SequencesTest, of_an_outbound_aead_only_the_key_counts) {
  const Sequences sequences;
  const auto identify = [&](Direction direction, std::uint32_t spi, unsigned key) {
    return sequences.identify(make_sa(direction, spi, key), true);
  };
  EXPECT_EQ(identify(Direction::outbound, 256, 1), identify(Direction::outbound, 257, 1));
  EXPECT_NE(identify(Direction::outbound, 256, 1), identify(Direction::outbound, 256, 2));
  EXPECT_NE(identify(Direction::inbound, 256, 1), identify(Direction::inbound, 257, 1));
}

TEST(SequencesTest, fingerprints_of_different_processes_cannot_be_compared) {
  const channel::SaAdd sa = make_sa(Direction::outbound, 256, 1);
  EXPECT_NE(Sequences().identify(sa, false), Sequences().identify(sa, false));
}

TEST(SequencesTest, the_clock_gives_eight_numbers_a_second) {
  const Sequences sequences;
  const Fingerprint sa = {};
  const auto first = sequences.first(sa, false, june);
  ASSERT_TRUE(first) << first.error();
  EXPECT_EQ(*first, 1 + std::uint64_t{151} * 86400 * 8);
  EXPECT_EQ(sequences.first(sa, true, june + std::chrono::seconds(1)).value(), *first + 8);
  EXPECT_TRUE(sequences.first(sa, false, std::chrono::sys_days(std::chrono::year(2041) / 12 / 31)));
}

TEST(SequencesTest, a_clock_that_is_not_set_or_has_run_out_gives_none) {
  const Sequences sequences;
  EXPECT_THAT(sequences.first({}, false, {}).error(), HasSubstr("not set"));
  EXPECT_THAT(sequences.first({}, true, std::chrono::sys_days(std::chrono::year(2043) / 1 / 1)).error(),
              HasSubstr("state_directory"));
}

TEST(SequencesTest, a_new_salt_does_not_hide_what_the_predecessor_used_without_a_file) {
  Sequences first, second;
  const channel::SaAdd sa = make_sa(Direction::outbound, 256, 1);
  first.raise(first.identify(sa, false), sa, std::uint64_t{3} << 30);
  second.restore(first.table(), true);
  EXPECT_EQ(second.first(second.identify(sa, false), false, june).value(), (std::uint64_t{3} << 30) + 1);
}

class SequencesFileTest : public testing::Test {
 protected:
  Sequences open() {
    auto file = SequenceFile::open(folder_ / "state");
    if (!file) throw std::runtime_error(file.error());
    return Sequences(std::move(*file));
  }
  espgate::test::TemporaryFolder folder_;
  channel::SaAdd sa_ = make_sa(Direction::outbound, 256, 1);
};

TEST_F(SequencesFileTest, what_was_committed_is_known_to_the_next_process) {
  {
    Sequences sequences = open();
    const Fingerprint sa = sequences.identify(sa_, false);
    EXPECT_EQ(sequences.first(sa, false, june).value(), 1u);
    sequences.raise(sa, sa_, 1000);
    sequences.raise(sa, sa_, 500);
    ASSERT_TRUE(sequences.commit());
    EXPECT_FALSE(sequences.has_changed());
    sequences.raise(sa, sa_, 9999);  // not committed
  }
  const Sequences sequences = open();
  EXPECT_EQ(sequences.first(sequences.identify(sa_, false), false, june).value(), 1001u);
  EXPECT_EQ(sequences.value(sequences.identify(make_sa(Direction::outbound, 256, 2), false)), 0u)
      << "a changed key starts anew";
}

TEST_F(SequencesFileTest, the_last_number_is_the_last) {
  Sequences sequences = open();
  const Fingerprint sa = sequences.identify(sa_, false);
  sequences.raise(sa, sa_, 0xffff'ffff);
  EXPECT_THAT(sequences.first(sa, false, june).error(), HasSubstr("new key"));
  EXPECT_TRUE(sequences.first(sa, true, june));
}

TEST_F(SequencesFileTest, a_failed_commit_takes_outbound_back_and_keeps_inbound) {
  Sequences sequences = open();
  const channel::SaAdd in = make_sa(Direction::inbound, 1024, 2);
  const Fingerprint out_sa = sequences.identify(sa_, false), in_sa = sequences.identify(in, false);
  sequences.raise(out_sa, sa_, 100);
  ASSERT_TRUE(sequences.commit());
  std::filesystem::create_directory(folder_ / "state/sequences.new");
  sequences.raise(out_sa, sa_, 200);
  sequences.raise(out_sa, sa_, 300);
  sequences.raise(in_sa, in, 55);
  EXPECT_FALSE(sequences.commit());
  EXPECT_EQ(sequences.value(out_sa), 100u);
  EXPECT_EQ(sequences.value(in_sa), 55u);
  std::filesystem::remove(folder_ / "state/sequences.new");
  EXPECT_TRUE(sequences.commit());
}

TEST_F(SequencesFileTest, a_file_that_went_missing_is_replaced_by_what_the_predecessor_knew) {
  Sequences first = open();
  first.raise(first.identify(sa_, false), sa_, 4000);
  ASSERT_TRUE(first.commit());
  const SequenceTable left = first.table();
  first = Sequences();
  std::filesystem::remove(folder_ / "state/sequences");
  Sequences second = open();
  second.restore(left, true);
  ASSERT_TRUE(second.commit());
  second = Sequences();
  const Sequences third = open();
  EXPECT_EQ(third.value(third.identify(sa_, false)), 4000u);
}

}  // namespace
}  // namespace espgate::control::test
