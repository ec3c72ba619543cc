// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/client/gateway_end.h"
#include "wire/esp.h"

#include <gtest/gtest.h>

namespace espgate::client::test {
namespace {

using dataplane::DropReason;
using dataplane::Punt;

class ClientPath : public testing::Test {
 protected:
  const config::StaticPeer peer_ = static_peer();
  ClientEnd client_{peer_};
  GatewayEnd gateway_{peer_};
};

TEST(ClientSuites, packets_of_every_suite_come_through_both_ways) {
  for (const crypto::Suite& suite : crypto::suites()) {
    for (const bool esn : {false, true}) {
      config::StaticPeer peer = static_peer(suite.name);
      peer.esn = esn;
      ClientEnd client(peer);
      GatewayEnd gateway(peer);
      std::vector<Bytes> inner;
      for (const std::size_t payload : {0U, 1U, 15U, 16U, 17U, 700U, 1360U})
        inner.push_back(inner_packet(payload));
      EXPECT_EQ(gateway.decapsulate(client.encapsulate(inner)), inner) << suite.name;
      EXPECT_EQ(client.decapsulate(gateway.encapsulate(inner)), inner) << suite.name;
    }
  }
}

TEST_F(ClientPath, a_whole_burst_comes_through_in_order) {
  std::vector<Bytes> inner;
  inner.reserve(dataplane::max_burst);
  for (std::size_t i = 0; i < dataplane::max_burst; ++i) inner.push_back(inner_packet(i));
  EXPECT_EQ(gateway_.decapsulate(client_.encapsulate(inner)), inner);
  EXPECT_EQ(client_.path.sent().packets, inner.size());
  EXPECT_EQ(gateway_.path.received().packets, inner.size());
  EXPECT_EQ(client_.path.sent().bytes, gateway_.path.received().bytes);
}

TEST_F(ClientPath, a_datagram_begins_with_the_gateways_SPI_and_the_next_sequence_number) {
  client_.tunnel.outbound().next_sequence = 0x01020304;
  const auto datagrams = client_.encapsulate({inner_packet(10)});
  ASSERT_EQ(datagrams.size(), 1u);
  const auto header = wire::parse_esp_header(datagrams[0]);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->spi.host(), peer_.inbound.spi);
  EXPECT_EQ(header->sequence.host(), 0x01020304u);
}

TEST_F(ClientPath, a_client_does_not_take_what_it_sends_itself) {
  EXPECT_TRUE(client_.decapsulate(client_.encapsulate({inner_packet(10)})).empty());
  EXPECT_EQ(client_.drops(DropReason::esp_unknown_spi), 1u);
}

TEST_F(ClientPath, keepalives_IKE_and_rubbish_are_told_apart) {
  const Bytes keepalive{std::byte{0xff}};
  const Bytes ike(32);
  const Bytes short_one{std::byte{1}, std::byte{2}, std::byte{3}};
  EXPECT_TRUE(client_.decapsulate({keepalive, ike, short_one, {}}).empty());
  EXPECT_EQ(client_.punts(Punt::keepalive), 1u);
  EXPECT_EQ(client_.punts(Punt::ike), 1u);
  EXPECT_EQ(client_.drops(DropReason::natt_malformed), 2u);
  EXPECT_EQ(client_.path.received().packets, 0u);
}

TEST_F(ClientPath, duplicates_and_forgeries_are_dropped) {
  const auto datagram = gateway_.encapsulate({inner_packet(100)})[0];
  Bytes forged = datagram;
  forged.back() ^= std::byte{1};
  Bytes cut(datagram.begin(), datagram.begin() + 20);
  EXPECT_EQ(client_.decapsulate({forged, cut, datagram, datagram}).size(), 1u);
  EXPECT_TRUE(client_.decapsulate({datagram}).empty());
  EXPECT_EQ(client_.drops(DropReason::esp_bad_icv), 1u);
  EXPECT_EQ(client_.drops(DropReason::esp_truncated), 1u);
  EXPECT_EQ(client_.drops(DropReason::esp_replayed), 2u);
}

TEST_F(ClientPath, a_packet_of_another_session_is_dropped) {
  gateway_.tunnel.open_session({.gateway_tunnel = peer_.peer_tunnel, .gateway_session = 35});
  EXPECT_TRUE(client_.decapsulate(gateway_.encapsulate({inner_packet(10)})).empty());
  EXPECT_EQ(client_.drops(DropReason::l2tp_unknown_session), 1u);
}

TEST_F(ClientPath, the_gateways_end_must_be_port_1701) {
  gateway_.tunnel.session().header = dataplane::make_session_header(
      {.source_port = 1702, .tunnel = peer_.peer_tunnel, .session = peer_.peer_session});
  EXPECT_TRUE(client_.decapsulate(gateway_.encapsulate({inner_packet(10)})).empty());
  EXPECT_EQ(client_.drops(DropReason::selector_mismatch), 1u);
}

TEST_F(ClientPath, the_clients_end_may_be_any_port) {
  gateway_.tunnel.session().header = dataplane::make_session_header(
      {.destination_port = 60123, .tunnel = peer_.peer_tunnel, .session = peer_.peer_session});
  EXPECT_EQ(client_.decapsulate(gateway_.encapsulate({inner_packet(10)})).size(), 1u);
}

TEST_F(ClientPath, IPv6_and_what_is_no_IP_packet_are_not_given_to_the_kernel) {
  Bytes longer_than_it_is = inner_packet(10);
  longer_than_it_is[3] = std::byte{200};
  EXPECT_TRUE(client_.decapsulate(gateway_.encapsulate({longer_than_it_is, {std::byte{0x45}}})).empty());
  EXPECT_EQ(client_.drops(DropReason::inner_ip_malformed), 2u);
  EXPECT_TRUE(client_.decapsulate(gateway_.encapsulate({Bytes(40, std::byte{0x60})}, 0x86dd)).empty());
  EXPECT_EQ(client_.drops(DropReason::session_closed), 1u);
}

TEST_F(ClientPath, what_lies_behind_the_inner_packet_is_cut_off) {
  const Bytes packet = inner_packet(10);
  Bytes padded = packet;
  padded.resize(60);
  EXPECT_EQ(client_.decapsulate(gateway_.encapsulate({padded})), std::vector<Bytes>{packet});
}

TEST_F(ClientPath, while_a_rekey_is_under_way_both_inbound_SAs_are_taken) {
  config::StaticPeer next = static_peer("aes128gcm16");
  next.outbound.spi = 0xc0ffee02;
  const PeerParameters mine = mirror(next);
  ASSERT_TRUE(client_.tunnel.add_inbound(mine.inbound, 64));
  GatewayEnd rekeyed(next);
  EXPECT_EQ(client_.decapsulate(gateway_.encapsulate({inner_packet(10)})).size(), 1u);
  EXPECT_EQ(client_.decapsulate(rekeyed.encapsulate({inner_packet(10)})).size(), 1u);
  EXPECT_EQ(client_.decapsulate(gateway_.encapsulate({inner_packet(10)})).size(), 1u);
}

TEST(ClientTunnel, sends_nothing_before_it_has_an_SA_and_a_session) {
  End end;
  EXPECT_FALSE(end.tunnel.is_open());
  EXPECT_TRUE(end.encapsulate({inner_packet(10)}).empty());
  EXPECT_EQ(end.drops(DropReason::no_session), 1u);
  EXPECT_EQ(end.path.sent().packets, 0u);
}

TEST(ClientTunnel, says_which_key_is_wrong) {
  End end;
  const PeerParameters mine = mirror(static_peer());
  const SaParameters sa{
      .spi = 0x1234, .suite = mine.inbound.suite, .cipher_key = crypto::SecretBytes(5), .integrity_key = {}};
  const auto added = end.tunnel.add_inbound(sa, 32);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().to_string().substr(0, 15), "SA 0x00001234: ");
  EXPECT_EQ(added.error().kind, ErrorKind::configuration);
  EXPECT_FALSE(end.tunnel.set_outbound(sa, 1));
  EXPECT_FALSE(end.tunnel.is_open());
}

}  // namespace
}  // namespace espgate::client::test
