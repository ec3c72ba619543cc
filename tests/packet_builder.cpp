// SPDX-License-Identifier: Apache-2.0
#include "tests/packet_builder.h"

#include "tests/scapy_text.h"
#include "wire/esp.h"
#include "wire/udp.h"

#include <algorithm>
#include <ostream>
#include <stdexcept>

#include <fmt/format.h>

namespace espgate::test {
namespace {

using wire::Bytes;
using wire::MutableBytes;

wire::IpAddress address(std::string_view text) {
  const auto parsed = wire::IpAddress::from_string(text);
  if (!parsed) throw std::invalid_argument(fmt::format("not an IP address: {}", text));
  return *parsed;
}

std::uint32_t sum_of_words(Bytes bytes) {
  return static_cast<std::uint16_t>(~wire::internet_checksum(bytes));
}

std::size_t write_tcp(MutableBytes out, const TcpFields& f) {
  const std::size_t length = f.mss ? 24 : 20;
  std::ranges::fill(out.first(length), std::byte{0});
  wire::store_big_endian(out.data(), f.source_port);
  wire::store_big_endian(out.data() + 2, f.destination_port);
  wire::store_big_endian(out.data() + 4, f.sequence);
  out[12] = std::byte(length / 4 << 4);
  out[13] = std::byte{f.flags};
  wire::store_big_endian(out.data() + 14, tcp_window);
  if (f.mss) wire::store_big_endian(out.data() + 20, 0x02040000u | *f.mss);  // kind 2, length 4
  return length;
}

}  // namespace

wire::EthernetFields PacketBuilder::default_ethernet() {
  wire::EthernetFields fields;
  fields.source.bytes = {std::byte{2}, {}, {}, {}, {}, std::byte{1}};
  fields.destination.bytes = {std::byte{2}, {}, {}, {}, {}, std::byte{2}};
  return fields;
}

PacketBuilder& PacketBuilder::ethernet(const wire::EthernetFields& fields) {
  const auto complete = [fields](const Layer& next) {
    wire::EthernetFields f = fields;
    if (f.ether_type == 0) f.ether_type = next.ether_type;
    return f;
  };
  Layer layer{.room = sizeof(wire::EthernetHeader) + sizeof(wire::VlanTag)};
  layer.write = [=](MutableBytes out, std::size_t, const Layer& next) {
    return wire::build(out, complete(next));
  };
  layer.scapy = [=](Bytes, const Layer& next) { return scapy_ethernet(complete(next)); };
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::vlan(std::uint16_t id) {
  Layer layer{.ether_type = wire::ether_type_vlan, .room = sizeof(wire::VlanTag)};
  layer.write = [=](MutableBytes out, std::size_t, const Layer& next) {
    wire::store_header(out.data(), wire::VlanTag{wire::be16(id), wire::be16(next.ether_type)});
    return sizeof(wire::VlanTag);
  };
  layer.scapy = [=](Bytes, const Layer& next) { return scapy_vlan(id, next.ether_type); };
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::arp(const wire::ArpMessage& message) {
  Layer layer{.ether_type = wire::ether_type_arp, .room = wire::arp_length};
  layer.write = [=](MutableBytes out, std::size_t, const Layer&) { return wire::build_arp(out, message); };
  layer.scapy = [=](Bytes, const Layer&) { return scapy_arp(message); };
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::ipv4(std::string_view source, std::string_view destination,
                                   const wire::Ipv4Fields& fields) {
  wire::Ipv4Fields base = fields;
  base.source = address(source).as_v4();
  base.destination = address(destination).as_v4();
  pseudo_header_sum_ = [base](std::uint8_t protocol, std::size_t length) {
    return wire::pseudo_header_sum(base.source, base.destination, protocol, length);
  };
  const auto complete = [base](std::size_t payload_length, const Layer& next) {
    wire::Ipv4Fields f = base;
    if (f.total_length == 0) f.total_length = sizeof(wire::Ipv4Header) + payload_length;
    if (f.protocol == 0) f.protocol = next.ip_protocol;
    return f;
  };
  Layer layer{.ether_type = wire::ether_type_ipv4,
              .ip_protocol = wire::ip_protocol_ipv4,
              .room = sizeof(wire::Ipv4Header)};
  layer.write = [=](MutableBytes out, std::size_t payload_length, const Layer& next) {
    return wire::build_ipv4(out, complete(payload_length, next));
  };
  layer.scapy = [=](Bytes header, const Layer& next) {
    const std::size_t total_length = wire::load_header<wire::Ipv4Header>(header.data()).total_length.host();
    return scapy_ipv4(complete(total_length - header.size(), next));
  };
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::ipv6(std::string_view source, std::string_view destination,
                                   const wire::Ipv6Fields& fields) {
  wire::Ipv6Fields base = fields;
  base.source = address(source);
  base.destination = address(destination);
  pseudo_header_sum_ = [base](std::uint8_t protocol, std::size_t length) {  // RFC 8200 §8.1
    return sum_of_words(base.source.bytes()) + sum_of_words(base.destination.bytes()) + protocol +
           static_cast<std::uint32_t>(length);
  };
  const auto complete = [base](std::size_t payload_length, const Layer& next) {
    wire::Ipv6Fields f = base;
    if (f.payload_length == 0) f.payload_length = payload_length;
    if (f.next_header == 0) f.next_header = next.ip_protocol;
    return f;
  };
  Layer layer{.ether_type = wire::ether_type_ipv6,
              .ip_protocol = wire::ip_protocol_ipv6,
              .room = sizeof(wire::Ipv6Header)};
  layer.write = [=](MutableBytes out, std::size_t payload_length, const Layer& next) {
    return wire::build_ipv6(out, complete(payload_length, next));
  };
  layer.scapy = [=](Bytes header, const Layer& next) {
    return scapy_ipv6(
        complete(wire::load_header<wire::Ipv6Header>(header.data()).payload_length.host(), next));
  };
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::udp(std::uint16_t source_port, std::uint16_t destination_port) {
  return add_udp(source_port, destination_port, true);
}

PacketBuilder& PacketBuilder::udp_without_checksum(std::uint16_t source_port,
                                                   std::uint16_t destination_port) {
  return add_udp(source_port, destination_port, false);
}

PacketBuilder& PacketBuilder::add_udp(std::uint16_t source_port, std::uint16_t destination_port,
                                      bool with_checksum) {
  Layer layer{.ip_protocol = wire::ip_protocol_udp, .room = sizeof(wire::UdpHeader)};
  layer.write = [=](MutableBytes out, std::size_t payload_length, const Layer&) {
    return wire::build_udp(out, {source_port, destination_port, payload_length});
  };
  if (with_checksum) {
    layer.finish = [sum = pseudo_header()](MutableBytes datagram) {
      const auto checksum = wire::internet_checksum(datagram, sum(wire::ip_protocol_udp, datagram.size()));
      wire::store_big_endian(datagram.data() + 6, checksum == 0 ? std::uint16_t{0xffff} : checksum);
    };
  }
  layer.scapy = [=](Bytes, const Layer&) {
    return fmt::format("UDP(sport={}, dport={}{})", source_port, destination_port,
                       with_checksum ? "" : ", chksum=0");
  };
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::tcp(const TcpFields& fields) {
  Layer layer{.ip_protocol = wire::ip_protocol_tcp, .room = 24};
  layer.write = [=](MutableBytes out, std::size_t, const Layer&) { return write_tcp(out, fields); };
  layer.finish = [sum = pseudo_header()](MutableBytes segment) {
    wire::store_big_endian(segment.data() + 16,
                           wire::internet_checksum(segment, sum(wire::ip_protocol_tcp, segment.size())));
  };
  layer.scapy = [=](Bytes, const Layer&) { return scapy_tcp(fields); };
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::icmp(const wire::IcmpFields& fields) {
  Layer layer{.ip_protocol = wire::ip_protocol_icmp, .room = sizeof(wire::IcmpHeader)};
  layer.write = [=](MutableBytes out, std::size_t, const Layer&) {
    return wire::build_icmp(out, fields, {});
  };
  layer.finish = [=](MutableBytes message) {
    wire::build_icmp(message, fields, message.subspan(sizeof(wire::IcmpHeader)));
  };
  layer.scapy = [=](Bytes, const Layer&) { return scapy_icmp(fields); };
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::non_esp_marker() {
  return payload(Bytes(std::vector<std::byte>(wire::natt_marker_length)));
}

PacketBuilder& PacketBuilder::esp(std::uint32_t spi, std::uint32_t sequence) {
  Layer layer{.ip_protocol = wire::ip_protocol_esp, .room = sizeof(wire::EspHeader)};
  layer.write = [=](MutableBytes out, std::size_t, const Layer&) {
    wire::store_header(out.data(), wire::EspHeader{wire::be32(spi), wire::be32(sequence)});
    return sizeof(wire::EspHeader);
  };
  layer.scapy = [=](Bytes, const Layer&) { return fmt::format("ESP(spi={:#x}, seq={})", spi, sequence); };
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::l2tp_data(const wire::L2tpDataFields& fields) {
  Layer layer{.room = wire::l2tp_longest_data_header + fields.offset.value_or(0)};
  layer.write = [=](MutableBytes out, std::size_t payload_length, const Layer&) {
    return wire::build_l2tp_data(out, fields, payload_length);
  };
  // scapy takes no other offset padding than two bytes.
  layer.scapy = [=](Bytes header, const Layer&) {
    return fields.offset ? scapy_raw(header) : scapy_l2tp(fields);
  };
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::l2tp_control(const wire::L2tpControlFields& fields) {
  Layer layer{.room = wire::l2tp_control_header_length};
  layer.write = [=](MutableBytes out, std::size_t payload_length, const Layer&) {
    return wire::build_l2tp_control(out, fields, payload_length);
  };
  layer.scapy = [f = fields](Bytes, const Layer&) {
    return fmt::format("L2TP(hdr=\"control+length+sequence\", tunnel_id={}, session_id={}, ns={}, nr={})",
                       f.tunnel_id, f.session_id, f.ns, f.nr);
  };
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::ppp(std::uint16_t protocol, bool address_control, bool compress_protocol) {
  std::array<std::byte, 4> header{};
  const std::size_t length = wire::build_ppp(header, {protocol, address_control, compress_protocol});
  return payload(Bytes(header).first(length));  // scapy's PPP() always compresses where it can
}

PacketBuilder& PacketBuilder::payload(std::size_t length) {
  std::vector<std::byte> bytes(length);
  for (std::size_t i = 0; i < length; ++i) bytes[i] = std::byte(i & 0xff);
  return payload(Bytes(bytes));
}

PacketBuilder& PacketBuilder::payload(std::string_view text) {
  return payload(std::as_bytes(std::span(text)));
}

PacketBuilder& PacketBuilder::payload(Bytes bytes) {
  Layer layer{.room = bytes.size()};
  layer.write = [kept = std::vector(bytes.begin(), bytes.end())](MutableBytes out, std::size_t,
                                                                 const Layer&) {
    std::ranges::copy(kept, out.begin());
    return kept.size();
  };
  layer.scapy = [](Bytes header, const Layer&) { return scapy_raw(header); };
  return add(std::move(layer));
}

PacketBuilder& PacketBuilder::add(Layer layer) {
  layers_.push_back(std::move(layer));
  return *this;
}

PacketBuilder::PseudoHeaderSum PacketBuilder::pseudo_header() const {
  if (!pseudo_header_sum_) throw std::logic_error("a UDP or TCP checksum needs ipv4() or ipv6() before");
  return pseudo_header_sum_;
}

// From the inside out, since a layer needs to know the length and the number of the next one. Headers are
// written to poisoned memory, so that a byte that a builder forgets shows.
PacketBuilder::Built PacketBuilder::build_both() const {
  Built built;
  const Layer none;
  const Layer* next = &none;
  for (auto layer = layers_.rbegin(); layer != layers_.rend(); next = &*layer, ++layer) {
    std::vector<std::byte> packet(layer->room, std::byte{0xa5});
    const std::size_t header_length = layer->write(packet, built.packet.size(), *next);
    packet.resize(header_length);
    const std::string scapy = layer->scapy(packet, *next);
    packet.insert(packet.end(), built.packet.begin(), built.packet.end());
    if (layer->finish) layer->finish(packet);
    built = {std::move(packet), built.scapy.empty() ? scapy : scapy + "/" + built.scapy};
  }
  return built;
}

std::vector<std::byte> PacketBuilder::build() const { return build_both().packet; }

std::string PacketBuilder::scapy() const { return build_both().scapy; }

void PrintTo(const PacketBuilder& builder, std::ostream* out) { *out << builder.scapy(); }

}  // namespace espgate::test
