// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/packet_builder.h"

#include <string>

namespace espgate::test {

// One layer each as scapy writes it. Numbers that scapy would guess from the next layer are spelled out.
[[nodiscard]] std::string scapy_raw(wire::Bytes bytes);
[[nodiscard]] std::string scapy_vlan(unsigned id, unsigned type);
[[nodiscard]] std::string scapy_ethernet(const wire::EthernetFields& f);
[[nodiscard]] std::string scapy_arp(const wire::ArpMessage& m);
[[nodiscard]] std::string scapy_ipv4(const wire::Ipv4Fields& f);
[[nodiscard]] std::string scapy_ipv6(const wire::Ipv6Fields& f);
[[nodiscard]] std::string scapy_tcp(const TcpFields& f);
[[nodiscard]] std::string scapy_icmp(const wire::IcmpFields& f);
[[nodiscard]] std::string scapy_l2tp(const wire::L2tpDataFields& f);

}  // namespace espgate::test
