// SPDX-License-Identifier: Apache-2.0
// espgate check: exit code, summary, and what of this host it warns of.
#include "cli/host_warnings.h"
#include "cli/summary.h"
#include "config/config_file.h"
#include "tests/unit/cli/command_line.h"
#include "tests/unit/cli/made_up_host.h"
#include "tests/unit/config/config_text.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace espgate::cli {
namespace {

using config::good_file;
using config::good_ports;
using config::with;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string written(const MadeUpHost& folder, const std::string& text) {
  const std::string path = folder.root() / "g.toml";
  std::ofstream(path) << text;
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  return path;
}

TEST(CheckCommand, SumsUpWhatTheGatewayWouldDo) {
  const MadeUpHost folder;
  const Answer answer = espgate({"check", written(folder, good_file)});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("outside   10.20.0.10/24 on interface s0 (net_af_packet0), MTU 1500\n"));
  EXPECT_THAT(answer.out, HasSubstr("clients by 10.20.0.1\n"));
  EXPECT_THAT(answer.out, HasSubstr("256 addresses from 10.40.0.0/24, they do not reach one another\n"));
  EXPECT_THAT(answer.out, HasSubstr("alice: 10.40.0.2, aes256-sha256, SPI 0x10000400 in, 0xc1000001 out, at "
                                    "198.51.100.7:4501\n"));
  EXPECT_THAT(answer.out, Not(HasSubstr("0405060708"))) << "shows a key";
}

TEST(CheckCommand, StaysOnOneScreenWithManyPeersAndRoutes) {
  config::Config config;
  config.routes.resize(100);
  config.static_peers.resize(1000);
  const std::string text = summary_text(config);
  EXPECT_LE(std::ranges::count(text, '\n'), 40);
  EXPECT_THAT(text, HasSubstr("and 994 more\n"));
}

TEST(CheckCommand, ListsEverythingThatIsWrongAndFails) {
  const MadeUpHost folder;
  const std::string path =
      written(folder, with(with(good_ports, "10.40.0.0/24", "10.40.0.1/24"), "\"s0\"", "7"));
  const Answer answer = espgate({"check", path});
  EXPECT_EQ(answer.exit_code, failure);
  EXPECT_THAT(answer.out, IsEmpty());
  EXPECT_EQ(
      answer.err,
      path +
          ":2:13: interface: expected a string of at least one character, in one line, got the integer 7\n" +
          path +
          ":9:8: pool: 10.40.0.1/24 is an address in a network, not a network; write \"10.40.0.0/24\"\n" +
          path + ": 2 errors\n");
}

TEST(CheckCommand, SaysItInJsonToo) {
  const MadeUpHost folder;
  const std::string path = written(folder, good_file);
  const Answer good = espgate({"check", "--json", path});
  EXPECT_EQ(good.exit_code, success);
  EXPECT_THAT(good.err, IsEmpty());
  const auto report = nlohmann::json::parse(good.out);
  EXPECT_EQ(report["ok"], true);
  EXPECT_EQ(report["errors"].size(), 0U);
  EXPECT_EQ(report["summary"]["outside"]["address"], "10.20.0.10/24");
  EXPECT_EQ(report["summary"]["static_peers"][0]["inbound_spi"], 0x10000400);
  EXPECT_THAT(good.out, Not(HasSubstr("0405060708"))) << "shows a key";

  const MadeUpHost other;
  const std::string wrong_path = written(other, with(good_ports, "\naddress", "\nadddres"));
  const Answer bad = espgate({"check", "--json", wrong_path});
  EXPECT_EQ(bad.exit_code, failure);
  const auto problems = nlohmann::json::parse(bad.out);
  EXPECT_EQ(problems["ok"], false);
  ASSERT_EQ(problems["errors"].size(), 2U);
  EXPECT_EQ(problems["errors"][1]["line"], 3);
  EXPECT_EQ(problems["errors"][1]["column"], 1);
  EXPECT_EQ(problems["errors"][1]["hint"], "did you mean \"address\"?");
  EXPECT_FALSE(problems.contains("summary"));
}

TEST(CheckCommand, TellsWhatClientsByIkeWillFind) {
  const MadeUpHost folder;
  const std::string path = written(folder, good_ports + R"([ike]
identity = "vpn.example.com"
legacy = ["3des-sha1-modp1024", "aggressive"]
legacy_esp = ["3des-sha1"]
[[ike.psk]]
secret = "the first of the two keys"
[[ike.psk]]
secret = "the other of the two keys"
from = ["198.51.100.0/24"]
)");
  const Answer answer = espgate({"check", path});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_THAT(
      answer.out,
      HasSubstr("\nike       2 pre-shared keys, as vpn.example.com, also 3des-sha1-modp1024 aggressive, "
                "ESP also 3des-sha1\n"));
  const auto ike = nlohmann::json::parse(espgate({"check", "--json", path}).out).at("summary").at("ike");
  EXPECT_EQ(ike, nlohmann::json({{"enabled", true},
                                 {"psks", 2},
                                 {"identity", "vpn.example.com"},
                                 {"legacy", {"3des-sha1-modp1024", "aggressive"}},
                                 {"legacy_esp", {"3des-sha1"}}}));
  EXPECT_THAT(answer.out + answer.err, Not(HasSubstr("of the two keys"))) << "shows a key";
}

TEST(CheckCommand, SaysNothingOfIkeWhereThereIsNone) {
  const MadeUpHost folder;
  const std::string path = written(folder, good_file);
  EXPECT_THAT(espgate({"check", path}).out, Not(HasSubstr("\nike ")));
  const auto summary = nlohmann::json::parse(espgate({"check", "--json", path}).out).at("summary");
  EXPECT_EQ(summary.at("ike").at("enabled"), false);
}

config::Config config_of(const std::string& text) {
  return std::move(config::parse_config(text, "g.toml").value().config);
}

std::string warnings_of(const std::string& text, const MadeUpHost& host) {
  config::Problems problems;
  add_host_warnings(config_of(text), host.host(), problems);
  EXPECT_THAT(problems.errors, IsEmpty());
  return problems.to_string();
}

TEST(HostWarnings, NameTheInterfaceOfTheDefaultRoute) {
  MadeUpHost host;
  host.default_route("s0");
  EXPECT_EQ(warnings_of(good_ports, host),
            "warning: g.toml:1:1: s0 carries the default route of this host; leave it to the kernel, and "
            "give the gateway "
            "another interface\n");
  MadeUpHost other;
  other.default_route("eth0");
  EXPECT_EQ(warnings_of(good_ports, other), "");
}

TEST(HostWarnings, FindTheDefaultRouteBehindAPciDevice) {
  MadeUpHost host;
  host.default_route("ens5")
      .pci("0000:00:06.0", "0x1d0f", "ena")
      .folder("sys/bus/pci/devices/0000:00:06.0/net/ens5");
  const std::string text = with(good_ports, "interface = \"s1\"", "device = \"00:06.0\"");
  EXPECT_THAT(warnings_of(text, host), HasSubstr("warning: g.toml:5:1: ens5 carries the default route"));
}

TEST(HostWarnings, CountTheCores) {
  MadeUpHost host;
  host.file("sys/devices/system/cpu/online", "0-1\n");
  EXPECT_EQ(warnings_of(good_ports + "[workers]\ncores = [1, 2]\n", host),
            "warning: g.toml: workers.cores names core 2, which this host does not have\n");
  EXPECT_EQ(warnings_of(good_ports + "[workers]\ncount = 3\n", host),
            "warning: g.toml: 3 workers for the 2 cores of this host; workers that share a core slow each "
            "other down\n");
  EXPECT_EQ(warnings_of(good_ports + "[workers]\ncount = 2\n", host), "");
}

}  // namespace
}  // namespace espgate::cli
