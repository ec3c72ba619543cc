// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/big_endian.h"
#include "wire/parse.h"

#include <array>
#include <cassert>
#include <optional>
#include <string>

namespace espgate::wire {

inline constexpr std::uint16_t ether_type_ipv4 = 0x0800;
inline constexpr std::uint16_t ether_type_arp = 0x0806;
inline constexpr std::uint16_t ether_type_vlan = 0x8100;          // IEEE 802.1Q
inline constexpr std::uint16_t ether_type_service_vlan = 0x88a8;  // IEEE 802.1ad
inline constexpr std::uint16_t ether_type_ipv6 = 0x86dd;

struct MacAddress {
  std::array<std::byte, 6> bytes{};

  [[nodiscard]] bool is_multicast() const { return (bytes[0] & std::byte{1}) != std::byte{0}; }
  [[nodiscard]] std::string to_string() const;  // 02:00:00:00:00:01
  friend bool operator==(const MacAddress&, const MacAddress&) = default;
};

inline constexpr MacAddress broadcast_mac{
    {std::byte{0xff}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff}}};

struct EthernetHeader {
  MacAddress destination;
  MacAddress source;
  be16 ether_type;
};
static_assert(sizeof(EthernetHeader) == 14 && alignof(EthernetHeader) == 1);

struct VlanTag {  // what follows ether_type_vlan
  be16 control;   // priority (3 bits), drop eligible (1), VLAN id (12)
  be16 ether_type;
};
static_assert(sizeof(VlanTag) == 4 && alignof(VlanTag) == 1);

// An Ethernet II frame without FCS and with at most one 802.1Q tag. Stacked tags, 802.1ad and 802.3 length
// frames (a type below 0x0600) are unsupported.
class EthernetFrame {
 public:
  [[nodiscard]] static Expected<EthernetFrame> parse(Bytes frame) {
    if (frame.size() < sizeof(EthernetHeader)) return fail(ParseError::truncated);
    std::size_t header_length = sizeof(EthernetHeader);
    auto type = load_big_endian<std::uint16_t>(frame.data() + type_at);
    if (type == ether_type_vlan) {
      header_length += sizeof(VlanTag);
      if (frame.size() < header_length) return fail(ParseError::truncated);
      type = load_big_endian<std::uint16_t>(frame.data() + tagged_type_at);
      if (type == ether_type_vlan) return fail(ParseError::unsupported);
    }
    if (type == ether_type_service_vlan || type < lowest_type) return fail(ParseError::unsupported);
    return EthernetFrame(frame, header_length, type);
  }

  [[nodiscard]] MacAddress destination() const { return load_header<MacAddress>(frame_.data()); }
  [[nodiscard]] MacAddress source() const {
    return load_header<MacAddress>(frame_.data() + sizeof(MacAddress));
  }
  // Of the payload: behind the VLAN tag, if there is one.
  [[nodiscard]] std::uint16_t ether_type() const { return ether_type_; }
  // 0 is a frame with a priority but of no VLAN.
  [[nodiscard]] std::optional<std::uint16_t> vlan_id() const {
    if (header_length_ == sizeof(EthernetHeader)) return std::nullopt;
    return static_cast<std::uint16_t>(load_big_endian<std::uint16_t>(frame_.data() + vlan_control_at) &
                                      0x0fff);
  }
  [[nodiscard]] std::size_t header_length() const { return header_length_; }
  // With the padding of a minimum-size frame, which Ethernet can't tell from payload.
  [[nodiscard]] Bytes payload() const { return frame_.subspan(header_length_); }

 private:
  static constexpr std::size_t type_at = 12;
  static constexpr std::size_t vlan_control_at = 14;
  static constexpr std::size_t tagged_type_at = 16;
  static constexpr std::uint16_t lowest_type = 0x0600;  // IEEE 802.3 §3.2.6

  EthernetFrame(Bytes frame, std::size_t header_length, std::uint16_t ether_type)
      : frame_(frame), header_length_(static_cast<std::uint16_t>(header_length)), ether_type_(ether_type) {}

  Bytes frame_;
  std::uint16_t header_length_;
  std::uint16_t ether_type_;
};

struct EthernetFields {
  MacAddress destination{};
  MacAddress source{};
  std::uint16_t ether_type = 0;  // of the payload
  std::optional<std::uint16_t> vlan_id = std::nullopt;
};

// Writes the header and returns its length, 14 or 18; `buffer` has room for it.
inline std::size_t build(MutableBytes buffer, const EthernetFields& fields) {
  const std::size_t length = sizeof(EthernetHeader) + (fields.vlan_id ? sizeof(VlanTag) : 0);
  assert(buffer.size() >= length);
  const std::uint16_t outer_type = fields.vlan_id ? ether_type_vlan : fields.ether_type;
  store_header(buffer.data(), EthernetHeader{fields.destination, fields.source, be16(outer_type)});
  if (fields.vlan_id) {
    assert(*fields.vlan_id <= 0x0fff);
    store_header(buffer.data() + sizeof(EthernetHeader),
                 VlanTag{be16(*fields.vlan_id), be16(fields.ether_type)});
  }
  return length;
}

}  // namespace espgate::wire
