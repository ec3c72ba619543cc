// SPDX-License-Identifier: Apache-2.0
// The texts that RADIUS carries within attributes.
#include "control/aaa/radius_text.h"

#include "tests/unit/control/radius/radius_reply.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::control::radius {
namespace {

FramedRoute route(std::uint32_t address, std::uint8_t length, std::uint32_t gateway = 0,
                  std::uint32_t metric = 1) {
  return {{address, length}, gateway, metric};
}

TEST(FramedRouteText, IsANetworkAGatewayAndAMetric) {
  EXPECT_EQ(parse_framed_route("10.60.0.0/16"), route(0x0a3c0000, 16));
  EXPECT_EQ(parse_framed_route("10.60.0.0/16 10.40.0.7"), route(0x0a3c0000, 16, 0x0a280007));
  EXPECT_EQ(parse_framed_route("10.60.0.0/16 0.0.0.0 5"), route(0x0a3c0000, 16, 0, 5));
  EXPECT_EQ(parse_framed_route("  10.60.0.0/16\t10.40.0.7  1 2 -1 3 400 "),
            route(0x0a3c0000, 16, 0x0a280007));
  EXPECT_EQ(parse_framed_route("0.0.0.0/0"), route(0, 0));
  EXPECT_EQ(parse_framed_route("198.51.100.7/32"), route(0xc6336407, 32));
}

TEST(FramedRouteText, WithoutALengthHasThatOfTheClass) {
  EXPECT_EQ(parse_framed_route("10.0.0.0"), route(0x0a000000, 8));
  EXPECT_EQ(parse_framed_route("172.16.0.0 10.40.0.7"), route(0xac100000, 16, 0x0a280007));
  EXPECT_EQ(parse_framed_route("192.168.7.0"), route(0xc0a80700, 24));
}

TEST(FramedRouteText, IsNothingElse) {
  for (const char* text : {"", " ", "10.60.0.1/16", "10.60.0.0/33", "10.60.0.0/", "10.60.0.0/16 here",
                           "10.60.0.0/16 10.40.0.7 x", "10.60.0.0/16 10.40.0.7 -1", "10.1.2.3", "127.0.0.0/8",
                           "224.0.0.0/4", "0.0.0.0/8", "fd00::/64", "10.60.0.0/16 10.40.0.7 99999999999"})
    EXPECT_FALSE(parse_framed_route(text)) << text;
}

TEST(MsChapErrorText, HasANumberAndAMessage) {
  using namespace std::string_literals;
  const auto failed = parse_ms_chap_error(
      octets_of("\x07"
                "E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=Authentication failed"s));
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->error, 691U);
  EXPECT_EQ(failed->message, "Authentication failed");
  const auto expired = parse_ms_chap_error(octets_of("E=648 R=0 V=3"));
  ASSERT_TRUE(expired) << "some servers leave the identifier out";
  EXPECT_EQ(expired->error, 648U);
  EXPECT_EQ(expired->message, "");
  for (const char* text : {"", "E", "E=", "xE=", "E=x R=0", "denied", "E=99999999999"})
    EXPECT_FALSE(parse_ms_chap_error(octets_of(text))) << text;
}

TEST(MsChap2SuccessText, HasAnIdentifierAndTheServersProof) {
  const std::string proof = "S=0123456789ABCDEF0123456789ABCDEF01234567";
  const auto success = parse_ms_chap2_success(octets_of("\x2a" + proof));
  ASSERT_TRUE(success);
  EXPECT_EQ(success->identifier, 0x2a);
  EXPECT_EQ(success->response, proof);
  EXPECT_EQ(success->message, "");
  EXPECT_EQ(parse_ms_chap2_success(octets_of("\x2a" + proof + " M=welcome"))->message, "welcome");
  EXPECT_FALSE(parse_ms_chap2_success(octets_of("")));
  EXPECT_FALSE(parse_ms_chap2_success(octets_of("\x2a" + proof.substr(1))));
  EXPECT_FALSE(parse_ms_chap2_success(octets_of("\x2a" + proof.substr(0, 41))));
  EXPECT_FALSE(parse_ms_chap2_success(octets_of("\x2aS=0123456789ABCDEF0123456789ABCDEF0123456X")));
}

}  // namespace
}  // namespace espgate::control::radius
