// SPDX-License-Identifier: Apache-2.0
#include "client/report.h"

#include "tests/unit/client/gateway_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace espgate::client::test {
namespace {

using testing::HasSubstr;

class ClientReport : public testing::Test {
 protected:
  ClientReport() {
    const auto datagrams = gateway_.encapsulate({inner_packet(100), inner_packet(50)});
    (void)client_.decapsulate({datagrams[0], datagrams[1], datagrams[0], {std::byte{0xff}}});
    (void)client_.encapsulate({inner_packet(10)});
  }

  const config::StaticPeer peer_ = static_peer();
  ClientEnd client_{peer_};
  GatewayEnd gateway_{peer_};
  const Report report_{.path = client_.path,
                       .outbound = client_.tunnel.outbound(),
                       .keepalives_sent = 3,
                       .ipv6_packets = 4,
                       .unreachable = 5};
};

TEST_F(ClientReport, as_JSON_is_one_line_with_all_numbers) {
  const std::string text = report_.json();
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  const auto expected = nlohmann::json::parse(R"({
      "sent": {"packets": 1, "bytes": 38}, "received": {"packets": 2, "bytes": 206},
      "keepalives_sent": 3, "keepalives_received": 1, "ike": 0, "l2tp_control": 0, "ppp_control": 0,
      "ipv6_packets": 4, "unreachable": 5, "next_sequence": 2, "drops": {"esp_replayed": 1}})");
  EXPECT_EQ(nlohmann::json::parse(text), expected);
}

TEST_F(ClientReport, for_people_names_each_drop) {
  const std::string text = report_.text();
  EXPECT_THAT(text, HasSubstr("to the gateway             1 packets            38 bytes"));
  EXPECT_THAT(text, HasSubstr("esp_replayed"));
  EXPECT_THAT(text, HasSubstr("the ESP sequence number was seen already"));
  EXPECT_THAT(text, HasSubstr("4 IPv6 packets"));
  EXPECT_EQ(report_.line(), "sent 1 packets, 38 bytes; received 2 packets, 206 bytes; dropped 1\n");
}

}  // namespace
}  // namespace espgate::client::test
