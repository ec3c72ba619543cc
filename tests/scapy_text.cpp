// SPDX-License-Identifier: Apache-2.0
#include "tests/scapy_text.h"

#include <fmt/format.h>

namespace espgate::test {
namespace {

using wire::Bytes;

std::string dotted(std::uint32_t ipv4) { return wire::IpAddress::v4(ipv4).to_string(); }

}  // namespace

std::string scapy_raw(Bytes bytes) {
  std::string hex;
  for (const std::byte byte : bytes) hex += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return fmt::format("Raw(bytes.fromhex(\"{}\"))", hex);
}

std::string scapy_vlan(unsigned id, unsigned type) {
  return fmt::format("Dot1Q(vlan={}, type={:#x})", id, type);
}

std::string scapy_ethernet(const wire::EthernetFields& f) {
  const auto type = f.vlan_id ? wire::ether_type_vlan : f.ether_type;
  const auto ether = fmt::format("Ether(dst=\"{}\", src=\"{}\", type={:#x})", f.destination.to_string(),
                                 f.source.to_string(), type);
  return f.vlan_id ? ether + "/" + scapy_vlan(*f.vlan_id, f.ether_type) : ether;
}

std::string scapy_arp(const wire::ArpMessage& m) {
  return fmt::format("ARP(op={}, hwsrc=\"{}\", psrc=\"{}\", hwdst=\"{}\", pdst=\"{}\")",
                     static_cast<unsigned>(m.operation), m.sender_mac.to_string(), dotted(m.sender_ip),
                     m.target_mac.to_string(), dotted(m.target_ip));
}

std::string scapy_ipv4(const wire::Ipv4Fields& f) {
  return fmt::format("IP(src=\"{}\", dst=\"{}\", len={}, tos={}, id={}, flags={}, frag={}, ttl={}, proto={})",
                     dotted(f.source), dotted(f.destination), f.total_length, f.dscp_ecn, f.identification,
                     (f.dont_fragment ? 2 : 0) + (f.more_fragments ? 1 : 0), f.fragment_offset / 8, f.ttl,
                     f.protocol);
}

std::string scapy_ipv6(const wire::Ipv6Fields& f) {
  return fmt::format("IPv6(src=\"{}\", dst=\"{}\", plen={}, tc={}, fl={}, hlim={}, nh={})",
                     f.source.to_string(), f.destination.to_string(), f.payload_length, f.traffic_class,
                     f.flow_label, f.hop_limit, f.next_header);
}

std::string scapy_tcp(const TcpFields& f) {
  const auto options = f.mss ? fmt::format(", options=[(\"MSS\", {})]", *f.mss) : "";
  return fmt::format("TCP(sport={}, dport={}, seq={}, flags={}, window={}{})", f.source_port,
                     f.destination_port, f.sequence, f.flags, tcp_window, options);
}

std::string scapy_icmp(const wire::IcmpFields& f) {
  const bool echo = f.type == wire::icmp_echo_request || f.type == wire::icmp_echo_reply;
  std::string rest;
  if (echo) rest = fmt::format(", id={}, seq={}", f.rest >> 16, f.rest & 0xffff);
  if (!echo && f.rest != 0) rest = fmt::format(", nexthopmtu={}", f.rest);
  return fmt::format("ICMP(type={}, code={}{})", f.type, f.code, rest);
}

std::string scapy_l2tp(const wire::L2tpDataFields& f) {
  std::string flags;
  if (f.length_field) flags += "+length";
  if (f.sequence) flags += "+sequence";
  if (f.priority) flags += "+priority";
  const auto numbers = f.sequence ? fmt::format(", ns={}, nr={}", f.sequence->ns, f.sequence->nr) : "";
  return fmt::format("L2TP(hdr=\"{}\", tunnel_id={}, session_id={}{})", flags.empty() ? "" : flags.substr(1),
                     f.tunnel_id, f.session_id, numbers);
}

}  // namespace espgate::test
