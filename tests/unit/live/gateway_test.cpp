// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/gateway.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace espgate::dataplane::live {
namespace {

TEST(ControlUser, is_our_own_where_none_is_configured) {
  const auto user = Gateway::control_uid({});
  ASSERT_TRUE(user);
  EXPECT_EQ(*user, std::nullopt);
}

TEST(ControlUser, is_found_by_name_and_by_number) {
  config::Config config;
  config.control_user = "root";
  EXPECT_EQ(Gateway::control_uid(config).value(), std::optional<uid_t>(0));
  config.control_user = "990";
  EXPECT_EQ(Gateway::control_uid(config).value(), std::optional<uid_t>(990));
}

TEST(ControlUser, that_is_not_there_is_named_with_the_remedy) {
  for (const char* name : {"no-such-user-here", "-1", "4294967295", "12x"}) {
    config::Config config;
    config.control_user = name;
    const auto user = Gateway::control_uid(config);
    ASSERT_FALSE(user) << name;
    EXPECT_THAT(user.error(), testing::StartsWith("runtime.control_user: there is no user \"" +
                                                  std::string(name) + "\" on this system; make it"));
  }
}

}  // namespace
}  // namespace espgate::dataplane::live
