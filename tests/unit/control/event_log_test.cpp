// SPDX-License-Identifier: Apache-2.0
#include "control/event_log.h"

#include "tests/scenarios/program.h"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

namespace espgate::control::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const ike::Endpoint one = {wire::IpAddress::v4(0xc6336407), 4500};
const ike::Endpoint other = {wire::IpAddress::v4(0xc6336408), 4500};

class EventLogTest : public testing::Test {
 protected:
  EventLogTest() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_, true)));
    spdlog::set_level(spdlog::level::info);
  }
  ~EventLogTest() override { spdlog::set_default_logger(before_); }

  void say(EventLog& log, std::string_view text, spdlog::level::level_enum level = spdlog::level::debug,
           const ike::Endpoint& remote = one, std::uint32_t peer = 7) {
    log.write({Area::ike, level, remote, peer, text}, now_);
  }
  [[nodiscard]] std::size_t lines() const {
    const std::string text = text_.str();
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }

  std::shared_ptr<spdlog::logger> before_;
  std::ostringstream text_;
  ike::TimePoint now_{std::chrono::hours(1)};
  espgate::test::TemporaryFolder folder_;
};

TEST_F(EventLogTest, the_processs_level_decides_unless_another_is_set) {
  EventLog log({});
  say(log, "quiet");
  say(log, "loud", spdlog::level::info);
  EXPECT_THAT(text_.str(), Not(HasSubstr("quiet")));
  EXPECT_THAT(text_.str(), HasSubstr("area=ike client=198.51.100.7:4500 peer=7 msg=\"loud\""));
  EXPECT_FALSE(log.wants_debug());
}

TEST_F(EventLogTest, an_area_may_say_more) {
  EventLog log({});
  log.set_level(Area::l2tp, spdlog::level::debug);
  EXPECT_TRUE(log.wants_debug());
  say(log, "of another area");
  log.set_level(Area::ike, spdlog::level::debug);
  say(log, "of this area");
  log.set_level(Area::ike, std::nullopt);
  say(log, "afterwards");
  EXPECT_THAT(text_.str(), Not(HasSubstr("another")));
  EXPECT_THAT(text_.str(), HasSubstr("of this area"));
  EXPECT_THAT(text_.str(), Not(HasSubstr("afterwards")));
}

TEST_F(EventLogTest, a_client_may_say_more_than_others) {
  EventLog log({});
  log.set_level(one.address, spdlog::level::debug);
  say(log, "mine");
  say(log, "yours", spdlog::level::debug, other);
  EXPECT_THAT(text_.str(), HasSubstr("mine"));
  EXPECT_THAT(text_.str(), Not(HasSubstr("yours")));
}

TEST_F(EventLogTest, what_anybody_can_cause_is_limited_and_what_was_left_out_counted) {
  EventLog log({});
  for (int i = 0; i < 1000; ++i) say(log, "refused", spdlog::level::warn, one, 0);
  EXPECT_EQ(lines(), 20U);
  for (int i = 0; i < 50; ++i) say(log, "a client's own", spdlog::level::warn, one, 7);
  EXPECT_EQ(lines(), 70U);
  now_ += std::chrono::seconds(2);
  say(log, "refused", spdlog::level::warn, one, 0);
  EXPECT_THAT(text_.str(), HasSubstr("980 more"));
}

TEST_F(EventLogTest, the_debug_file_has_everything_and_is_nobody_elses) {
  const std::string path = folder_ / "debug.log";
  {
    EventLog log(path);
    EXPECT_TRUE(log.wants_debug());
    say(log, "a detail");
    for (int i = 0; i < 1000; ++i) say(log, "refused", spdlog::level::warn, one, 0);
  }
  const std::string file = espgate::test::read_file(path);
  EXPECT_THAT(file, HasSubstr("a detail"));
  EXPECT_EQ(std::ranges::count(file, '\n'), 1001);
  EXPECT_THAT(text_.str(), Not(HasSubstr("a detail")));
  struct stat status = {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(EventLogTest, a_debug_file_that_cant_be_is_told) {
  EventLog log(folder_ / "missing/debug.log/");
  EXPECT_THAT(text_.str(), HasSubstr("no debug log"));
  say(log, "goes on", spdlog::level::info);
  EXPECT_THAT(text_.str(), HasSubstr("goes on"));
}

TEST_F(EventLogTest, areas_have_names) {
  for (const Area area : areas) EXPECT_EQ(find_area(to_string(area)), area);
  EXPECT_FALSE(find_area("ikev3"));
}

}  // namespace
}  // namespace espgate::control::test
