// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/error.h"
#include "wire/parse.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace espgate::replay {

// Where a frame's network layer starts and what it is.
struct NetworkPacket {
  std::uint16_t ether_type;  // 0x0800, 0x86dd, 0x0806, …; below 0x0600 it is an IEEE 802.3 length
  std::size_t offset;        // bytes from the start of the frame; at most its length
};

// What lies in front of IP in the frames of a capture, by the capture's link type.
class LinkLayer {
 public:
  // `dlt` as pcap_datalink() gives it (a LINKTYPE_ number does as well). Error: names the type and those we
  // take.
  [[nodiscard]] static Expected<LinkLayer> for_link_type(int dlt);

  // nullopt: the frame is shorter than its link header, or says nothing about its network layer. One VLAN tag
  // is skipped; the type of a second one is reported as it is.
  [[nodiscard]] std::optional<NetworkPacket> locate(wire::Bytes frame) const;

 private:
  enum class Form : std::uint8_t {
    ethernet,
    raw_ip,
    ipv4,
    ipv6,
    linux_cooked,
    linux_cooked_v2,
    bsd_loopback
  };

  explicit LinkLayer(Form form) : form_(form) {}

  Form form_;
};

// "EN10MB (Ethernet)"; "link type 147" where libpcap has no name for it.
[[nodiscard]] std::string link_type_name(int dlt);

}  // namespace espgate::replay
