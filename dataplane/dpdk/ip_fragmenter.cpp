// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/ip_fragmenter.h"

#include "dataplane/packet.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <rte_mbuf.h>

namespace espgate::dataplane::dpdk {
namespace {

constexpr auto option_end = std::byte{0};
constexpr auto option_nop = std::byte{1};
constexpr auto option_copied = std::byte{0x80};

// A header of a fragment, with options.
struct Header {
  std::array<std::byte, 60> bytes;
  std::size_t length;
};

// What fragments behind the first carry: the fixed header and the options that have the copied flag (RFC 791
// §3.1). What does not hold together as an option ends them.
Header later_header(wire::Bytes first) {
  Header header{{}, sizeof(wire::Ipv4Header)};
  std::copy_n(first.begin(), header.length, header.bytes.begin());
  for (std::size_t at = header.length; at < first.size() && first[at] != option_end;) {
    std::size_t length = 1;
    if (first[at] != option_nop) {
      if (at + 1 >= first.size()) break;
      length = std::to_integer<std::size_t>(first[at + 1]);
      if (length < 2 || length > first.size() - at) break;
    }
    if ((first[at] & option_copied) != std::byte{0}) {
      std::copy_n(first.data() + at, length, header.bytes.data() + header.length);
      header.length += length;
    }
    at += length;
  }
  // The rest of the last word stays zero: end of options.
  header.length = (header.length + 3) & ~std::size_t{3};
  return header;
}

// How a packet is split: what each of its fragments carries.
class Plan {
 public:
  static tl::expected<Plan, DropReason> make(const Packet& packet, std::uint16_t mtu) {
    const auto ip = wire::Ipv4Packet::parse(packet.bytes());
    if (!ip || ip->fragment_offset() + ip->payload().size() > 0xffff ||
        (ip->more_fragments() && ip->payload().size() % 8 != 0))
      return tl::unexpected(DropReason::inner_ip_malformed);
    const bool fits = ip->total_length() <= mtu;
    if (!fits && (ip->dont_fragment() || mtu < ip->header_length() + 8))
      return tl::unexpected(DropReason::too_big);
    return Plan(*ip, mtu);
  }

  [[nodiscard]] unsigned count() const {
    unsigned count = 0;
    std::size_t at = 0;
    do {
      at += payload_at(at);
      ++count;
    } while (at < payload_.size());
    return count;
  }

  // Bytes of the fragment that begins with byte `at` of the payload.
  [[nodiscard]] std::size_t length_at(std::size_t at) const { return header_at(at).length + payload_at(at); }

  // Writes that fragment; returns where the next begins.
  std::size_t write(std::size_t at, std::byte* to) const {
    const Header& header = header_at(at);
    const std::size_t payload = payload_at(at);
    const bool last = at + payload == payload_.size();
    std::copy_n(header.bytes.begin(), header.length, to);
    std::copy_n(payload_.begin() + static_cast<std::ptrdiff_t>(at), payload, to + header.length);
    const std::size_t offset = (offset_ + at) / 8;
    const std::size_t flags = !last || more_ ? wire::ipv4_more_fragments : 0;
    to[0] = std::byte(0x40 | header.length / 4);
    wire::store_big_endian(to + 2, static_cast<std::uint16_t>(header.length + payload));
    wire::store_big_endian(to + 6, static_cast<std::uint16_t>(flags_ | flags | offset));
    wire::store_big_endian(to + 10, std::uint16_t{0});
    wire::store_big_endian(to + 10, wire::internet_checksum({to, header.length}));
    return at + payload;
  }

 private:
  Plan(const wire::Ipv4Packet& ip, std::uint16_t mtu)
      : payload_(ip.payload()),
        offset_(ip.fragment_offset()),
        more_(ip.more_fragments()),
        flags_(ip.dont_fragment() ? wire::ipv4_dont_fragment : std::uint16_t{0}),
        mtu_(mtu),
        first_{{}, ip.header_length()},
        later_(later_header(ip.header())) {
    std::copy_n(ip.header().begin(), first_.length, first_.bytes.begin());
  }

  [[nodiscard]] const Header& header_at(std::size_t at) const { return at == 0 ? first_ : later_; }
  [[nodiscard]] std::size_t payload_at(std::size_t at) const {
    const std::size_t room = mtu_ - header_at(at).length;
    const std::size_t left = payload_.size() - at;
    return left <= room ? left : room & ~std::size_t{7};
  }

  wire::Bytes payload_;
  std::size_t offset_;  // of the payload's first byte in the datagram
  bool more_;           // others follow the packet that is split
  std::uint16_t flags_;
  std::size_t mtu_;
  Header first_;
  Header later_;
};

void inherit(Packet& fragment, const Packet& packet) {
  fragment.outer = nullptr;
  fragment.inbound_sa = packet.inbound_sa;
  fragment.session = packet.session;
  fragment.outbound_sa = packet.outbound_sa;
  fragment.sequence = 0;
  fragment.tunnel_and_session = packet.tunnel_and_session;
  fragment.ether_type = wire::ether_type_ipv4;
  fragment.next_hop = packet.next_hop;
}

}  // namespace

unsigned IpFragmenter::count(const Packet& packet, std::uint16_t mtu) noexcept {
  const auto plan = Plan::make(packet, mtu);
  return plan ? plan->count() : 0;
}

tl::expected<unsigned, DropReason> IpFragmenter::split(const Packet& packet, std::uint16_t mtu, Burst& out,
                                                       unsigned first) noexcept {
  const auto plan = Plan::make(packet, mtu);
  if (!plan) return tl::unexpected(plan.error());
  const unsigned count = plan->count();
  if (first + count > max_burst) return tl::unexpected(DropReason::too_big);
  std::size_t at = 0;
  for (unsigned i = first; i < first + count; ++i) {
    if (!pool_.attach(out, i, static_cast<std::uint32_t>(plan->length_at(at)), headroom)) {
      while (i-- > first) rte_pktmbuf_free(static_cast<rte_mbuf*>(std::exchange(out.buffer(i), nullptr)));
      return tl::unexpected(DropReason::buffer_shortage);
    }
    at = plan->write(at, out[i].data);
    inherit(out[i], packet);
  }
  return count;
}

}  // namespace espgate::dataplane::dpdk
