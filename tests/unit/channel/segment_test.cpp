// SPDX-License-Identifier: Apache-2.0
#include "channel/segment.h"

#include "channel/protect_process.h"
#include "tests/scenarios/program.h"

#include <algorithm>
#include <filesystem>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace espgate::channel::test {
namespace {

using testing::HasSubstr;

Descriptor duplicate(int descriptor) { return Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)); }

TEST(SegmentTest, starts_as_zeros_and_cannot_change_its_size) {
  auto segment = Segment::create("test", 10'000);
  ASSERT_TRUE(segment) << segment.error();
  EXPECT_EQ(segment->size(), 10'000u);
  EXPECT_TRUE(std::ranges::all_of(segment->bytes(), [](std::byte b) { return b == std::byte{0}; }));
  EXPECT_NE(::ftruncate(segment->descriptor(), 100), 0);
  EXPECT_NE(::ftruncate(segment->descriptor(), 20'000), 0);
  EXPECT_NE(::fcntl(segment->descriptor(), F_ADD_SEALS, F_SEAL_WRITE), 0) << "no further seals";
}

TEST(SegmentTest, what_one_mapping_writes_the_other_reads) {
  auto one = Segment::create("test", 4096);
  ASSERT_TRUE(one) << one.error();
  auto other = Segment::map(duplicate(one->descriptor()), 4096);
  ASSERT_TRUE(other) << other.error();
  one->bytes()[4095] = std::byte{42};
  EXPECT_EQ(other->bytes()[4095], std::byte{42});
}

TEST(SegmentTest, memory_that_could_shrink_under_us_is_not_mapped) {
  Descriptor unsealed(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(unsealed.get(), 4096), 0);
  ASSERT_EQ(::fcntl(unsealed.get(), F_ADD_SEALS, F_SEAL_GROW), 0);
  const auto mapped = Segment::map(std::move(unsealed), 4096);
  ASSERT_FALSE(mapped);
  EXPECT_THAT(mapped.error(), HasSubstr("not sealed"));
}

TEST(SegmentTest, a_file_is_no_segment) {
  const espgate::test::TemporaryFolder folder;
  espgate::test::write_file(folder / "file", std::string(4096, 'x'));
  const auto mapped = Segment::map(Descriptor(::open((folder / "file").c_str(), O_RDWR)), 4096);
  EXPECT_FALSE(mapped);
}

TEST(SegmentTest, another_size_than_expected_is_refused_with_both_sizes) {
  auto segment = Segment::create("test", 4096);
  ASSERT_TRUE(segment) << segment.error();
  const auto mapped = Segment::map(duplicate(segment->descriptor()), 8192);
  ASSERT_FALSE(mapped);
  EXPECT_THAT(mapped.error(), HasSubstr("4096"));
  EXPECT_THAT(mapped.error(), HasSubstr("8192"));
}

TEST(ProtectProcessTest, leaves_no_core_and_cannot_be_traced) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    protect_process();
    rlimit limit = {1, 1};
    (void)::getrlimit(RLIMIT_CORE, &limit);
    struct stat status = {};
    (void)::stat("/proc/self/mem", &status);
    // The files of a process that can't be dumped belong to root.
    ::_exit(limit.rlim_max == 0 && status.st_uid == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(RuntimeDirectoryTest, is_made_private_and_may_be_there) {
  const espgate::test::TemporaryFolder folder;
  const std::filesystem::path path = folder / "run";
  ASSERT_TRUE(make_runtime_directory(path));
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_all);
  EXPECT_TRUE(make_runtime_directory(path));
}

TEST(RuntimeDirectoryTest, one_that_others_may_write_to_is_refused) {
  const espgate::test::TemporaryFolder folder;
  ASSERT_EQ(::mkdir((folder / "run").c_str(), 0700), 0);
  ASSERT_EQ(::chmod((folder / "run").c_str(), 0777), 0);
  const auto made = make_runtime_directory(folder / "run");
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error(), HasSubstr("chmod"));
}

TEST(RuntimeDirectoryTest, a_missing_parent_and_a_file_in_the_way_are_named) {
  const espgate::test::TemporaryFolder folder;
  EXPECT_THAT(make_runtime_directory(folder / "missing/run").error(), HasSubstr("missing/run"));
  espgate::test::write_file(folder / "file", "");
  EXPECT_THAT(make_runtime_directory(folder / "file").error(), HasSubstr("not a folder"));
}

}  // namespace
}  // namespace espgate::channel::test
