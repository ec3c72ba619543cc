// SPDX-License-Identifier: Apache-2.0
// What comes in clear, from the private side or out of a session, all the way to the wire. The input is a
// sequence of packets, each behind two bytes:
//
//   control | length in units of 4 bytes | that many bytes, fewer at the end
//
// Nothing may crash or leak a buffer; what comes out must be sound, on its way to where it belongs, and fit;
// fragments must make the packet again; and what is told to a sender must be a sound ICMP error.
#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/ip_fragmenter.h"
#include "dataplane/icmp_reply.h"
#include "dataplane/stages/inside_input.h"
#include "dataplane/stages/ip_forward.h"
#include "dataplane/stages/ip_input.h"
#include "dataplane/stages/ip_local.h"
#include "dataplane/stages/link_filter.h"
#include "dataplane/stages/link_pull.h"
#include "dataplane/stages/link_push.h"
#include "dataplane/stages/mss_clamp.h"
#include "dataplane/stages/mtu_check.h"
#include "dataplane/stages/outer_route.h"
#include "dataplane/stages/session_lookup.h"
#include "dataplane/stages/side_split.h"
#include "dataplane/stages/ttl_decrement.h"
#include "tests/fuzz/invariant.h"
#include "tests/unit/dataplane/test_gateway.h"
#include "tests/unit/dataplane/test_routes.h"
#include "wire/ethernet.h"

#include <algorithm>
#include <memory>
#include <optional>

namespace {

using namespace espgate;
using namespace espgate::dataplane;
using fuzz::require;

constexpr unsigned control_from_client = 0x01;  // the bytes are an inner packet of the client
constexpr unsigned control_one_port = 0x02;     // the bytes come in on a port for both sides
constexpr unsigned control_link_header = 0x04;  // they lack the link header: one for us is put before them
constexpr unsigned control_checksum = 0x08;     // the IP header gets the checksum that it needs

constexpr std::uint32_t pool_first = 0x0a280000;
constexpr std::uint16_t link_mtu = 600;
constexpr OwnAddresses own{.outside = 0x0a140001, .inside = 0x0a1e0001};
constexpr std::array inside_prefixes = {wire::Ipv4Prefix{0x0a1e0000, 16}};
constexpr wire::MacAddress own_mac{{std::byte{2}, {}, {}, {}, {}, std::byte{1}}};
constexpr wire::MacAddress router_mac{{std::byte{2}, {}, {}, {}, {}, std::byte{9}}};

void fix_checksum(wire::MutableBytes packet) {
  const auto ip = wire::Ipv4Packet::parse(packet);
  if (!ip) return;
  wire::store_big_endian(packet.data() + 10, std::uint16_t{0});
  wire::store_big_endian(packet.data() + 10, wire::internet_checksum(ip->header()));
}

class Rig {
 public:
  Rig() : gateway_(crypto::EngineChoice::openssl), sessions_(pool_first, 256) {
    require(dpdk::start_without_ports(96).has_value());
    pool_.emplace(std::move(*dpdk::BufferPool::create("fuzz", {.ordinary = 1023, .large = 31})));
    client_ = &gateway_.add_client(
        {.suite = "null-sha256",
         .l2tp = {.tunnel = 1, .session = 2, .length_field = true},
         .outer = {.ethernet = false, .source = own.outside, .destination = 0xc6336407}});
    client_->client_session.inner_limit =
        inner_limit(client_->client_sa, client_->client_session.header, 1280, 700);
    client_->client_session.inner_address = client_->inner_address;
    client_->client_sa.max_packet_bytes = 1280;
    sessions_.set(client_->inner_address, {&client_->client_session, &client_->client_sa});
    hops_->set_port(0, {.source = own_mac, .mtu = link_mtu});
    hops_->set_port_up(0, true);
    router_ = hops_->allocate({.destination = router_mac, .port = 0, .state = NextHop::State::resolved});
    glean_ = hops_->allocate({.destination = {}, .port = 0, .state = NextHop::State::glean});
    require(routes_.add({0x0a1e0000, 24}, glean_) && routes_.add({0, 0}, router_));
  }

  void run(const std::uint8_t* data, std::size_t size) {
    unsigned mode = 0;
    unsigned loaded = 0;
    for (; size >= 2 && loaded < max_burst; ++loaded) {
      const unsigned control = data[0];
      const std::size_t length = std::min<std::size_t>(std::size_t{data[1]} * 4, size - 2);
      if (loaded == 0) mode = control & (control_from_client | control_one_port);
      load(loaded, mode, control, {reinterpret_cast<const std::byte*>(data + 2), length});
      data += 2 + length;
      size -= 2 + length;
    }
    burst_.reset(loaded);
    if ((mode & control_from_client) != 0)
      to_inside();
    else
      to_client(mode);
    tell_senders();
    pool_->release(burst_);
    require(pool_->in_use() == 0);
  }

 private:
  void load(unsigned index, unsigned mode, unsigned control, wire::Bytes bytes) {
    const bool link = (mode & control_from_client) == 0 && (control & control_link_header) != 0;
    const std::size_t header = link ? sizeof(wire::EthernetHeader) : 0;
    const auto length = static_cast<std::uint32_t>(header + bytes.size());
    require(pool_->attach(burst_, index, length, 192));
    Packet& packet = burst_[index];
    packet.session = nullptr;
    packet.next_hop = 0;
    packet.ether_type = wire::ether_type_ipv4;
    if (link)
      wire::build({packet.data, header},
                  {.destination = own_mac, .source = router_mac, .ether_type = 0x0800});
    std::ranges::copy(bytes, packet.data + header);
    if ((control & control_checksum) != 0) fix_checksum({packet.data + header, bytes.size()});
    if ((mode & control_from_client) != 0) packet.session = &client_->client_session;
  }

  void to_client(unsigned mode) {
    link_filter(burst_, own_mac);
    link_pull(burst_);
    if ((mode & control_one_port) != 0) {
      side_split(burst_, {.own = own, .inside_prefixes = inside_prefixes, .clients = &sessions_});
      return;
    }
    inside_input(burst_, own);
    session_lookup(burst_, sessions_);
    ttl_decrement(burst_);
    mss_clamp(burst_);
    mtu_check_to_client(burst_);
    for (const Packet& packet : burst_.live()) {
      const auto ip = check(packet);
      require(ip.destination() == client_->inner_address);
      require(packet.length <= client_->client_session.inner_limit);
    }
    fragment(client_->client_session.inner_limit);
    encapsulate();
  }

  void encapsulate() {
    client_->client_sa.next_sequence = 1;
    OutboundPath({.sessions = nullptr, .engine = *gateway_.engine, .stats = gateway_.stats}).run(burst_);
    outer_route(burst_, {.routes = routes_, .hops = *hops_});
    for (const Packet& packet : burst_.live()) {
      const auto ip = check(packet);
      require(packet.length <= 1280 && ip.dont_fragment() && packet.next_hop == router_);
    }
    push();
  }

  void to_inside() {
    ip_input(burst_);
    for (const Packet& packet : burst_.live()) {
      require(wire::Ipv4Packet::parse(packet.bytes())->source() == client_->inner_address);
      // A client's header checksum is the receiver's to judge; with a right one it must stay right.
      fix_checksum(packet.bytes());
    }
    ip_local(burst_, own);
    ip_forward(burst_, {.routes = routes_, .clients = &sessions_, .client_to_client = true});
    mss_clamp(burst_);
    mtu_check_to_link(burst_, *hops_);
    for (const Packet& packet : burst_.live()) {
      const auto ip = check(packet);
      require(packet.length <= link_mtu && !own.contains(ip.destination()));
      require(!sessions_.contains(ip.destination()));
      require(packet.next_hop == ((ip.destination() >> 8) == 0x0a1e00 ? glean_ : router_));
    }
    fragment(link_mtu);
    push();
  }

  void push() {
    link_push(burst_, *hops_);
    for (const Packet& frame : burst_.live()) {
      const auto sent = wire::EthernetFrame::parse(frame.bytes());
      require(sent && sent->destination() == router_mac && sent->source() == own_mac);
      require(frame.next_hop == router_);
    }
  }

  static wire::Ipv4Packet check(const Packet& packet) {
    const auto ip = wire::Ipv4Packet::parse(packet.bytes());
    require(ip && ip->total_length() == packet.length && ip->header_checksum_valid() && ip->ttl() >= 1);
    return *ip;
  }

  // What does not fit, and may be cut, is cut; the pieces must make it again.
  void fragment(std::uint16_t mtu) {
    for (const Packet& packet : burst_.punted()) {
      if (burst_.punt_reason(packet) != Punt::fragment) continue;
      const auto whole = wire::Ipv4Packet::parse(packet.bytes());
      const auto count = dpdk::IpFragmenter(*pool_).split(packet, mtu, pieces_, 0);
      if (!count) continue;
      pieces_.reset(*count);
      std::size_t at = 0;
      for (const Packet& piece : pieces_.live()) {
        const auto ip = check(piece);
        require(piece.length <= mtu && ip.fragment_offset() == whole->fragment_offset() + at);
        require(std::ranges::equal(ip.payload(), whole->payload().subspan(at, ip.payload().size())));
        at += ip.payload().size();
      }
      require(at == whole->payload().size());
      pool_->release(pieces_);
    }
  }

  void tell_senders() {
    for (Packet& packet : burst_.dropped()) {
      const auto error = icmp_error_for(burst_.drop_reason(packet), link_mtu);
      if (error && turn_into_icmp_error(packet, *error, own.inside)) check(packet);
    }
    for (Packet& packet : burst_.punted())
      if (burst_.punt_reason(packet) == Punt::echo_request && turn_into_echo_reply(packet)) check(packet);
  }

  test::TestGateway gateway_;
  std::optional<dpdk::BufferPool> pool_;
  SessionTable sessions_;
  test::Client* client_ = nullptr;
  std::unique_ptr<NextHopTable> hops_ = std::make_unique<NextHopTable>();
  test::TestRoutes routes_;
  NextHopId router_ = 0, glean_ = 0;
  Burst burst_;
  Burst pieces_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Rig rig;
  rig.run(data, size);
  return 0;
}
