// SPDX-License-Identifier: Apache-2.0
// Messages that have broken other L2TP servers, from a client that is authenticated by IKE and nothing else.
// None makes a tunnel or a session that it should not, none goes unnoticed, and the next client dials in as
// if nothing had been.
#include "tests/unit/control/l2tp/lns_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

constexpr std::string_view first = "8008000000000001";    // Message Type SCCRQ
constexpr std::string_view version = "8008000000020100";  // Protocol Version 1.0
constexpr std::string_view capabilities = "800a0000000300000003";
constexpr std::string_view host_name = "800c00000007636c69656e74";
constexpr std::string_view tunnel_id = "8008000000096e94";
constexpr std::string_view random_vector = "800a00000024deadbeef";

std::vector<std::byte> message(std::string_view avps, int wrong_length_by = 0) {
  std::vector<std::byte> bytes = from_hex("c80200000000000000000000");
  const auto body = from_hex(avps);
  bytes.insert(bytes.end(), body.begin(), body.end());
  wire::store_big_endian(bytes.data() + 2,
                         static_cast<std::uint16_t>(static_cast<int>(bytes.size()) + wrong_length_by));
  return bytes;
}

std::string all(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

// An AVP of the full ten bits of length: 1017 bytes of value.
std::string longest(std::string_view attribute) {
  std::string text = "83ff0000";
  text += attribute;
  for (int i = 0; i < 1017; ++i) text += "41";
  return text;
}

struct Hostile {
  std::string sentence;
  std::vector<std::byte> datagram;
  std::string answer;  // names of what the LNS says at once; "": nothing
};

std::vector<Hostile> table() {
  const std::string good = all({first, version, capabilities, host_name, tunnel_id});
  return {
      {"an AVP of length 0, on which a reader makes no step", message(all({good, "80000000000200"})),
       "StopCCN"},
      {"an AVP of length 5, shorter than its own header", message(all({good, "8005000000"})), "StopCCN"},
      {"an AVP that is longer than the message", message(all({good, "83ff00000007636c"})), "StopCCN"},
      {"a message that is longer than its datagram", message(good, 100), ""},
      {"a message that is shorter than its header", message("", -8), ""},
      {"a hidden AVP without a random vector", message(all({good, "c00c0000000b010203040506"})), "StopCCN"},
      {"a hidden AVP whose inner length is beyond it",
       message(
           all({first, random_vector, version, capabilities, host_name, tunnel_id, "c00a0000000bffffffff"})),
       "StopCCN"},
      {"a hidden AVP of nothing", message(all({first, random_vector, version, "c0060000000b", tunnel_id})),
       "StopCCN"},
      {"a challenge of nothing", message(all({good, "80060000000b"})), "StopCCN"},
      {"a tunnel id of 0, to which no answer can go",
       message(all({first, version, capabilities, host_name, "8008000000090000"})), ""},
      {"a tunnel id of one byte", message(all({first, version, capabilities, host_name, "80070000000901"})),
       ""},
      {"a mandatory AVP that nobody knows", message(all({good, "8008000001ff0000"})), "StopCCN"},
      {"a mandatory AVP of a foreign vendor", message(all({good, "800822b800010000"})), "StopCCN"},
      {"a host name of 1017 bytes", message(all({first, version, capabilities, longest("0007"), tunnel_id})),
       "SCCRP"},
      {"an ICRQ for a tunnel that nobody has", message("800800000000000a80080000000ed014"), ""},
      {"an SCCCN before any SCCRQ", message("8008000000000003"), ""},
  };
}

TEST(Hostile, MessagesGetTheirAnswerAndNothingElse) {
  for (const Hostile& each : table()) {
    SCOPED_TRACE(each.sentence);
    LnsLab lab;
    lab.give(each.datagram);
    std::string answers;
    for (const std::string& name : lab.take_names())
      if (name != "ZLB") answers += name;
    EXPECT_EQ(answers, each.answer);
    EXPECT_THAT(lab.events, ::testing::Not(::testing::Contains("starting")));
    EXPECT_EQ(lab.reports.empty(), each.answer == "SCCRP");
    lab.events.clear();
    Lac client(lab, 0x1234);
    client.open_tunnel();
    client.open_session();
    EXPECT_THAT(lab.events, ::testing::ElementsAre("starting", "up"));
  }
}

TEST(Hostile, AHundredTunnelsOfOneClientAreTooMany) {
  LnsLab lab;
  for (std::uint16_t tunnel = 1; tunnel <= 100; ++tunnel) {
    Lac client(lab, tunnel);
    client.send(client.sccrq());
  }
  const auto names = lab.take_names();
  EXPECT_LT(std::count(names.begin(), names.end(), "SCCRP"), 100);
  EXPECT_FALSE(lab.reports.empty());
}

}  // namespace
}  // namespace espgate::test
