// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/link_layer.h"

#include "wire/big_endian.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

namespace espgate::replay {
namespace {

constexpr std::uint16_t ether_type_ipv4 = 0x0800;
constexpr std::uint16_t ether_type_ipv6 = 0x86dd;

// LINKTYPE_RAW as files carry it; libpcap turns it into the platform's DLT_RAW, other writers may not.
constexpr int linktype_raw = 101;
constexpr int dlt_raw_openbsd = 14;

bool is_vlan_tag(std::uint16_t ether_type) {
  return ether_type == 0x8100 || ether_type == 0x88a8 || ether_type == 0x9100;
}

// A link header of fixed size with an EtherType in it. libpcap puts a tag that the NIC had stripped back
// where Ethernet would have it, in front of the real EtherType, so a tag's TCI and the next EtherType are
// always the first four bytes behind the header.
std::optional<NetworkPacket> behind_header(wire::Bytes frame, std::size_t type_offset,
                                           std::size_t header_size) {
  if (frame.size() < header_size) return std::nullopt;
  const auto ether_type = wire::load_big_endian<std::uint16_t>(frame.data() + type_offset);
  if (!is_vlan_tag(ether_type)) return NetworkPacket{ether_type, header_size};
  if (frame.size() < header_size + 4) return std::nullopt;
  return NetworkPacket{wire::load_big_endian<std::uint16_t>(frame.data() + header_size + 2), header_size + 4};
}

std::optional<NetworkPacket> by_ip_version(wire::Bytes frame) {
  if (frame.empty()) return std::nullopt;
  switch (std::to_integer<unsigned>(frame[0]) >> 4) {
    case 4:
      return NetworkPacket{ether_type_ipv4, 0};
    case 6:
      return NetworkPacket{ether_type_ipv6, 0};
    default:
      return std::nullopt;
  }
}

// Four bytes of address family: DLT_NULL in the byte order of the machine that captured, DLT_LOOP in network
// order. AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on
// macOS.
std::optional<NetworkPacket> by_address_family(wire::Bytes frame) {
  if (frame.size() < 4) return std::nullopt;
  auto family = wire::load_big_endian<std::uint32_t>(frame.data());
  if (family > 0xffff) family = __builtin_bswap32(family);
  switch (family) {
    case 2:
      return NetworkPacket{ether_type_ipv4, 4};
    case 10:
    case 24:
    case 28:
    case 30:
      return NetworkPacket{ether_type_ipv6, 4};
    default:
      return std::nullopt;
  }
}

}  // namespace

Expected<LinkLayer> LinkLayer::for_link_type(int dlt) {
  switch (dlt) {
    case DLT_EN10MB:
      return LinkLayer(Form::ethernet);
    case DLT_RAW:
    case dlt_raw_openbsd:
    case linktype_raw:
      return LinkLayer(Form::raw_ip);
    case DLT_IPV4:
      return LinkLayer(Form::ipv4);
    case DLT_IPV6:
      return LinkLayer(Form::ipv6);
    case DLT_LINUX_SLL:
      return LinkLayer(Form::linux_cooked);
    case DLT_LINUX_SLL2:
      return LinkLayer(Form::linux_cooked_v2);
    case DLT_NULL:
    case DLT_LOOP:
      return LinkLayer(Form::bsd_loopback);
    default:
      return fail(
          {.what = fmt::format("frames of type {} are not supported", link_type_name(dlt)),
           .where = {},
           .hint = "supported are Ethernet, raw IP (RAW, IPV4, IPV6), Linux cooked (LINUX_SLL, LINUX_SLL2) "
                   "and BSD loopback (NULL, LOOP)",
           .kind = ErrorKind::input});
  }
}

std::optional<NetworkPacket> LinkLayer::locate(wire::Bytes frame) const {
  switch (form_) {
    case Form::ethernet:
      return behind_header(frame, 12, 14);
    case Form::linux_cooked:
      return behind_header(frame, 14, 16);
    case Form::linux_cooked_v2:
      return behind_header(frame, 0, 20);
    case Form::raw_ip:
      return by_ip_version(frame);
    case Form::ipv4:
      return NetworkPacket{ether_type_ipv4, 0};
    case Form::ipv6:
      return NetworkPacket{ether_type_ipv6, 0};
    case Form::bsd_loopback:
      return by_address_family(frame);
  }
  return std::nullopt;
}

std::string link_type_name(int dlt) {
  const char* name = pcap_datalink_val_to_name(dlt);
  const char* description = pcap_datalink_val_to_description(dlt);
  if (name == nullptr) return fmt::format("link type {}", dlt);
  return description == nullptr ? std::string(name) : fmt::format("{} ({})", name, description);
}

}  // namespace espgate::replay
