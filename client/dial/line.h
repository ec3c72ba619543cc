// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/data_path.h"
#include "client/dial/dial.h"
#include "client/gateway_socket.h"
#include "client/keepalive.h"
#include "client/packet_buffers.h"
#include "client/tunnel.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace espgate::client::dial {

// What all lines of one thread use in turn.
struct Workshop {
  crypto::Engine& engine;
  const Settings& settings;
  DataPath& path;
  PacketBuffers& buffers;
  dataplane::Burst& burst;  // of what has come and of what leaves
  std::function<std::shared_ptr<const crypto::DhKeyPair>(crypto::DhGroup)> key_pair;
};

// One client with its own socket: the call, the SAs that it agrees on, and the packets in them. Inner packets
// come from and go to whoever owns the line. One thread.
class Line {
 public:
  using Event = std::variant<Reached, ppp::IpUp, Ended, ike::Note>;

  // `workshop` and `credentials` outlive this. Error: no such local address, no route, no descriptor left.
  static Expected<std::unique_ptr<Line>> open(Workshop& workshop, const ppp::Credentials& credentials,
                                              const Endpoint& local, std::uint32_t server, int buffer_bytes);

  void start(TimePoint now);
  // Takes up to 64 datagrams. What is live in the burst afterwards are inner packets for whoever is here;
  // when they have gone, count_received() is due. False: there was nothing more.
  bool receive(TimePoint now);
  void count_received() { workshop_.path.count_received(workshop_.burst); }
  // The burst holds inner packets: they leave through the tunnel.
  void send_inner(TimePoint now);
  void on_timer(TimePoint now);
  void hang_up(TimePoint now);

  [[nodiscard]] TimePoint next_due() const;
  [[nodiscard]] std::vector<Event> take_events() { return std::exchange(events_, {}); }
  [[nodiscard]] bool has_ended() const { return dial_.has_ended(); }
  [[nodiscard]] const Dial& dial() const { return dial_; }
  [[nodiscard]] Tunnel& tunnel() { return tunnel_; }
  [[nodiscard]] const GatewaySocket& socket() const { return socket_; }
  [[nodiscard]] std::uint64_t keepalives_sent() const { return keepalives_sent_; }

 private:
  struct OutboundOf {
    std::uint32_t spi_in = 0, spi_out = 0;
  };

  Line(Workshop& workshop, const ppp::Credentials& credentials, GatewaySocket socket, std::uint32_t server);

  void perform(TimePoint now);
  void send_ike(const ike::SendIke& message, TimePoint now);
  void add(const ike::Pair& pair);
  void use(std::uint32_t spi_in);
  void remove(std::uint32_t spi_in);
  // An L2TP message, control or data, through the SA.
  void send_l2tp(std::span<const std::byte> header, std::span<const std::byte> payload, TimePoint now);
  void send_ppp(const SendPpp& message, TimePoint now);
  void take_punted(TimePoint now);

  Workshop& workshop_;
  Tunnel tunnel_;
  GatewaySocket socket_;
  std::uint32_t server_;
  bool floated_ = false;
  std::vector<OutboundOf> pairs_;
  l2tp::SessionUp session_;
  TimePoint last_heard_{};
  Keepalive keepalive_;
  std::uint64_t keepalives_sent_ = 0;
  std::vector<Event> events_;
  Dial dial_;
};

}  // namespace espgate::client::dial
