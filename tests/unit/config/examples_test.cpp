// SPDX-License-Identifier: Apache-2.0
// The files of configs/ are what people start from: each must be right, and the commented one must show
// everything.
#include "config/load.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::config {
namespace {

const std::filesystem::path configs = ESPGATE_SOURCE_DIR "/configs";

TEST(ExampleConfigs, AreAllAccepted) {
  unsigned count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(configs)) {
    if (entry.path().extension() != ".toml") continue;
    const auto loaded = load(entry.path());
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().to_string());
    ++count;
  }
  EXPECT_GE(count, 4U);
}

TEST(ExampleConfigs, TheCommentedOneNamesEveryKey) {
  std::ifstream in(configs / "example.toml");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  for (const char* key : {"[outside]",
                          "[inside]",
                          "[[route]]",
                          "[gateway]",
                          "[clients]",
                          "[workers]",
                          "[memory]",
                          "[runtime]",
                          "[ike]",
                          "[[ike.psk]]",
                          "[[static_peer]]",
                          "interface",
                          "device",
                          "address",
                          "gateway",
                          "mtu",
                          "prefix",
                          "via",
                          "public_address",
                          "outer_mtu",
                          "client_to_client",
                          "inside_prefixes",
                          "pool",
                          "count",
                          "cores",
                          "idle",
                          "engine",
                          "hugepages",
                          "megabytes",
                          "buffers",
                          "reassembly_datagrams",
                          "directory",
                          "state_directory",
                          "control_user",
                          "log_level",
                          "psk",
                          "secret",
                          "secret_file",
                          "from",
                          "identity",
                          "legacy",
                          "legacy_esp",
                          "allowed_client_networks",
                          "force_encapsulation",
                          "lifetime_seconds",
                          "sa_lifetime_seconds",
                          "sa_lifetime_kilobytes",
                          "rekey",
                          "rekey_margin_seconds",
                          "dpd_delay_seconds",
                          "dpd_timeout_seconds",
                          "dpd_action",
                          "keepalive_seconds",
                          "max_half_open",
                          "max_half_open_per_address",
                          "max_half_open_per_network",
                          "half_open_seconds",
                          "dh_threads",
                          "fragment_size",
                          "[[pool]]",
                          "[l2tp]",
                          "[ppp]",
                          "[users]",
                          "range",
                          "exclude",
                          "users",
                          "require_challenge",
                          "host_name",
                          "hello_seconds",
                          "sequencing",
                          "auth",
                          "gateway_address",
                          "dns",
                          "nbns",
                          "domain",
                          "routes",
                          "echo_interval_seconds",
                          "echo_failures",
                          "dead_after_seconds",
                          "file",
                          "server",
                          "sessions",
                          "session_limit_seconds",
                          "idle_limit_seconds",
                          "source",
                          "[radius]",
                          "[[radius.server]]",
                          "timeout_seconds",
                          "tries",
                          "dead_seconds",
                          "nas_identifier",
                          "nas_ip_address",
                          "require_message_authenticator",
                          "accounting",
                          "interim_seconds",
                          "port",
                          "accounting_port",
                          "name",
                          "suite",
                          "esn",
                          "replay_window",
                          "remote",
                          "inner_address",
                          "mru",
                          "tunnel",
                          "session",
                          "peer_tunnel",
                          "peer_session",
                          "inbound",
                          "outbound",
                          "spi",
                          "key",
                          "integrity_key"}) {
    const std::string assigned = std::string(key) + " = ";
    EXPECT_THAT(text, testing::HasSubstr(key[0] == '[' ? std::string(key) : assigned));
  }
}

TEST(ExampleConfigs, TheLabIsTheOneOfTheInteropTests) {
  const auto lab = load(configs / "lab.toml");
  ASSERT_TRUE(lab) << lab.error().to_string();
  EXPECT_EQ(lab->config.outside.address.to_string(), "10.20.0.10/24");
  EXPECT_EQ(lab->config.inside->address.to_string(), "10.30.0.1/24");
  EXPECT_EQ(lab->config.public_address, 0xcb00710aU);
  EXPECT_EQ(lab->config.client_pool.to_string(), "10.40.0.0/24");
  ASSERT_EQ(lab->config.ike.psks.size(), 1U);
  const auto& key = lab->config.ike.psks[0].key;
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(key.data()), key.size()),
            "lab-preshared-key-0123456789");
  EXPECT_EQ(lab->config.ppp.dns, std::vector<std::uint32_t>{0x0a1e0035});
  EXPECT_EQ(lab->config.users.file, configs / "lab-chap-secrets");
  EXPECT_TRUE(std::filesystem::exists(lab->config.users.file));
  for (const Problem& warning : lab->warnings)
    EXPECT_THAT(warning.to_string(), testing::HasSubstr("every user of this host may read it"));
}

TEST(ExampleConfigs, Ec2PollsOnTwoEnaDevices) {
  const auto ec2 = load(configs / "ec2-ena.toml");
  ASSERT_TRUE(ec2) << ec2.error().to_string();
  EXPECT_EQ(ec2->config.outside.device, "0000:00:06.0");
  EXPECT_EQ(ec2->config.inside->device, "0000:00:07.0");
  EXPECT_EQ(ec2->config.workers.idle, Idle::poll);
  EXPECT_LE(ec2->config.outer_mtu, 1500) << "the Internet's";
  EXPECT_EQ(ec2->config.ike.psks.size(), 1u) << "clients can dial in";
  // A copy of the repository may be read by all; that is the only thing to say.
  for (const Problem& warning : ec2->warnings) EXPECT_THAT(warning.what, testing::HasSubstr("holds keys"));
}

}  // namespace
}  // namespace espgate::config
