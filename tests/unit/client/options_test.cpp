// SPDX-License-Identifier: Apache-2.0
#include "client/options.h"

#include "client/keepalive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::client {
namespace {

using testing::HasSubstr;

Expected<Options> parse(std::vector<std::string> arguments) {
  CLI::App app;
  Options options;
  OptionTexts texts;
  add_options(app, options, texts);
  arguments.insert(arguments.end(), {"--config", "gateway.toml", "--peer", "anna"});
  std::ranges::reverse(arguments);  // as CLI11 takes a vector
  app.parse(arguments);
  if (auto parsed = parse_texts(texts, options); !parsed) return fail(parsed.error());
  return options;
}

TEST(ClientOptions, have_defaults_for_all_but_file_and_peer) {
  const auto options = parse({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->config, "gateway.toml");
  EXPECT_EQ(options->peer, "anna");
  EXPECT_FALSE(options->gateway);
  EXPECT_EQ(options->local, Endpoint{});
  EXPECT_EQ(options->tun, "espgate%d");
  EXPECT_TRUE(options->routes.empty());
  EXPECT_FALSE(options->mtu);
  EXPECT_FALSE(options->sequence.start);
  EXPECT_EQ(options->stats_seconds, 0u);
  EXPECT_FALSE(options->json);
}

TEST(ClientOptions, endpoints_may_leave_out_the_port) {
  const auto options = parse({"--gateway", "203.0.113.10", "--local", "192.0.2.7"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->gateway->to_string(), "203.0.113.10:4500");
  EXPECT_EQ(options->local.to_string(), "192.0.2.7:0");
  const auto ports = parse({"--gateway", "203.0.113.10:14500", "--local", "0.0.0.0:4500"});
  ASSERT_TRUE(ports);
  EXPECT_EQ(ports->gateway->to_string(), "203.0.113.10:14500");
  EXPECT_EQ(ports->local.to_string(), "0.0.0.0:4500");
}

TEST(ClientOptions, several_routes_may_be_given) {
  const auto options = parse({"--route", "10.30.0.0/24", "--route", "10.50.0.1"});
  ASSERT_TRUE(options);
  ASSERT_EQ(options->routes.size(), 2u);
  EXPECT_EQ(options->routes[0].to_string(), "10.30.0.0/24");
  EXPECT_EQ(options->routes[1].to_string(), "10.50.0.1/32");
}

TEST(ClientOptions, what_is_wrong_is_told_with_its_option) {
  struct Case {
    std::vector<std::string> arguments;
    const char* message;
  };
  for (const Case& wrong : std::initializer_list<Case>{
           {{"--gateway", "gateway.example"}, "--gateway: expected an IPv4 address"},
           {{"--gateway", "203.0.113.10:"}, "--gateway: expected an IPv4 address"},
           {{"--gateway", "203.0.113.10:65536"}, "--gateway: expected an IPv4 address"},
           {{"--gateway", "203.0.113.10:0"}, "--gateway: nothing can be sent to 203.0.113.10:0"},
           {{"--gateway", "0.0.0.0"}, "--gateway: nothing can be sent to"},
           {{"--gateway", "2001:db8::1"}, "--gateway: expected an IPv4 address"},
           {{"--local", "203.0.113"}, "--local: expected an IPv4 address"},
           {{"--route", "10.30.0.0/33"}, "--route: expected an IPv4 network"},
           {{"--route", "10.30.0.1/24"},
            "10.30.0.1/24 has bits behind the prefix; the network is 10.30.0.0/24"}}) {
    const auto options = parse(wrong.arguments);
    ASSERT_FALSE(options) << wrong.message;
    EXPECT_THAT(options.error().to_string(), HasSubstr(wrong.message));
    EXPECT_EQ(options.error().kind, ErrorKind::usage);
  }
}

TEST(ClientOptions, numbers_have_limits) {
  EXPECT_EQ(parse({"--mtu", "1280"})->mtu, 1280);
  EXPECT_THROW((void)parse({"--mtu", "67"}), CLI::ValidationError);
  EXPECT_THROW((void)parse({"--mtu", "9217"}), CLI::ValidationError);
  EXPECT_THROW((void)parse({"--sequence", "0"}), CLI::ValidationError);
  EXPECT_THROW((void)parse({"--stats", "0"}), CLI::ValidationError);
  EXPECT_THROW((void)parse({"--sequence", "5", "--sequence-file", "x"}), CLI::ExcludesError);
}

TEST(ClientKeepalive, is_due_twenty_seconds_after_the_last_packet) {
  const Keepalive::TimePoint start{};
  const auto after = [&](int seconds) { return start + std::chrono::seconds(seconds); };
  Keepalive keepalive(start);
  EXPECT_FALSE(keepalive.is_due(after(19)));
  EXPECT_TRUE(keepalive.is_due(after(20)));
  keepalive.packet_sent(after(10));
  EXPECT_FALSE(keepalive.is_due(after(29)));
  EXPECT_TRUE(keepalive.is_due(after(30)));
  EXPECT_EQ(keepalive.deadline(), after(30));
}

}  // namespace
}  // namespace espgate::client
