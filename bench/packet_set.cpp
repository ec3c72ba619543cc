// SPDX-License-Identifier: Apache-2.0
#include "bench/packet_set.h"

#include "bench/tunnels.h"
#include "dataplane/stages/ppp_l2tp_push.h"
#include "dataplane/table_memory.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"

#include <algorithm>
#include <cstring>

namespace espgate::bench {
namespace {

constexpr std::size_t pattern_bytes = 16384;
constexpr std::size_t pattern_step = 61;

}  // namespace

PacketSet::PacketSet(std::uint32_t count)
    : area_bytes_(count * stride),
      area_(static_cast<std::byte*>(dataplane::map_table(area_bytes_))),
      sizes_(count),
      tunnels_(count),
      pattern_(pattern_bytes + 2048),
      random_(count) {
  for (std::byte& byte : pattern_) byte = static_cast<std::byte>(random_());
  std::memset(area_, 0, area_bytes_);
}

PacketSet::~PacketSet() { dataplane::unmap_table(area_, area_bytes_); }

void PacketSet::set_sizes(std::span<const std::uint16_t> sizes) {
  for (std::size_t i = 0; i < sizes_.size(); ++i) sizes_[i] = sizes[i % sizes.size()];
  std::shuffle(sizes_.begin(), sizes_.end(), random_);
}

void PacketSet::draw_tunnels(std::uint32_t tunnels) {
  std::uniform_int_distribution<std::uint32_t> any(0, tunnels - 1);
  for (std::uint32_t& tunnel : tunnels_) tunnel = any(random_);
}

PacketSet::Header PacketSet::header(std::uint32_t index) const {
  wire::Ipv4Fields fields;
  fields.total_length = sizes_[index];
  fields.identification = static_cast<std::uint16_t>(index);
  fields.protocol = wire::ip_protocol_udp;
  fields.source = first_source + tunnels_[index];
  fields.destination = first_destination + tunnels_[index];
  Header header;
  wire::build_ipv4(header, fields);
  return header;
}

std::span<const std::byte> PacketSet::payload(std::uint32_t index) const {
  return {pattern_.data() + index * pattern_step % pattern_bytes, sizes_[index] - sizeof(Header)};
}

void PacketSet::fill(std::size_t offset) {
  for (std::uint32_t i = 0; i < count(); ++i) {
    const Header head = header(i);
    const auto body = payload(i);
    std::memcpy(at(i, offset), head.data(), head.size());
    std::memcpy(at(i, offset) + head.size(), body.data(), body.size());
  }
}

bool PacketSet::intact(std::span<const Place> places, std::size_t offset) const {
  for (std::uint32_t i = 0; i < count(); ++i) {
    const Place& place = places[i];
    if (place.data != at(i, offset) || place.length != sizes_[i]) return false;
    const Header head = header(i);
    const auto body = payload(i);
    if (std::memcmp(place.data, head.data(), head.size()) != 0) return false;
    if (std::memcmp(place.data + head.size(), body.data(), body.size()) != 0) return false;
  }
  return true;
}

void PacketSet::damage(std::size_t offset) { *(at(count() - 1, offset) + sizes_.back() - 1) ^= std::byte{1}; }

double PacketSet::mean_bytes() const {
  double sum = 0;
  for (const std::uint16_t size : sizes_) sum += size;
  return sum / static_cast<double>(sizes_.size());
}

void load(dataplane::Burst& burst, std::span<const Place> places, std::uint32_t first) {
  burst.reset(dataplane::max_burst);
  for (unsigned i = 0; i < dataplane::max_burst; ++i) {
    dataplane::Packet& packet = burst[i];
    packet.data = places[first + i].data;
    packet.length = places[first + i].length;
    packet.ether_type = wire::ether_type_ipv4;  // for the outbound path; link_pull sets it inbound
    packet.headroom = dataplane::outbound_headroom;
    packet.tailroom = dataplane::outbound_tailroom;
  }
}

void store(dataplane::Burst& burst, std::span<Place> places, std::uint32_t first) {
  std::fill_n(places.begin() + first, dataplane::max_burst, Place{nullptr, 0});
  for (const dataplane::Packet& packet : burst.live())
    places[first + burst.index_of(packet)] = Place{packet.data, packet.length};
}

}  // namespace espgate::bench
