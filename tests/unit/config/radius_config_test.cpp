// SPDX-License-Identifier: Apache-2.0
// [radius], [[radius.server]] and users.source: what a file says becomes the settings, and what is wrong is
// said.
#include "config/check.h"
#include "config/config_file.h"
#include "tests/unit/config/config_text.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace espgate::config {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string good_ike =
    "[gateway]\npublic_address = \"203.0.113.10\"\n[ike]\npsk = \"correct horse battery\"\n";
const std::string asked_users = "[users]\nsource = \"radius\"\n";
const std::string good_server =
    "[[radius.server]]\naddress = \"10.30.0.20\"\nsecret = 'comma, blank \" quote'\n";

Config read(const std::string& lines) {
  auto parsed = parse_config(good_ports + lines, "g.toml");
  if (!parsed) throw std::runtime_error(parsed.error().to_string());
  return std::move(parsed->config);
}

std::string problems(const std::string& lines) {
  const auto parsed = parse_config(good_ports + good_ike + lines, "g.toml");
  return parsed ? check(parsed->config, parsed->places).to_string() : parsed.error().to_string();
}

std::string text_of(const crypto::SecretBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(RadiusConfig, IsOffWithoutItsTable) {
  const Config config = read("");
  EXPECT_FALSE(config.radius.enabled);
  EXPECT_EQ(config.users.source, UserSource::file);
}

TEST(RadiusConfig, HasDefaults) {
  const Radius radius = read("[radius]\n" + good_server).radius;
  EXPECT_TRUE(radius.enabled);
  ASSERT_EQ(radius.servers.size(), 1U);
  EXPECT_EQ(radius.servers[0].address.to_string(), "10.30.0.20");
  EXPECT_EQ(radius.servers[0].port, 1812);
  EXPECT_EQ(radius.servers[0].accounting_port, 1813);
  EXPECT_EQ(text_of(radius.servers[0].secret), "comma, blank \" quote");
  EXPECT_EQ(radius.timeout_seconds, 3U);
  EXPECT_EQ(radius.tries, 3U);
  EXPECT_EQ(radius.dead_seconds, 60U);
  EXPECT_EQ(radius.nas_identifier, "espgate");
  EXPECT_FALSE(radius.nas_ip_address);
  EXPECT_FALSE(radius.require_message_authenticator);
  EXPECT_TRUE(radius.accounting);
  EXPECT_EQ(radius.interim_seconds, 600U);
}

TEST(RadiusConfig, TakesWhatTheFileSays) {
  const Radius radius = read(R"([radius]
timeout_seconds = 10
tries = 1
dead_seconds = 0
nas_identifier = "vpn-1"
nas_ip_address = "10.30.0.1"
require_message_authenticator = true
accounting = false
interim_seconds = 0
)" + good_server + R"([[radius.server]]
address = "fd00::20"
port = 1645
accounting_port = 1646
secret = "0x00"
)")
                            .radius;
  ASSERT_EQ(radius.servers.size(), 2U);
  EXPECT_EQ(radius.servers[1].address.to_string(), "fd00::20");
  EXPECT_EQ(radius.servers[1].port, 1645);
  EXPECT_EQ(radius.servers[1].accounting_port, 1646);
  EXPECT_EQ(text_of(radius.servers[1].secret), "0x00") << "the characters, as clients.conf has them";
  EXPECT_EQ(radius.timeout_seconds, 10U);
  EXPECT_EQ(radius.tries, 1U);
  EXPECT_EQ(radius.dead_seconds, 0U);
  EXPECT_EQ(radius.nas_identifier, "vpn-1");
  EXPECT_EQ(radius.nas_ip_address, 0x0a1e0001U);
  EXPECT_TRUE(radius.require_message_authenticator);
  EXPECT_FALSE(radius.accounting);
  EXPECT_EQ(radius.interim_seconds, 0U);
}

TEST(RadiusConfig, ServesWithoutAFileOfUsers) {
  EXPECT_EQ(read(asked_users + good_server).users.source, UserSource::radius);
  EXPECT_EQ(problems(asked_users + good_server), "");
  EXPECT_EQ(problems("[users]\nfile = \"/etc/espgate/chap-secrets\"\n" + good_server), "")
      << "accounting alone, by RADIUS";
}

TEST(RadiusConfig, WantsTheFileOfUsersUnlessRadiusKnowsThem) {
  EXPECT_THAT(problems("[users]\n" + good_server), HasSubstr("\"file\" is missing in [users]"));
  EXPECT_THAT(problems("[users]\n" + good_server), HasSubstr("source = \"radius\""));
  EXPECT_THAT(problems("[users]\nsource = \"radus\"\n"), HasSubstr("did you mean \"radius\"?"));
  EXPECT_THAT(problems(asked_users), HasSubstr("g.toml:15:10: \"radius\" knows the users"));
  EXPECT_THAT(problems(asked_users + "file = \"/etc/espgate/chap-secrets\"\n" + good_server),
              HasSubstr("file has no effect where RADIUS knows the users"));
}

TEST(RadiusConfig, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(problems(asked_users + "[radius]\ntries = 2\n"),
              HasSubstr("\"server\" is missing in [radius]"));
  EXPECT_THAT(problems(asked_users + "[radius]\ntimeout_secs = 2\n" + good_server),
              HasSubstr("g.toml:17:1: unknown key \"timeout_secs\" in [radius]"));
  EXPECT_THAT(problems(asked_users + "[radius]\ntimeout_secs = 2\n" + good_server),
              HasSubstr("did you mean \"timeout_seconds\"?"));
  const auto server = [](const std::string& lines) {
    return problems(asked_users + "[[radius.server]]\n" + lines);
  };
  EXPECT_THAT(server("secret = \"x\"\n"), HasSubstr("\"address\" is missing in [[radius.server]]"));
  EXPECT_THAT(server("address = \"10.30.0.20\"\n"), HasSubstr("\"secret\" is missing in [[radius.server]]"));
  EXPECT_THAT(server("address = \"10.30.0.20:1812\"\nsecret = \"x\"\n"),
              HasSubstr("a key of its own: port, accounting_port"));
  EXPECT_THAT(server("address = \"radius.example.com\"\nsecret = \"x\"\n"),
              HasSubstr("names are not looked up: write the address"));
  EXPECT_THAT(server("address = \"10.30.0.20\"\nsecret = \"x\"\nport = 0\n"), HasSubstr("port: expected"));
  EXPECT_THAT(server("address = \"10.30.0.20\"\nsecret = \"x\"\nsecret_file = \"/x\"\n"),
              HasSubstr("say the same thing twice"));
  EXPECT_THAT(server("address = \"10.30.0.20\"\nsecret_file = \"x\"\n"), HasSubstr("a path from the root"));
  EXPECT_THAT(problems(asked_users + good_server + good_server),
              HasSubstr("10.30.0.20 port 1812 stands there twice"));
  EXPECT_THAT(problems(asked_users + "[radius]\ninterim_seconds = 30\n" + good_server),
              HasSubstr("expected 0, for none, or at least 60, got 30"));
  EXPECT_THAT(problems(asked_users + "[radius]\nnas_ip_address = \"127.0.0.1\"\n" + good_server),
              HasSubstr("no address that a host can have"));
}

TEST(RadiusConfig, WarnsOfWhatHasNoEffectOrTakesTooLong) {
  EXPECT_THAT(problems(good_server), HasSubstr("[radius] has no effect without [users]"));
  EXPECT_THAT(problems("[users]\nfile = \"/x\"\n[radius]\naccounting = false\n" + good_server),
              HasSubstr("[radius] is asked nothing"));
  EXPECT_THAT(problems(asked_users + "[radius]\ntimeout_seconds = 20\n" + good_server),
              HasSubstr("1 servers, 3 tries of 20 s each, are 60 s"));
}

TEST(RadiusConfig, ShowsNoSecret) {
  for (const char* secret : {"\"hush\\nhush\"", "'hush\x01'", "\"\"", "\"hush"}) {
    const std::string said =
        problems(asked_users + "[[radius.server]]\naddress = \"10.30.0.20\"\nsecret = " + secret + "\n");
    EXPECT_THAT(said, HasSubstr("g.toml:18:")) << secret;
    EXPECT_THAT(said, Not(HasSubstr("hush")));
  }
}

class RadiusSecretFile : public testing::Test {
 protected:
  RadiusSecretFile()
      : folder_(std::filesystem::temp_directory_path() / ("espgate-radius-" + std::to_string(::getpid()))) {
    std::filesystem::create_directory(folder_);
  }
  ~RadiusSecretFile() override { std::filesystem::remove_all(folder_); }

  // What becomes of a configuration whose secret is in a file.
  Expected<Parsed> read_with(const std::string& content, std::filesystem::perms permissions) {
    using std::filesystem::perms;
    const auto secret = folder_ / "secret";
    std::ofstream(secret) << content;
    std::filesystem::permissions(secret, permissions);
    const auto file = folder_ / "g.toml";
    std::ofstream(file) << good_ports << "[[radius.server]]\naddress = \"10.30.0.20\"\nsecret_file = \""
                        << secret.string() << "\"\n";
    return read_config(file);
  }
  static constexpr auto owner_only = std::filesystem::perms::owner_read;

  std::filesystem::path folder_;
};

TEST_F(RadiusSecretFile, HoldsTheSecretAndANewline) {
  const auto parsed = read_with("0snot base64\n", owner_only);
  ASSERT_TRUE(parsed) << parsed.error().to_string();
  EXPECT_EQ(text_of(parsed->config.radius.servers[0].secret), "0snot base64");
  EXPECT_TRUE(parsed->warnings.empty());
}

TEST_F(RadiusSecretFile, IsRefusedWithItsPlace) {
  const auto empty = read_with("\n", owner_only);
  ASSERT_FALSE(empty);
  EXPECT_THAT(empty.error().to_string(), HasSubstr("holds no secret: it is empty"));
  EXPECT_THAT(empty.error().to_string(), HasSubstr("g.toml:12:"));
  const auto open = read_with("x\n", owner_only | std::filesystem::perms::others_read);
  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().to_string(), HasSubstr("may be used by others than its owner"));
}

}  // namespace
}  // namespace espgate::config
