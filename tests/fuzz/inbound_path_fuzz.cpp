// SPDX-License-Identifier: Apache-2.0
// The whole inbound path. The input is a sequence of packets, each behind two bytes that say how it comes:
//
//   control | length in units of 8 bytes | that many bytes, fewer at the end
//
// Raw packets reach classify as they are. Sealed ones are encrypted under a client's keys, so that the fuzzer
// also writes what lies behind a good ICV: trailer, UDP, L2TP, PPP, inner IP. Nothing may crash or leak a
// buffer, and no packet may come out that its session does not allow.
#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/ip_reassembler.h"
#include "tests/unit/dataplane/test_gateway.h"
#include "wire/esp.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>

namespace {

using namespace espgate;
using namespace espgate::dataplane;

constexpr unsigned control_sealed = 0x01;    // encrypt the bytes: an ESP payload with its trailer
constexpr unsigned control_observed = 0x02;  // under the SA of a capture: AES-GCM, ESN, any encapsulation
constexpr unsigned control_ipv6 = 0x04;      // a raw packet is said to be IPv6
constexpr unsigned control_keep_sequence = 0x08;  // the sequence number of the packet before once more

constexpr std::size_t outer_bytes = sizeof(wire::Ipv4Header) + sizeof(wire::UdpHeader);

void require(bool holds) {
  if (!holds) std::abort();
}

class Rig {
 public:
  Rig() : gateway_(crypto::EngineChoice::openssl) {
    require(dpdk::start_without_ports(96).has_value());
    pool_.emplace(std::move(*dpdk::BufferPool::create("fuzz", {.ordinary = 512, .large = 96})));
    reassembler_ = std::move(*dpdk::IpReassembler::create(*pool_, 8));
    live_ = &gateway_.add_client({.suite = "null-sha256"});
    observed_ = &gateway_.add_client({.suite = "aes128gcm16", .esn = true});
    observed_->gateway_sa->observed = true;
    observed_->gateway_sa->encapsulation = Encapsulation::any;
    observed_->gateway_sa->l2tp_port = L2tpPort::either;
  }

  void run(const std::uint8_t* data, std::size_t size) {
    while (size >= 2 && loaded_ < max_burst) {
      const unsigned control = data[0];
      const std::size_t length = std::min<std::size_t>(std::size_t{data[1]} * 8, size - 2);
      load(control, reinterpret_cast<const std::byte*>(data + 2), length);
      data += 2 + length;
      size -= 2 + length;
    }
    burst_.reset(loaded_);
    InboundPath({.sas = gateway_.sas,
                 .engine = *gateway_.engine,
                 .stats = gateway_.stats,
                 .reassembler = reassembler_.get(),
                 .both_directions = true})
        .run_from_network_layer(burst_);
    check();
    pool_->release(burst_);
    reassembler_->flush();
    require(pool_->in_use() == 0);
    loaded_ = 0;
  }

 private:
  void load(unsigned control, const std::byte* bytes, std::size_t length) {
    const std::size_t room = outer_bytes + length + 64;
    if (length == 0 || !pool_->attach(burst_, loaded_, static_cast<std::uint32_t>(room), 128)) return;
    Packet& packet = burst_[loaded_++];
    packet.ether_type = (control & control_ipv6) != 0 ? wire::ether_type_ipv6 : wire::ether_type_ipv4;
    if ((control & control_sealed) == 0) {
      std::copy_n(bytes, length, packet.data);
      packet.length = static_cast<std::uint32_t>(length);
      return;
    }
    packet.ether_type = wire::ether_type_ipv4;
    packet.length = static_cast<std::uint32_t>(seal(control, packet.data, bytes, length));
  }

  // Writes an outer packet around `bytes`, which the fuzzer takes for payload, padding and trailer.
  std::size_t seal(unsigned control, std::byte* at, const std::byte* bytes, std::size_t length) {
    test::Client& client = (control & control_observed) != 0 ? *observed_ : *live_;
    OutboundSa& sa = client.client_sa;
    length &= ~std::size_t{3};
    const std::uint64_t sequence = (control & control_keep_sequence) != 0 && sa.next_sequence > 1
                                       ? sa.next_sequence - 1
                                       : sa.next_sequence++;
    const std::size_t esp_length = sizeof(wire::EspHeader) + sa.iv_bytes + length + sa.icv_bytes;
    wire::build_ipv4({at, sizeof(wire::Ipv4Header)}, {.total_length = outer_bytes + esp_length,
                                                      .protocol = wire::ip_protocol_udp,
                                                      .source = 0xc6336402,
                                                      .destination = 0x0a14000a});
    wire::build_udp({at + sizeof(wire::Ipv4Header), sizeof(wire::UdpHeader)},
                    {.source_port = 4500, .destination_port = 4500, .payload_length = esp_length});
    std::byte* esp = at + outer_bytes;
    wire::store_header(esp,
                       wire::EspHeader{wire::be32(sa.spi), wire::be32(static_cast<std::uint32_t>(sequence))});
    if (sa.iv_bytes != 0) wire::store_big_endian(esp + sizeof(wire::EspHeader), sequence);
    std::copy_n(bytes, length, esp + sizeof(wire::EspHeader) + sa.iv_bytes);
    crypto::Job job{.key = sa.key,
                    .esp = esp,
                    .length = static_cast<std::uint32_t>(esp_length),
                    .sequence_high = static_cast<std::uint32_t>(sequence >> 32),
                    .suite = sa.suite,
                    .esn = sa.esn,
                    .ok = false};
    gateway_.engine->encrypt({&job, 1});
    return outer_bytes + esp_length;
  }

  void check() {
    for (const Packet& packet : burst_.live()) {
      require(packet.inbound_sa == live_->gateway_sa || packet.inbound_sa == observed_->gateway_sa);
      if (packet.inbound_sa != live_->gateway_sa) continue;
      const auto ip = wire::Ipv4Packet::parse(packet.bytes());
      require(packet.session == &live_->session && ip && ip->source() == live_->inner_address &&
              ip->total_length() == packet.length);
    }
  }

  test::TestGateway gateway_;
  std::optional<dpdk::BufferPool> pool_;
  std::unique_ptr<dpdk::IpReassembler> reassembler_;
  test::Client* live_ = nullptr;
  test::Client* observed_ = nullptr;
  Burst burst_;
  unsigned loaded_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Rig rig;
  rig.run(data, size);
  return 0;
}
