// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/packet_filter.h"

#include "dataplane/replay/flow.h"
#include "wire/ethernet.h"

#include <charconv>

namespace espgate::replay {
namespace {

std::optional<std::uint32_t> parse_spi(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  std::uint32_t spi = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), spi, hexadecimal ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return spi;
}

}  // namespace

Expected<PacketFilter> PacketFilter::parse(std::string_view text) {
  if (const auto spi = parse_spi(text)) return PacketFilter(*spi);
  if (const auto address = wire::IpAddress::from_string(text)) return PacketFilter(*address);
  return fail({.what = "\"" + std::string(text) + "\" is neither an SPI nor an address",
               .where = "--filter",
               .hint = "give an SPI (0x1234abcd) or an outer IPv4 or IPv6 address",
               .kind = ErrorKind::usage});
}

bool PacketFilter::matches(std::uint16_t ether_type, wire::Bytes bytes) const {
  if (ether_type != wire::ether_type_ipv4 && ether_type != wire::ether_type_ipv6) return false;
  const auto packet = read_flow(bytes);
  if (!packet) return false;
  if (const auto* address = std::get_if<wire::IpAddress>(&wanted_))
    return packet->flow.source.address == *address || packet->flow.destination.address == *address;
  return packet->fragment || read_spi(*packet) == std::get<std::uint32_t>(wanted_);
}

}  // namespace espgate::replay
