// SPDX-License-Identifier: Apache-2.0
#include "control/dial/logins.h"

#include "tests/scenarios/program.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::control::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr ppp::TimePoint start{seconds(1000)};

class LoginsTest : public testing::Test {
 protected:
  LoginsTest() {
    const std::string path = folder_ / "chap-secrets";
    std::ofstream(path) << "alice * right *\nbob * right 10.40.0.7\ncarol * right -\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    users_.emplace(path);
    if (const auto loaded = users_->load(); !loaded) throw std::runtime_error(loaded.error());
    config_.users.session_limit_seconds = 100;
    config::Group staff;
    staff.name = "staff";
    staff.users = {"bob"};
    staff.terms = config_.users;
    staff.terms.rate_to_client_kbit = 512;
    staff.terms.sessions = config::Sessions::one;
    config_.groups.push_back(std::move(staff));
    logins_.emplace(config_, *users_, nullptr);
  }

  static Logins::Login login(const std::string& user, std::string_view password,
                             std::uint32_t from = 0xc6336407) {
    Logins::Login made;
    made.peer_id = 65536;
    made.session = 9;
    made.client = wire::IpAddress::v4(from);
    made.question.question = 3;
    made.question.user = user;
    made.question.method = ppp::Method::pap;
    made.question.password = crypto::SecretBytes(std::as_bytes(std::span(password)));
    return made;
  }
  LoginAnswer answer_at(ppp::TimePoint now) {
    auto answers = logins_->take(now);
    if (answers.size() != 1) throw std::runtime_error("not one answer");
    return std::move(answers.front());
  }

  espgate::test::TemporaryFolder folder_;
  config::Config config_;
  std::optional<UserDatabase> users_;
  std::optional<Logins> logins_;
};

TEST_F(LoginsTest, a_right_password_is_answered_at_once_with_the_users_terms) {
  logins_->ask(login("alice", "right"), start);
  const LoginAnswer answer = answer_at(start);
  EXPECT_TRUE(answer.result.accepted);
  EXPECT_EQ(answer.peer_id, 65536U);
  EXPECT_EQ(answer.session, 9);
  EXPECT_EQ(answer.question, 3U);
  EXPECT_EQ(answer.user, "alice");
  EXPECT_TRUE(answer.admission.may_have_address);
  EXPECT_EQ(answer.admission.address, std::nullopt);
  EXPECT_EQ(answer.admission.terms.session_limit_seconds, 100U);
  EXPECT_EQ(answer.admission.terms.rate_to_client_kbit, 0U);
  EXPECT_TRUE(answer.problem.empty());
}

TEST_F(LoginsTest, a_user_of_a_group_has_its_terms) {
  logins_->ask(login("bob", "right"), start);
  const LoginAnswer answer = answer_at(start);
  EXPECT_EQ(answer.admission.address, 0x0a280007U);
  EXPECT_EQ(answer.admission.terms.rate_to_client_kbit, 512U);
  EXPECT_EQ(answer.admission.terms.sessions, config::Sessions::one);
  EXPECT_EQ(answer.admission.terms.session_limit_seconds, 100U) << "what the group leaves open";
}

TEST_F(LoginsTest, no_address_column_is_no_address) {
  logins_->ask(login("carol", "right"), start);
  const LoginAnswer answer = answer_at(start);
  EXPECT_TRUE(answer.result.accepted);
  EXPECT_FALSE(answer.admission.may_have_address);
}

TEST_F(LoginsTest, the_client_hears_the_same_of_a_wrong_password_and_of_an_unknown_user) {
  logins_->ask(login("alice", "wrong"), start);
  const LoginAnswer wrong = answer_at(start);
  logins_->ask(login("dave", "right", 0xc6336408), start);
  const LoginAnswer unknown = answer_at(start);
  EXPECT_FALSE(wrong.result.accepted);
  EXPECT_FALSE(unknown.result.accepted);
  EXPECT_EQ(wrong.result.message, unknown.result.message);
  EXPECT_THAT(wrong.problem, HasSubstr("wrong password of alice by PAP"));
  EXPECT_THAT(unknown.problem, HasSubstr("no user is called dave"));
  EXPECT_THAT(unknown.remedy, HasSubstr("chap-secrets")) << "the operator hears which";
}

TEST_F(LoginsTest, after_wrong_passwords_every_answer_comes_late_also_to_the_right_one) {
  for (int i = 0; i < 4; ++i) {
    logins_->ask(login("alice", "wrong"), start);
    (void)logins_->take(start + seconds(100));
  }
  const auto now = start + seconds(101);
  logins_->ask(login("alice", "right"), now);
  EXPECT_TRUE(logins_->take(now).empty());
  EXPECT_FALSE(logins_->has_due(now));
  const auto later = logins_->take(now + seconds(60));
  ASSERT_EQ(later.size(), 1U);
  EXPECT_TRUE(later.front().result.accepted);
  logins_->ask(login("bob", "right", 0xc6336499), now);
  EXPECT_EQ(logins_->take(now).size(), 1U) << "another user from elsewhere does not wait";
}

}  // namespace
}  // namespace espgate::control::test
