// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/packet_builder.h"

namespace espgate::test {

// Every layer that the builder knows, in every form; scapy must make the same bytes of each.
inline std::vector<PacketBuilder> packet_builder_examples() {
  const auto ip = [] { return PacketBuilder().ethernet().ipv4("192.0.2.1", "198.51.100.7"); };
  const auto l2tp = [&](const wire::L2tpDataFields& fields) {
    return ip().udp(1701, 1701).l2tp_data(fields).ppp(wire::ppp_lcp).payload(9);
  };
  auto tagged = PacketBuilder::default_ethernet();
  tagged.vlan_id = 100;
  const auto mac = PacketBuilder::default_ethernet().source;
  return {
      PacketBuilder().ethernet().payload(46),
      PacketBuilder().ethernet(tagged).ipv4("10.0.0.1", "10.0.0.2").payload(1),
      PacketBuilder().ethernet().vlan(1).vlan(4095).ipv6("fe80::1", "ff02::1").payload(3),
      PacketBuilder().ethernet().arp({wire::ArpOperation::request, mac, 0x0a000001, {}, 0x0a000002}),
      PacketBuilder().ethernet().arp(
          {wire::ArpOperation::reply, mac, 0x0a000001, wire::broadcast_mac, 0x0a000002}),
      ip().udp(53, 1024).payload("odd"),
      ip().udp_without_checksum(4500, 4500).esp(0x12345678, 9).payload(64),
      ip().udp_without_checksum(4500, 4500).non_esp_marker().payload(28),
      ip().udp_without_checksum(4500, 4500).payload("\xff"),
      ip().esp(0x100, 0xffffffff).payload(16),
      PacketBuilder().ipv4("10.0.0.1", "10.0.0.2",
                           {.dscp_ecn = 0xb9, .identification = 7, .dont_fragment = true, .ttl = 1}),
      PacketBuilder()
          .ipv4("10.0.0.1", "10.0.0.2", {.more_fragments = true, .fragment_offset = 1480, .protocol = 17})
          .payload(8),
      PacketBuilder().ipv4("10.0.0.1", "10.0.0.2", {.total_length = 1000}).payload(8),
      PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").ipv4("10.0.0.3", "10.0.0.4").udp(1, 2).payload(5),
      PacketBuilder()
          .ipv6("2001:db8::1", "2001:db8::2", {.traffic_class = 0x12, .flow_label = 0xabcde})
          .udp(1, 2)
          .payload("xy"),
      PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").tcp({.source_port = 80, .flags = 0x12, .mss = 1440}),
      ip().tcp({.source_port = 49152, .destination_port = 443, .sequence = 1, .flags = 0x02, .mss = 1460}),
      ip().tcp({.source_port = 49152, .destination_port = 443, .sequence = 2, .flags = 0x18}).payload(33),
      ip().icmp(wire::echo_request(0x1234, 7)).payload(56),
      ip().icmp(wire::echo_reply(0x1234, 7)).payload(57),
      ip().icmp(wire::fragmentation_needed(1400)).ipv4("10.0.0.1", "10.0.0.2").payload(8),
      ip().icmp(wire::time_exceeded_in_transit()).ipv4("10.0.0.1", "10.0.0.2").payload(8),
      ip().icmp(wire::destination_unreachable(wire::icmp_code_port)).ipv4("10.0.0.1", "10.0.0.2").payload(8),
      ip().udp(1701, 1701).l2tp_control({.tunnel_id = 1, .session_id = 2, .ns = 3, .nr = 4}).payload(8),
      l2tp({.tunnel_id = 1, .session_id = 2}),
      l2tp({.tunnel_id = 1, .session_id = 2, .length_field = true}),
      l2tp({.tunnel_id = 1, .session_id = 2, .priority = true}),
      l2tp({.tunnel_id = 1, .session_id = 2, .sequence = wire::L2tpSequence{5, 6}}),
      l2tp({.tunnel_id = 1, .session_id = 2, .offset = 0}),
      l2tp({.tunnel_id = 1,
            .session_id = 2,
            .length_field = true,
            .priority = true,
            .sequence = wire::L2tpSequence{5, 6},
            .offset = 7}),
      ip().udp(1701, 1701)
          .l2tp_data({})
          .ppp(wire::ppp_ipv4)
          .ipv4("10.0.0.1", "10.0.0.2")
          .udp(7, 7)
          .payload(1),
      ip().udp(1701, 1701)
          .l2tp_data({})
          .ppp(wire::ppp_ipv4, false, true)
          .ipv4("10.0.0.1", "10.0.0.2")
          .udp(7, 7),
  };
}

}  // namespace espgate::test
