// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/path.h"

#include <deque>
#include <memory>
#include <string_view>
#include <vector>

namespace espgate::dataplane::test {

using Datagram = std::vector<std::byte>;

// Plain buffers that stand in for mbufs: a burst's packets with room before and behind.
class Buffers {
 public:
  static constexpr std::size_t headroom = 192;
  static constexpr std::size_t tailroom = 192;

  // Makes `packets` the burst's live packets. Only valid until the next fill.
  void fill(Burst& burst, const std::vector<Datagram>& packets, std::uint16_t ether_type = 0x0800);

 private:
  std::deque<Datagram> storage_;
};

// The bytes of all live packets, in order.
[[nodiscard]] std::vector<Datagram> live_bytes(Burst& burst);

// An IPv4 packet with UDP and `payload` bytes of a pattern.
[[nodiscard]] Datagram inner_packet(std::uint32_t source, std::uint32_t destination, std::size_t payload,
                                    unsigned pattern = 0);

// A client of the gateway with an SA each way, both ends being the real stages: what the client's outbound
// path makes, the gateway's inbound path takes.
struct Client {
  explicit Client(std::uint32_t window) : window_packets(window) {}

  std::uint32_t window_packets;
  Peer peer;        // the gateway's view
  Session session;  // likewise
  InboundSa* gateway_sa = nullptr;
  std::unique_ptr<crypto::Key> gateway_key;
  OutboundSa client_sa;  // what the client sends with
  Session client_session;
  std::unique_ptr<crypto::Key> client_key;
  std::uint32_t inner_address = 0;
};

struct ClientOptions {
  std::string_view suite = "aes256-sha1";
  bool esn = false;
  std::uint32_t window_packets = 128;
  SessionHeaderFields l2tp{.tunnel = 7, .session = 9};
  OuterHeaderFields outer{.source = 0xc6336402, .destination = 0x0a14000a, .source_port = 61234};
};

class TestGateway {
 public:
  explicit TestGateway(crypto::EngineChoice engine = crypto::EngineChoice::automatic);

  Client& add_client(const ClientOptions& options = {});

  // What `client` puts on the wire for these inner packets.
  [[nodiscard]] std::vector<Datagram> send(Client& client, const std::vector<Datagram>& inner);
  // Runs frames through the gateway's inbound path; the burst tells what became of them.
  Burst& receive(const std::vector<Datagram>& frames);

  [[nodiscard]] std::uint64_t drops(DropReason reason) const {
    return stats.drops[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint64_t punts(Punt punt) const { return stats.punts[static_cast<std::size_t>(punt)]; }

  std::unique_ptr<crypto::Engine> engine;
  WorkerStats stats;
  WorkerStats client_stats;
  SaTable sas{1024};

 private:
  std::deque<Client> clients_;
  Burst burst_;
  Buffers buffers_;
};

}  // namespace espgate::dataplane::test
