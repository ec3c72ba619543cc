# SPDX-License-Identifier: Apache-2.0
foreach(format IN ITEMS arp esp ethernet icmp ipv4 ipv6 l2tp ppp tcp_mss udp)
  espgate_fuzz(${format} espgate_wire)
endforeach()
