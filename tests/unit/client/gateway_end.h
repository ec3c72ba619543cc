// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/data_path.h"
#include "client/packet_buffers.h"
#include "client/static_peer.h"
#include "client/tunnel.h"
#include "config/config.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace espgate::client::test {

using Bytes = std::vector<std::byte>;

// A static peer with different keys, SPIs and ids each way.
[[nodiscard]] config::StaticPeer static_peer(std::string_view suite = "aes256-sha256");

// An IPv4 packet with UDP and `payload` bytes.
[[nodiscard]] Bytes inner_packet(std::size_t payload);

// One end of a tunnel with buffers of its own: packets in, packets out.
class End {
 public:
  End();

  // What becomes of inner packets, and of datagrams: the bytes of those that are still live.
  [[nodiscard]] std::vector<Bytes> encapsulate(const std::vector<Bytes>& inner,
                                               std::uint16_t ether_type = 0x0800);
  [[nodiscard]] std::vector<Bytes> decapsulate(const std::vector<Bytes>& datagrams);

  [[nodiscard]] std::uint64_t drops(dataplane::DropReason reason) const {
    return path.stats().drops[static_cast<std::size_t>(reason)];
  }
  [[nodiscard]] std::uint64_t punts(dataplane::Punt punt) const {
    return path.stats().punts[static_cast<std::size_t>(punt)];
  }

  std::unique_ptr<crypto::Engine> engine;
  Tunnel tunnel;
  DataPath path;

 private:
  void fill(const std::vector<Bytes>& packets, std::uint16_t ether_type);
  [[nodiscard]] std::vector<Bytes> live();

  PacketBuffers buffers_;
  dataplane::Burst burst_;
};

// The client of a static peer, as espgate-client sets it up.
struct ClientEnd : End {
  explicit ClientEnd(const config::StaticPeer& peer);
};

// The gateway's end, set up from the peer as it stands in the configuration.
struct GatewayEnd : End {
  explicit GatewayEnd(const config::StaticPeer& peer);
};

}  // namespace espgate::client::test
