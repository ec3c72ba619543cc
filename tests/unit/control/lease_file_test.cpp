// SPDX-License-Identifier: Apache-2.0
#include "control/pool/lease_file.h"

#include "tests/scenarios/program.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::control::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<Lease> some = {{"alice", 0x0a280001}, {"bob", 0x0a280002}, {"", 0}};

class LeaseFileTest : public testing::Test {
 protected:
  // Replaces the file.
  void put(std::span<const std::byte> content) {
    std::ofstream(file_.path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  }
  espgate::test::TemporaryFolder folder_;
  LeaseFile file_{folder_ / "state"};
};

TEST_F(LeaseFileTest, ComesBackAsItWasWritten) {
  ASSERT_TRUE(file_.read());
  EXPECT_THAT(*file_.read(), IsEmpty()) << "there is none yet";
  ASSERT_TRUE(file_.write(some));
  EXPECT_EQ(*file_.read(), some);
  ASSERT_TRUE(file_.write({}));
  EXPECT_THAT(*file_.read(), IsEmpty());
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(file_.path()).permissions(), perms::owner_read | perms::owner_write);
}

TEST_F(LeaseFileTest, TellsDamageWhereverItIs) {
  ASSERT_TRUE(file_.write(some));
  const auto good = format_leases(some);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= std::byte{0x10};
    EXPECT_FALSE(parse_leases(bad)) << i;
    EXPECT_FALSE(parse_leases(std::span(good).first(i))) << i;
  }
  put(std::span(good).first(good.size() - 1));
  const auto read = file_.read();
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error(),
              HasSubstr("leases is cut off or damaged: its checksum is wrong; it is begun anew"));
  ASSERT_TRUE(file_.write(some));
  EXPECT_TRUE(file_.read());
}

TEST_F(LeaseFileTest, SaysWhyItCanNotBeWritten) {
  const LeaseFile nowhere(folder_ / "not/there");
  const auto written = nowhere.write(some);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error(), HasSubstr("not/there/leases: can't be written: No such file or directory"));
}

}  // namespace
}  // namespace espgate::control::test
