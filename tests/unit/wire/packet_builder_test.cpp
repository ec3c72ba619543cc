// SPDX-License-Identifier: Apache-2.0
#include "tests/packet_builder.h"

#include "tests/unit/wire/bytes.h"
#include "tests/unit/wire/packet_builder_examples.h"
#include "wire/udp.h"

namespace espgate::test {
namespace {

TEST(PacketBuilder, FillsInWhatTheLayersSayOfEachOther) {
  const auto bytes = PacketBuilder()
                         .ethernet()
                         .vlan(5)
                         .ipv4("10.0.0.1", "10.0.0.2")
                         .udp(4500, 1701)
                         .l2tp_data({.tunnel_id = 1, .session_id = 2, .length_field = true})
                         .ppp(wire::ppp_ipv4)
                         .ipv4("192.168.0.1", "192.168.0.2")
                         .payload("hello")
                         .build();
  const auto frame = wire::EthernetFrame::parse(bytes).value();
  EXPECT_EQ(frame.vlan_id(), 5);
  EXPECT_EQ(frame.ether_type(), wire::ether_type_ipv4);
  const auto outer = wire::Ipv4Packet::parse(frame.payload()).value();
  EXPECT_EQ(outer.total_length(), frame.payload().size());
  EXPECT_EQ(outer.protocol(), wire::ip_protocol_udp);
  EXPECT_TRUE(outer.header_checksum_valid());
  const auto datagram = wire::UdpDatagram::parse(outer.payload()).value();
  EXPECT_NE(datagram.checksum(), 0);
  EXPECT_TRUE(wire::udp_checksum_valid(outer.source(), outer.destination(), datagram));
  const auto l2tp = wire::L2tpHeader::parse(datagram.payload()).value();
  EXPECT_EQ(l2tp.payload().size(), 4 + 20 + 5u);
  const auto inner = wire::Ipv4Packet::parse(wire::PppFrame::parse(l2tp.payload()).value().payload()).value();
  EXPECT_EQ(inner.total_length(), 25u);
  EXPECT_EQ(inner.source(), 0xc0a80001u);
}

TEST(PacketBuilder, LetsAPacketLieAboutItself) {
  const auto bytes =
      PacketBuilder().ipv4("10.0.0.1", "10.0.0.2", {.total_length = 500, .protocol = 99}).udp(1, 2).build();
  EXPECT_EQ(wire::Ipv4Packet::parse(bytes).error(), wire::ParseError::truncated);
  EXPECT_EQ(bytes[9], std::byte{99});
}

TEST(PacketBuilder, SaysWhatItIsInScapy) {
  EXPECT_EQ(PacketBuilder().udp_without_checksum(4500, 4500).esp(0x1000, 1).payload("ab").scapy(),
            "UDP(sport=4500, dport=4500, chksum=0)/ESP(spi=0x1000, seq=1)/Raw(bytes.fromhex(\"6162\"))");
}

TEST(PacketBuilder, IsShownByGoogleTestInScapy) {
  EXPECT_EQ(::testing::PrintToString(PacketBuilder().payload("a")), "Raw(bytes.fromhex(\"61\"))");
}

TEST(PacketBuilder, RefusesNonsense) {
  EXPECT_THROW(PacketBuilder().udp(1, 2), std::logic_error);
  EXPECT_THROW(PacketBuilder().tcp({}), std::logic_error);
  EXPECT_THROW(PacketBuilder().ipv4("10.0.0", "10.0.0.1"), std::invalid_argument);
}

TEST(PacketBuilder, MakesTheKnownBytes) {
  EXPECT_EQ(to_hex(PacketBuilder()
                       .ipv4("10.0.0.1", "10.0.0.2", {.identification = 1})
                       .udp(53, 1024)
                       .payload("hello!!")
                       .build()),
            "4500002300010000401166c70a0000010a00000200350400000f82a568656c6c6f2121");
}

// Whether scapy agrees is for packet_builder_scapy.py; this holds that every example is buildable and not
// empty.
TEST(PacketBuilder, BuildsItsExamples) {
  for (const auto& packet : packet_builder_examples()) EXPECT_FALSE(packet.build().empty()) << packet.scapy();
}

}  // namespace
}  // namespace espgate::test
