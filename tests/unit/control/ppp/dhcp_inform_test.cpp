// SPDX-License-Identifier: Apache-2.0
#include "control/ppp/dhcp_inform.h"

#include "tests/unit/control/ppp/ppp_lab.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using wire::Ipv4Prefix;

struct Inform {
  std::uint32_t source = given_address, destination = 0xffffffff, ciaddr = given_address;
  std::string parameters = "060f2b2c4d79f901";  // hexadecimal; "-": no list
  std::string more = {};                        // options
  std::uint16_t port = 67;
  std::uint8_t type = 8;
};

std::vector<std::byte> packet_of(const Inform& inform) {
  auto dhcp = std::vector<std::byte>(240);
  dhcp[0] = std::byte{1};
  dhcp[1] = std::byte{8};  // as Windows names a PPP link
  dhcp[2] = std::byte{6};
  wire::store_big_endian(dhcp.data() + 4, std::uint32_t{0xdeadbeef});
  wire::store_big_endian(dhcp.data() + 12, inform.ciaddr);
  wire::store_big_endian(dhcp.data() + 236, std::uint32_t{0x63825363});
  std::string options = "3501" + to_hex(std::vector<std::byte>{std::byte{inform.type}});
  if (inform.parameters != "-")
    options +=
        "37" + to_hex(std::vector<std::byte>{std::byte(inform.parameters.size() / 2)}) + inform.parameters;
  options += inform.more + "ff";
  const auto bytes = from_hex(options);
  dhcp.insert(dhcp.end(), bytes.begin(), bytes.end());
  std::vector<std::byte> packet(28 + dhcp.size());
  wire::Ipv4Fields ip;
  ip.total_length = packet.size();
  ip.protocol = wire::ip_protocol_udp;
  ip.source = inform.source;
  ip.destination = inform.destination;
  wire::build_ipv4(packet, ip);
  wire::build_udp(std::span(packet).subspan(20), {68, inform.port, dhcp.size()});
  std::ranges::copy(dhcp, packet.begin() + 28);
  return packet;
}

// Options by number, long ones joined.
std::map<unsigned, std::string> options_of(wire::Bytes packet) {
  const auto ip = wire::Ipv4Packet::parse(packet);
  EXPECT_TRUE(ip && ip->header_checksum_valid());
  const auto udp = wire::UdpDatagram::parse(ip->payload());
  EXPECT_TRUE(udp && udp->source_port() == 67 && udp->destination_port() == 68);
  EXPECT_TRUE(wire::udp_checksum_valid(ip->source(), ip->destination(), *udp));
  const auto dhcp = udp->payload();
  EXPECT_EQ(to_hex(dhcp.subspan(236, 4)), "63825363");
  EXPECT_EQ(to_hex(dhcp.subspan(4, 4)), "deadbeef");
  EXPECT_EQ(to_hex(dhcp.subspan(16, 4)), "00000000") << "yiaddr stays empty (RFC 2131 §4.3.5)";
  std::map<unsigned, std::string> options;
  for (std::size_t at = 240; at < dhcp.size() && dhcp[at] != std::byte{255};) {
    const auto length = std::to_integer<std::size_t>(dhcp[at + 1]);
    options[std::to_integer<unsigned>(dhcp[at])] += to_hex(dhcp.subspan(at + 2, length));
    at += 2 + length;
  }
  return options;
}

ppp::DhcpSettings office() {
  ppp::DhcpSettings settings;
  settings.domain = "office.example";
  settings.routes = {{*Ipv4Prefix::from_string("10.30.0.0/16"), 0},
                     {*Ipv4Prefix::from_string("192.168.5.0/25"), 0x0a280002}};
  return settings;
}

const ppp::Assigned client{given_address, {dns_server, 0x08080808}, {}};

std::optional<ppp::DhcpAnswer> answer(const Inform& inform, const ppp::DhcpSettings& settings = office(),
                                      std::uint16_t mru = 1400) {
  return ppp::answer_dhcp_inform(packet_of(inform), settings, client, gateway_address, mru);
}

// RFC 3442: 16 and two bytes, 25 and four; then the router.
constexpr std::string_view office_routes =
    "100a1e0a280001"
    "19c0a805000a280002";

TEST(DhcpInform, TellsWindowsAllThatItAsksFor) {
  const auto reply = answer({});
  ASSERT_TRUE(reply);
  const auto ip = wire::Ipv4Packet::parse(reply->packet);
  EXPECT_EQ(ip->source(), gateway_address);
  EXPECT_EQ(ip->destination(), given_address);
  auto options = options_of(reply->packet);
  EXPECT_EQ(options[53], "05");
  EXPECT_EQ(options[54], "0a280001");
  EXPECT_EQ(options[1], "ffffffff");
  EXPECT_EQ(options[6], "0a1e003508080808");
  EXPECT_EQ(options[15], "6f66666963652e6578616d706c65");
  EXPECT_EQ(options[121], office_routes);
  EXPECT_EQ(options[249], office_routes);
  EXPECT_FALSE(options.contains(51)) << "no lease";
  EXPECT_EQ(reply->routes_left_out, 0U);
}

TEST(DhcpInform, TellsMacosOnlyWhatItAsksFor) {
  const auto reply = answer({.parameters = "062c2b01f90f",
                             .more = "3d070800000001"
                                     "0000"});
  ASSERT_TRUE(reply);
  auto options = options_of(reply->packet);
  EXPECT_EQ(options[249], office_routes);
  EXPECT_FALSE(options.contains(121));
}

TEST(DhcpInform, TellsAllToAClientWithoutAList) {
  auto options = options_of(answer({.parameters = "-"})->packet);
  EXPECT_TRUE(options.contains(121) && options.contains(249) && options.contains(15));
}

TEST(DhcpInform, IsNotAnsweredUnlessItIsOne) {
  EXPECT_FALSE(answer({.type = 1})) << "a DISCOVER";
  EXPECT_FALSE(answer({.port = 68}));
  EXPECT_FALSE(answer({.source = given_address + 1}));
  EXPECT_FALSE(answer({.ciaddr = given_address + 1}));
  EXPECT_TRUE(answer({.ciaddr = 0}));
  EXPECT_FALSE(answer({.destination = 0x0a1e0001}));
  EXPECT_TRUE(answer({.destination = gateway_address}));
  auto settings = office();
  settings.answer = false;
  EXPECT_FALSE(answer({}, settings));
  auto damaged = packet_of({});
  damaged[10] ^= std::byte{1};
  EXPECT_FALSE(ppp::answer_dhcp_inform(damaged, office(), client, gateway_address, 1400));
}

TEST(DhcpInform, GivesRoutesAsFarAsTheyFit) {
  ppp::DhcpSettings settings;
  for (std::uint32_t i = 0; i < 70; ++i) settings.routes.push_back({{0x0a000000 + (i << 8), 24}, 0});
  struct Case {
    std::string_view sentence;
    std::uint16_t mru;
    std::string more;
    std::size_t by_rfc, by_microsoft, left_out;
  };
  const Case cases[] = {
      {"64 of 70, twice", 1500, "", 64, 64, 6},
      {"64 of 70, once", 1000, "", 64, 0, 6},
      {"what a DHCP client must take, since it says so", 1500, "39020240", 34, 0, 36},
      {"a link without room", 300, "", 0, 0, 70},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto reply = answer({.more = c.more}, settings, c.mru);
    ASSERT_TRUE(reply);
    auto options = options_of(reply->packet);
    EXPECT_EQ(options[121].size() / 16, c.by_rfc);
    EXPECT_EQ(options[249].size() / 16, c.by_microsoft);
    EXPECT_EQ(reply->routes_left_out, c.left_out);
    const auto decoded = wire::decode_dhcp_routes(from_hex(options[121]));
    ASSERT_TRUE(decoded);
    for (const auto& route : *decoded) EXPECT_EQ(route.router, gateway_address);
    EXPECT_LE(reply->packet.size(), std::max<std::size_t>(c.mru, 328));
  }
}

TEST(DhcpInform, IsAnsweredInsideTheSession) {
  auto settings = PppLab::usual_settings();
  settings.dhcp = office();
  PppLab lab(settings);
  PppClient it({});
  lab.start();
  talk(lab, it);
  lab.frames.clear();
  auto frame = from_hex("0021");
  const auto packet = packet_of({});
  frame.insert(frame.end(), packet.begin(), packet.end());
  lab.give(frame);
  ASSERT_EQ(lab.frames.size(), 1U);
  EXPECT_EQ(to_hex(wire::Bytes(lab.frames[0]).first(2)), "0021");
  EXPECT_EQ(options_of(wire::Bytes(lab.frames[0]).subspan(2))[121], office_routes);
}

}  // namespace
}  // namespace espgate::test
