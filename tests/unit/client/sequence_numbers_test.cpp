// SPDX-License-Identifier: Apache-2.0
#include "client/sequence_numbers.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::client {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t block = SequenceFile::block;
constexpr SequenceClock::Time today = std::chrono::sys_days{std::chrono::year{2026} / 7 / 1};
const crypto::SuiteId cbc = *crypto::find_suite("aes256-sha256");
const crypto::SuiteId gcm = *crypto::find_suite("aes128gcm16");

std::string message(const Expected<SequenceNumbers>& made) {
  return made ? "no error" : made.error().to_string();
}

class SequenceFolder : public testing::Test {
 protected:
  SequenceFolder() {
    std::string name = testing::TempDir() + "sequence-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~SequenceFolder() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] SequenceChoice file() const { return {.file = (folder_ / "anna").string(), .start = {}}; }
  [[nodiscard]] std::string content() const {
    std::ifstream stream(folder_ / "anna");
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void write(const std::string& text) const { std::ofstream(folder_ / "anna") << text; }

  std::filesystem::path folder_;
};

TEST(SequenceClock, gives_sixteen_numbers_a_second) {
  EXPECT_EQ(SequenceClock::start(SequenceClock::epoch), 1u);
  EXPECT_EQ(SequenceClock::start(SequenceClock::epoch + std::chrono::seconds(10)), 161u);
}

TEST(SequenceClock, tells_when_it_will_have_passed_a_number) {
  for (const std::uint64_t next : {1u, 2u, 161u, 162u, 1'000'000u}) {
    const auto time = SequenceClock::reaches(next);
    EXPECT_GE(*SequenceClock::start(time), next);
    if (next > 1) {
      EXPECT_LT(SequenceClock::start(time - std::chrono::seconds(1)).value_or(0), next);
    }
  }
}

TEST(SequenceClock, lasts_from_2025_to_2032_at_least) {
  EXPECT_TRUE(SequenceClock::start(std::chrono::sys_days{std::chrono::year{2032} / 12 / 31}));
  const auto late = SequenceClock::start(std::chrono::sys_days{std::chrono::year{2034} / 1 / 1});
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().to_string(), HasSubstr("--sequence-file"));
  const auto unset = SequenceClock::start(SequenceClock::Time{});
  ASSERT_FALSE(unset);
  EXPECT_THAT(unset.error().to_string(), HasSubstr("the clock says 1970-01-01"));
}

TEST(SequenceNumbers, come_from_the_clock_unless_told) {
  auto numbers = SequenceNumbers::make({}, cbc, false, today);
  ASSERT_TRUE(numbers);
  EXPECT_EQ(numbers->first(), *SequenceClock::start(today));
  dataplane::OutboundSa sa;
  ASSERT_TRUE(numbers->provide(sa));
  EXPECT_EQ(sa.last_sequence, 0xffff'ffffu);
}

TEST(SequenceNumbers, that_ran_ahead_of_the_clock_are_told_at_the_end) {
  auto numbers = SequenceNumbers::make({}, cbc, false, today);
  ASSERT_TRUE(numbers);
  dataplane::OutboundSa sa;
  sa.next_sequence = numbers->first() + 960;
  EXPECT_EQ(*numbers->finish(sa, today + std::chrono::minutes(1)), std::nullopt);
  const auto told = numbers->finish(sa, today + std::chrono::seconds(59));
  ASSERT_TRUE(told && *told);
  EXPECT_THAT(**told, HasSubstr("before 2026-07-01 00:01:00 UTC"));
}

TEST(SequenceNumbers, may_be_given) {
  auto numbers = SequenceNumbers::make({.file = {}, .start = 5}, cbc, false, today);
  ASSERT_TRUE(numbers);
  EXPECT_EQ(numbers->first(), 5u);
  EXPECT_THAT(message(SequenceNumbers::make({.file = {}, .start = 1ULL << 32}, cbc, false, today)),
              HasSubstr("--sequence: sequence number 4294967296 is not one of 32 bits"));
  EXPECT_TRUE(SequenceNumbers::make({.file = {}, .start = 1ULL << 32}, cbc, true, today));
  EXPECT_FALSE(SequenceNumbers::make({.file = {}, .start = std::numeric_limits<std::uint64_t>::max()}, cbc,
                                     true, today));
}

TEST(SequenceNumbers, of_an_AEAD_come_from_a_file_only) {
  EXPECT_THAT(message(SequenceNumbers::make({}, gcm, false, today)),
              HasSubstr("--sequence-file: aes128gcm16 needs it"));
  EXPECT_FALSE(SequenceNumbers::make({.file = {}, .start = 5}, gcm, true, today));
}

TEST_F(SequenceFolder, a_new_file_begins_with_1_and_reserves_a_block_before_use) {
  auto numbers = SequenceNumbers::make(file(), gcm, false, today);
  ASSERT_TRUE(numbers) << message(numbers);
  EXPECT_EQ(numbers->first(), 1u);
  EXPECT_EQ(content(), "");
  dataplane::OutboundSa sa;
  ASSERT_TRUE(numbers->provide(sa));
  EXPECT_EQ(sa.last_sequence, block);
  EXPECT_EQ(content(), sequence_file_text(1 + block));
}

TEST_F(SequenceFolder, the_next_block_is_reserved_before_half_of_one_is_left) {
  auto numbers = SequenceNumbers::make(file(), gcm, false, today);
  ASSERT_TRUE(numbers);
  dataplane::OutboundSa sa;
  ASSERT_TRUE(numbers->provide(sa));
  sa.next_sequence = 1 + block / 2;
  ASSERT_TRUE(numbers->provide(sa));
  EXPECT_EQ(sa.last_sequence, block);
  sa.next_sequence += 1;
  ASSERT_TRUE(numbers->provide(sa));
  EXPECT_EQ(sa.last_sequence, 2 * block);
  EXPECT_EQ(content(), sequence_file_text(1 + 2 * block));
}

TEST_F(SequenceFolder, a_run_that_ends_well_gives_back_what_it_has_not_used) {
  for (std::uint64_t first = 1; first < 300; first += 100) {
    auto numbers = SequenceNumbers::make(file(), gcm, false, today);
    ASSERT_TRUE(numbers);
    EXPECT_EQ(numbers->first(), first);
    dataplane::OutboundSa sa;
    sa.next_sequence = first;
    ASSERT_TRUE(numbers->provide(sa));
    sa.next_sequence += 100;
    EXPECT_EQ(*numbers->finish(sa, today), std::nullopt);
  }
}

TEST_F(SequenceFolder, a_run_that_is_killed_leaves_its_block_unused) {
  for (const std::uint64_t first : {std::uint64_t{1}, 1 + block, 1 + 2 * block}) {
    auto numbers = SequenceNumbers::make(file(), gcm, false, today);
    ASSERT_TRUE(numbers);
    EXPECT_EQ(numbers->first(), first);
    dataplane::OutboundSa sa;
    sa.next_sequence = first;
    ASSERT_TRUE(numbers->provide(sa));
  }
}

TEST_F(SequenceFolder, the_last_numbers_of_32_bits_can_be_used_and_nothing_behind_them) {
  write(sequence_file_text(0xffff'ff00));
  auto numbers = SequenceNumbers::make(file(), gcm, false, today);
  ASSERT_TRUE(numbers);
  dataplane::OutboundSa sa;
  sa.next_sequence = numbers->first();
  ASSERT_TRUE(numbers->provide(sa));
  EXPECT_EQ(sa.last_sequence, 0xffff'ffffu);
  sa.next_sequence = 0x1'0000'0000;
  ASSERT_TRUE(numbers->provide(sa));
  EXPECT_EQ(sa.last_sequence, 0xffff'ffffu);
  ASSERT_TRUE(numbers->finish(sa, today));
  numbers = fail({});  // lets go of the lock
  EXPECT_THAT(message(SequenceNumbers::make(file(), gcm, false, today)), HasSubstr("is not one of 32 bits"));
  EXPECT_TRUE(SequenceNumbers::make(file(), gcm, true, today));
}

TEST_F(SequenceFolder, a_file_is_used_by_one_client_at_a_time) {
  auto numbers = SequenceNumbers::make(file(), gcm, false, today);
  ASSERT_TRUE(numbers);
  EXPECT_THAT(message(SequenceNumbers::make(file(), gcm, false, today)),
              HasSubstr("another espgate-client uses"));
  numbers = fail({});
  EXPECT_TRUE(SequenceNumbers::make(file(), gcm, false, today));
}

TEST_F(SequenceFolder, other_files_are_left_alone) {
  for (const char* text : {"", "1048577\n", "espgate-client sequence 0\n", "espgate-client sequence 7",
                           "espgate-client sequence -7\n", "espgate-client sequence 7 \n",
                           "espgate-client sequence 18446744073709551616\n"}) {
    write(text);
    EXPECT_THAT(message(SequenceNumbers::make(file(), gcm, false, today)),
                HasSubstr("is not what espgate-client"))
        << text;
    EXPECT_EQ(content(), text);
  }
}

TEST_F(SequenceFolder, when_the_file_can_not_be_written_no_further_number_is_used) {
  auto numbers = SequenceNumbers::make(file(), gcm, false, today);
  ASSERT_TRUE(numbers);
  dataplane::OutboundSa sa;
  ASSERT_TRUE(numbers->provide(sa));
  std::filesystem::remove_all(folder_);
  sa.next_sequence = block;
  const auto provided = numbers->provide(sa);
  ASSERT_FALSE(provided);
  EXPECT_THAT(provided.error().to_string(), HasSubstr("No such file or directory"));
  EXPECT_EQ(sa.last_sequence, block);
}

TEST_F(SequenceFolder, only_its_owner_may_read_and_write_the_file) {
  auto numbers = SequenceNumbers::make(file(), gcm, false, today);
  dataplane::OutboundSa sa;
  ASSERT_TRUE(numbers && numbers->provide(sa));
  EXPECT_EQ(std::filesystem::status(folder_ / "anna").permissions(), std::filesystem::perms(0600));
}

}  // namespace
}  // namespace espgate::client
