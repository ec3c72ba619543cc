// SPDX-License-Identifier: Apache-2.0
#include "control/state/sequence_file.h"

#include "tests/scenarios/program.h"

#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

namespace espgate::control::test {
namespace {

using testing::HasSubstr;

SequenceTable some_table() {
  SequenceTable table;
  table.salt.fill(std::byte{3});
  for (unsigned i = 0; i < 5; ++i) {
    Fingerprint sa;
    sa.fill(std::byte(i));
    const auto direction = i % 2 == 0 ? channel::Direction::inbound : channel::Direction::outbound;
    table.entries[sa] = {direction, 0x1000 + i, std::uint64_t{i} << 40 | i};
  }
  return table;
}

class SequenceFileTest : public testing::Test {
 protected:
  SequenceFile open() {
    auto file = SequenceFile::open(directory_);
    if (!file) throw std::runtime_error(file.error());
    return std::move(*file);
  }
  espgate::test::TemporaryFolder folder_;
  std::filesystem::path directory_ = folder_ / "state";
};

TEST_F(SequenceFileTest, comes_back_as_it_was_written) {
  {
    const SequenceFile file = open();
    const auto none = file.read();
    ASSERT_TRUE(none) << none.error();
    EXPECT_FALSE(*none);
    ASSERT_TRUE(file.write(SequenceTable()));
    ASSERT_TRUE(file.write(some_table()));
  }
  const auto read = open().read();
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(*read, some_table());
}

TEST_F(SequenceFileTest, folder_and_file_are_private) {
  ASSERT_TRUE(open().write(some_table()));
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(directory_).permissions(), perms::owner_all);
  EXPECT_EQ(std::filesystem::status(directory_ / "sequences").permissions(),
            perms::owner_read | perms::owner_write);
}

TEST_F(SequenceFileTest, a_write_that_was_torn_leaves_the_file_before) {
  ASSERT_TRUE(open().write(some_table()));
  espgate::test::write_file(directory_ / "sequences.new", "half of it");
  const SequenceFile file = open();
  const auto read = file.read();
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(*read, some_table());
  EXPECT_TRUE(file.write(some_table()));
}

TEST_F(SequenceFileTest, every_truncation_and_every_flipped_bit_is_found) {
  const auto content = format_sequence_file(some_table());
  for (std::size_t length = 0; length < content.size(); ++length) {
    EXPECT_FALSE(parse_sequence_file(std::span(content).first(length)));
  }
  for (std::size_t bit = 0; bit < content.size() * 8; ++bit) {
    auto damaged = content;
    damaged[bit / 8] ^= std::byte(1U << bit % 8);
    EXPECT_FALSE(parse_sequence_file(damaged)) << bit;
  }
  auto longer = content;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(parse_sequence_file(longer));
}

TEST_F(SequenceFileTest, a_damaged_or_empty_file_is_told_from_none) {
  const SequenceFile file = open();
  espgate::test::write_file(directory_ / "sequences", "");
  EXPECT_THAT(file.read().error(), HasSubstr("sequences is cut off after 0 bytes"));
  espgate::test::write_file(directory_ / "sequences", std::string(100, 'x'));
  EXPECT_THAT(file.read().error(), HasSubstr("is no file of sequence numbers"));
  EXPECT_THAT(file.read().error(), HasSubstr("new keys"));
}

TEST_F(SequenceFileTest, what_can_not_be_read_is_an_error) {
  const SequenceFile file = open();
  std::filesystem::create_directory(directory_ / "sequences");
  EXPECT_THAT(file.read().error(), HasSubstr("can't be read"));
  EXPECT_THAT(file.write(some_table()).error(), HasSubstr("can't be written"));
}

// Gives the calling process a tiny file system of its own. False: this system does not allow it.
bool mount_tiny(const std::string& at) {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
  if (user != 0) {
    espgate::test::write_file("/proc/self/setgroups", "deny");
    espgate::test::write_file("/proc/self/uid_map", fmt::format("{0} {0} 1", user));
    espgate::test::write_file("/proc/self/gid_map", fmt::format("{0} {0} 1", group));
  }
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=16k,mode=700") == 0;
}

TEST_F(SequenceFileTest, a_full_disk_leaves_the_file_before) {
  std::filesystem::create_directory(directory_);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!mount_tiny(directory_)) ::_exit(77);
    const SequenceFile file = open();
    if (!file.write(some_table())) ::_exit(1);
    espgate::test::write_file(directory_ / "filler", std::string(32768, 'x'));
    SequenceTable larger = some_table();
    for (unsigned i = 0; i < 1000; ++i) larger.entries[{std::byte(i), std::byte(i >> 8), std::byte{1}}] = {};
    const auto written = file.write(larger);
    const bool told = !written && written.error().find("No space left") != std::string::npos;
    const auto read = file.read();
    ::_exit(told && read && *read == some_table() ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no namespaces here";
  EXPECT_EQ(status, 0);
}

TEST_F(SequenceFileTest, a_folder_that_can_not_be_made_is_named) {
  EXPECT_THAT(SequenceFile::open(folder_ / "missing/state").error(),
              HasSubstr("missing/state: can't be made"));
  espgate::test::write_file(folder_ / "file", "");
  EXPECT_THAT(SequenceFile::open(folder_ / "file").error(), HasSubstr("state_directory"));
}

}  // namespace
}  // namespace espgate::control::test
