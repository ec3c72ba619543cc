// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/user_database.h"

#include "tests/scenarios/program.h"

#include <chrono>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::control::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class UserDatabaseTest : public testing::Test {
 protected:
  // Each content has a time of its own, however coarse the clock of the file system is.
  void write(const std::string& content, std::filesystem::perms mode = std::filesystem::perms::owner_read |
                                                                       std::filesystem::perms::owner_write) {
    std::ofstream(path_) << content;
    std::filesystem::permissions(path_, mode);
    std::filesystem::last_write_time(path_, std::filesystem::file_time_type(std::chrono::seconds(++time_)));
  }
  // What the database says of a new content; "" if there is none.
  std::string reload() {
    const auto changed = database_.reload_if_changed();
    if (!changed) return changed.error();
    return *changed ? "new" : "";
  }

  espgate::test::TemporaryFolder folder_;
  std::string path_ = folder_ / "chap-secrets";
  UserDatabase database_{path_};
  long time_ = 1'000'000;
};

TEST_F(UserDatabaseTest, HasNobodyBeforeItIsRead) {
  EXPECT_EQ(database_.find("alice"), nullptr);
  EXPECT_EQ(database_.users(), nullptr);
}

TEST_F(UserDatabaseTest, ReadsAFileOfTheOwnersAlone) {
  write("alice * x *\n");
  ASSERT_TRUE(database_.load());
  EXPECT_NE(database_.find("alice"), nullptr);
  EXPECT_THAT(database_.problems(), IsEmpty());
}

TEST_F(UserDatabaseTest, TellsThatOthersMayRead) {
  using std::filesystem::perms;
  write("alice * x *\nbob\n", perms::owner_read | perms::owner_write | perms::group_read);
  ASSERT_TRUE(database_.load());
  EXPECT_THAT(database_.problems(),
              ElementsAre(HasSubstr(":2: only one word"), HasSubstr("mode 0640); chmod 600 " + path_)));
}

TEST_F(UserDatabaseTest, SaysWhyAFileIsNotRead) {
  const auto loaded = database_.load();
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), HasSubstr(path_ + ": cannot be opened"));
  EXPECT_THAT(loaded.error(), HasSubstr("nobody can come in"));
  EXPECT_FALSE(UserDatabase(folder_ / "").load()) << "a folder";
}

TEST_F(UserDatabaseTest, ReadsAgainWhatHasChanged) {
  write("alice * x *\n");
  ASSERT_TRUE(database_.load());
  EXPECT_EQ(reload(), "");
  write("bob * x *\n");
  EXPECT_EQ(reload(), "new");
  EXPECT_EQ(database_.find("alice"), nullptr);
  EXPECT_NE(database_.find("bob"), nullptr);
  EXPECT_EQ(reload(), "");
}

TEST_F(UserDatabaseTest, NoticesAFileThatTookItsPlace) {
  write("alice * x *\n");
  const auto time = std::filesystem::last_write_time(path_);
  ASSERT_TRUE(database_.load());
  std::ofstream(path_ + ".new") << "bobby * x *\n";
  std::filesystem::last_write_time(path_ + ".new", time);
  std::filesystem::rename(path_ + ".new", path_);
  EXPECT_EQ(reload(), "new");
  EXPECT_NE(database_.find("bobby"), nullptr);
}

TEST_F(UserDatabaseTest, KeepsItsUsersWhenAFileIsWrongAndSaysSoOnce) {
  write("alice * x *\n");
  ASSERT_TRUE(database_.load());
  write("neither\n");
  EXPECT_THAT(reload(), HasSubstr("the users of before stay"));
  EXPECT_EQ(reload(), "");
  EXPECT_NE(database_.find("alice"), nullptr);
  std::filesystem::remove(path_);
  EXPECT_THAT(reload(), HasSubstr("cannot be opened"));
  EXPECT_EQ(reload(), "");
  EXPECT_NE(database_.find("alice"), nullptr);
  write("carol * x *\n");
  EXPECT_EQ(reload(), "new");
  EXPECT_NE(database_.find("carol"), nullptr);
}

}  // namespace
}  // namespace espgate::control::test
