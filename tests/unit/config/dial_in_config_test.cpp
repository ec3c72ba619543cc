// SPDX-License-Identifier: Apache-2.0
// [l2tp], [ppp], [users] and [[pool]]: what a file says becomes the settings, and what is wrong is said.
#include "config/check.h"
#include "config/config_file.h"
#include "tests/unit/config/config_text.h"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string good_ike = "[ike]\npsk = \"correct horse battery\"\n";
const std::string good_users = "[users]\nfile = \"/etc/espgate/chap-secrets\"\n";

Config read(const std::string& lines, std::string_view file = "g.toml") {
  auto parsed = parse_config(good_ports + lines, file);
  if (!parsed) throw std::runtime_error(parsed.error().to_string());
  return std::move(parsed->config);
}

// What reading and checking a file says, with [ike] and [users] unless `lines` are about these.
std::string problems_alone(const std::string& lines) {
  const auto parsed = parse_config(good_ports + lines, "g.toml");
  return parsed ? check(parsed->config, parsed->places).to_string() : parsed.error().to_string();
}
std::string problems(const std::string& lines) {
  // Of the lab's own: it has private addresses only.
  const std::string gateway = "[gateway]\npublic_address = \"203.0.113.10\"\n";
  return problems_alone(gateway + good_ike + good_users + lines);
}

TEST(DialInConfig, HasItsDefaultsWithoutAnyTable) {
  const Config config = read("");
  EXPECT_FALSE(config.users.enabled);
  EXPECT_EQ(config.users.sessions, Sessions::replace);
  EXPECT_TRUE(config.l2tp.secret.empty());
  EXPECT_EQ(config.l2tp.hello_seconds, 60U);
  EXPECT_FALSE(config.l2tp.sequencing);
  EXPECT_THAT(config.ppp.auth, ElementsAre(AuthMethod::mschapv2));
  EXPECT_EQ(config.ppp.mru, 1400);
  EXPECT_EQ(config.gateway_address(), 0x0a1e0001U) << "the inside port's";
  EXPECT_EQ(config.ppp.dead_after_seconds, 900U);
  EXPECT_THAT(config.pools, IsEmpty());
  EXPECT_THAT(problems_alone(""), IsEmpty()) << "a gateway of static peers is fine";
}

TEST(DialInConfig, TakesEverySetting) {
  const Config config = read(R"([l2tp]
secret = "of the tunnel"
require_challenge = true
host_name = "vpn-1.example"
hello_seconds = 0
sequencing = true
[ppp]
auth = ["chap-md5", "mschapv2", "pap"]
mru = 1300
gateway_address = "10.40.0.1"
dns = ["10.30.0.53", "10.30.0.54"]
nbns = ["10.30.0.55"]
domain = "example.com"
routes = ["10.30.0.0/16", "172.16.0.0/12"]
echo_interval_seconds = 20
echo_failures = 3
dead_after_seconds = 600
[users]
file = "/etc/espgate/chap-secrets"
server = "l2tpd"
sessions = "several"
session_limit_seconds = 86400
idle_limit_seconds = 1800
)");
  EXPECT_EQ(config.l2tp.secret.size(), 13U);
  EXPECT_TRUE(config.l2tp.require_challenge);
  EXPECT_EQ(config.l2tp.host_name, "vpn-1.example");
  EXPECT_EQ(config.l2tp.hello_seconds, 0U);
  EXPECT_TRUE(config.l2tp.sequencing);
  EXPECT_THAT(config.ppp.auth, ElementsAre(AuthMethod::chap_md5, AuthMethod::mschapv2, AuthMethod::pap));
  EXPECT_EQ(config.ppp.mru, 1300);
  EXPECT_EQ(config.gateway_address(), 0x0a280001U);
  EXPECT_THAT(config.ppp.dns, ElementsAre(0x0a1e0035U, 0x0a1e0036U));
  EXPECT_THAT(config.ppp.nbns, ElementsAre(0x0a1e0037U));
  EXPECT_EQ(config.ppp.domain, "example.com");
  EXPECT_THAT(config.ppp.routes,
              ElementsAre(wire::Ipv4Prefix{0x0a1e0000, 16}, wire::Ipv4Prefix{0xac100000, 12}));
  EXPECT_EQ(config.ppp.echo_interval_seconds, 20U);
  EXPECT_EQ(config.ppp.echo_failures, 3U);
  EXPECT_EQ(config.ppp.dead_after_seconds, 600U);
  EXPECT_TRUE(config.users.enabled);
  EXPECT_EQ(config.users.file, "/etc/espgate/chap-secrets");
  EXPECT_EQ(config.users.server, "l2tpd");
  EXPECT_EQ(config.users.sessions, Sessions::several);
  EXPECT_EQ(config.users.session_limit_seconds, 86400U);
  EXPECT_EQ(config.users.idle_limit_seconds, 1800U);
}

TEST(DialInConfig, FindsTheUsersBesideTheFile) {
  const std::string relative = "[users]\nfile = \"chap-secrets\"\n";
  EXPECT_EQ(read(relative, "/etc/espgate/g.toml").users.file, "/etc/espgate/chap-secrets");
  EXPECT_EQ(read(relative, "g.toml").users.file, "chap-secrets");
  EXPECT_EQ(read(relative, "configs/g.toml").users.file, "configs/chap-secrets");
  EXPECT_EQ(read("[users]\nfile = \"../secrets/users\"\n", "/etc/espgate/g.toml").users.file,
            "/etc/secrets/users");
  EXPECT_EQ(read(good_users, "elsewhere/g.toml").users.file, "/etc/espgate/chap-secrets");
}

TEST(DialInConfig, TakesPoolsByPrefixAndByRange) {
  const Config config = read(R"([[pool]]
name = "sales"
prefix = "10.40.0.32/28"
users = ["carol", "dave"]
[[pool]]
name = "rest"
range = "10.40.0.100 - 10.40.0.199"
exclude = ["10.40.0.110", "10.40.0.120-10.40.0.129", "10.40.0.144/30"]
)");
  ASSERT_EQ(config.pools.size(), 2U);
  EXPECT_EQ(config.pools[0].range.to_string(), "10.40.0.32-10.40.0.47");
  EXPECT_THAT(config.pools[0].users, ElementsAre("carol", "dave"));
  EXPECT_THAT(config.pools[0].excluded,
              ElementsAre(AddressRange{0x0a280020, 0x0a280020}, AddressRange{0x0a28002f, 0x0a28002f}));
  EXPECT_EQ(config.pools[1].range.to_string(), "10.40.0.100-10.40.0.199");
  EXPECT_EQ(config.pools[1].range.size(), 100U);
  EXPECT_THAT(config.pools[1].excluded,
              ElementsAre(AddressRange{0x0a28006e, 0x0a28006e}, AddressRange{0x0a280078, 0x0a280081},
                          AddressRange{0x0a280090, 0x0a280093}));
}

struct Wrong {
  const char* lines;
  const char* said;
};

TEST(DialInConfig, GroupsHaveTheTermsOfAllWhereTheySayNothing) {
  const Config config = read(R"([users]
file = "chap-secrets"
idle_limit_seconds = 60
rate_to_client_kbit = 1000
[[pool]]
name = "few"
range = "10.40.0.100-10.40.0.110"
[[group]]
name = "guests"
users = ["erin"]
pool = "few"
sessions = "one"
rate_to_client_kbit = 64
)");
  ASSERT_EQ(config.groups.size(), 1U);
  const Group& group = config.groups.front();
  EXPECT_EQ(group.name, "guests");
  EXPECT_THAT(group.users, ElementsAre("erin"));
  EXPECT_EQ(group.pool, "few");
  EXPECT_EQ(group.terms.sessions, Sessions::one);
  EXPECT_EQ(group.terms.idle_limit_seconds, 60U);
  EXPECT_EQ(group.terms.rate_to_client_kbit, 64U);
  EXPECT_EQ(config.users.rate_to_client_kbit, 1000U);
}

TEST(DialInConfig, SaysWhatIsWrongWithATable) {
  std::string many;
  for (unsigned i = 0; i < 65; ++i) many += fmt::format("\"10.{}.0.0/16\",", i + 50);
  const std::string routes = "[ppp]\nroutes = [" + many + "]\n";
  for (const auto& [lines, said] : std::initializer_list<Wrong>{
           {"[l2tp]\nsecret = \"\"\n", "secret: expected"},
           {"[l2tp]\nhost_name = \"two words\"\n", "host_name: expected a name of at most 255"},
           {"[l2tp]\nhello_seconds = 3601\n", "expected an integer from 0 to 3600, got the integer 3601"},
           {"[l2tp]\nhello = 60\n", "did you mean \"hello_seconds\"?"},
           {"[ppp]\nauth = [\"mschap\"]\n", "auth: unknown value \"mschap\"; did you mean \"mschapv2\"?"},
           {"[ppp]\nauth = []\n", "nobody can prove who he is"},
           {"[ppp]\nauth = [\"pap\", \"pap\"]\n", "\"pap\" stands there twice"},
           {"[ppp]\nmru = 500\n", "expected an integer from 576 to 9001"},
           {"[ppp]\ndns = [\"10.0.0.1\", \"10.0.0.2\", \"10.0.0.3\"]\n",
            "dns: clients can be told 2 addresses, got 3"},
           {"[ppp]\ndns = [\"one\"]\n", "dns: expected an IPv4 address like \"10.30.0.53\", got \"one\""},
           {"[ppp]\nnbns = [\"::1\"]\n", "nbns: expected an IPv4 address"},
           {"[ppp]\nroutes = [\"10.30.0.1/16\"]\n", "write \"10.30.0.0/16\""},
           {routes.c_str(), "clients can be told 64 networks, got 65"},
           {"[ppp]\necho_failures = 0\n", "expected an integer from 1 to 100"},
           {"[users]\n", "\"file\" is missing in [users]"},
           {"[users]\nfile = \"f\"\nsessions = \"two\"\n", "sessions: unknown value \"two\""},
           {"[[pool]]\nprefix = \"10.40.0.0/28\"\n", "\"name\" is missing in [[pool]]"},
           {"[[pool]]\nname = \"a\"\n", "\"prefix\" is missing in [[pool]]; or \"range\""},
           {"[[pool]]\nname = \"a\"\nprefix = \"10.40.0.0/28\"\nrange = \"10.40.0.1-10.40.0.2\"\n", "twice"},
           {"[[pool]]\nname = \"a\"\nrange = \"10.40.0.9-10.40.0.2\"\n",
            "range: expected the first and the last"},
           {"[[pool]]\nname = \"a\"\nrange = \"10.40.0.0/28\"\n", "range: expected the first and the last"},
           {"[[pool]]\nname = \"a\"\nrange = \"10.40.0.1-10.40.0.2\"\nexclude = [\"10.40.0.1/28\"]\n",
            "exclude: expected an address"},
           {"[[pool]]\nname = \"a\"\nrange = \"10.40.0.1-10.40.0.2\"\nusers = [\"\"]\n", "name of a user"},
       }) {
    const auto parsed = parse_config(good_ports + lines, "g.toml");
    ASSERT_FALSE(parsed) << lines;
    EXPECT_THAT(parsed.error().to_string(), HasSubstr(said)) << lines;
  }
}

TEST(DialInConfig, SaysWhatDoesNotFitTogether) {
  const std::string pool = "[[pool]]\nname = \"a\"\nrange = \"10.40.0.10-10.40.0.19\"\n";
  const auto second = [&](std::string lines) { return pool + "[[pool]]\n" + std::move(lines); };
  const std::string outside = "[[pool]]\nname = \"a\"\nprefix = \"10.41.0.0/28\"\n";
  const std::string overlapping =
      second("name = \"b\"\nrange = \"10.40.0.19-10.40.0.29\"\nusers = [\"u\"]\n");
  const std::string same_name = second("name = \"a\"\nrange = \"10.40.0.20-10.40.0.29\"\nusers = [\"u\"]\n");
  const std::string two_for_all = second("name = \"b\"\nrange = \"10.40.0.20-10.40.0.29\"\n");
  const std::string same_user =
      pool + "users = [\"u\"]\n[[pool]]\nname = \"b\"\nrange = \"10.40.0.20-10.40.0.29\"\n" +
      "users = [\"u\"]\n";
  const std::string nothing_left = pool + "exclude = [\"10.40.0.15-10.40.0.40\", \"10.40.0.1-10.40.0.14\"]\n";
  for (const auto& [lines, said] : std::initializer_list<Wrong>{
           {"[l2tp]\nrequire_challenge = true\n", "a secret that is not there"},
           {"[ppp]\ndns = [\"224.0.0.1\"]\n", "224.0.0.1 is no address that a host can have"},
           {"[ppp]\nnbns = [\"127.0.0.1\"]\n", "127.0.0.1 is no address that a host can have"},
           {"[ppp]\ngateway_address = \"0.0.0.1\"\n", "0.0.0.1 is no address that a host can have"},
           {"[ppp]\ngateway_address = \"10.30.0.7\"\n",
            "10.30.0.7 is on a link of the gateway, but not its own"},
           {"[ppp]\nauth = [\"pap\", \"mschapv2\"]\n", "\"pap\" is asked for first"},
           {"[ppp]\nmru = 1480\n", "inner packets of 1480 bytes do not fit"},
           {"[ppp]\ndead_after_seconds = 60\n", "dead_after_seconds = 120 or more"},
           {"[[group]]\nname = \"g\"\n[[group]]\nname = \"g\"\n", "there are two groups \"g\""},
           {"[[group]]\nname = \"g\"\npool = \"p\"\n", "no [[pool]] is called \"p\""},
           {"[[group]]\nname = \"g\"\nusers = [\"u\"]\n[[group]]\nname = \"h\"\nusers = [\"u\"]\n",
            "\"u\" is in two groups"},
           {outside.c_str(), "the pool \"a\" has addresses outside of clients.pool, 10.40.0.0/24"},
           {overlapping.c_str(), "the pools \"a\" and \"b\" overlap"},
           {same_name.c_str(), "there are two pools \"a\""},
           {two_for_all.c_str(), "the pools \"a\" and \"b\" are both for everybody"},
           {same_user.c_str(), "\"u\" stands in two places"},
           {nothing_left.c_str(), "the pool \"a\" has no address left"},
       })
    EXPECT_THAT(problems(lines), HasSubstr(said)) << lines;
}

TEST(DialInConfig, AcceptsWhatFits) {
  EXPECT_THAT(problems(""), IsEmpty());
  EXPECT_THAT(problems("[ppp]\ngateway_address = \"10.40.0.1\"\ndns = [\"10.30.0.53\"]\n"), IsEmpty());
  EXPECT_THAT(problems("[ppp]\ngateway_address = \"10.30.0.1\"\necho_interval_seconds = 0\n"), IsEmpty());
  EXPECT_THAT(problems("[[pool]]\nname = \"a\"\nprefix = \"10.40.0.0/24\"\n"), IsEmpty());
  EXPECT_THAT(problems("[[pool]]\nname = \"a\"\nrange = \"10.40.0.10-10.40.0.19\"\n"
                       "exclude = [\"10.40.0.10-10.40.0.18\"]\n"),
              IsEmpty());
}

TEST(DialInConfig, SaysWhatHasNoEffect) {
  EXPECT_THAT(problems_alone("[ppp]\n"), HasSubstr("[ppp] has no effect without [users]"));
  EXPECT_THAT(problems_alone("[l2tp]\n"), HasSubstr("[l2tp] has no effect without [users]"));
  EXPECT_THAT(problems_alone(good_users), HasSubstr("[users] has no effect without [ike]"));
}

TEST(DialInConfig, ShowsNoTunnelSecret) {
  const auto parsed = parse_config(good_ports + "[l2tp]\nsecret = \"very-hidden\nhello = 1\n", "g.toml");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().to_string(), Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace espgate::config
