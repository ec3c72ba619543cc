// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/data_path.h"
#include "client/file_descriptor.h"
#include "client/gateway_socket.h"
#include "client/keepalive.h"
#include "client/packet_buffers.h"
#include "client/report.h"
#include "client/sequence_numbers.h"
#include "client/tun_device.h"
#include "client/tunnel.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

namespace espgate::client {

// Carries packets between the TUN device and the gateway's socket through the tunnel that somebody has set
// up, prints reports, and keeps a NAT's mapping alive. One thread, which sleeps while nothing comes.
class Carrier {
 public:
  // All of these outlive the carrier.
  struct Parts {
    crypto::Engine& engine;
    Tunnel& tunnel;
    SequenceNumbers& numbers;  // of the tunnel's outbound SA
    GatewaySocket& socket;
    TunDevice& tun;
  };
  struct Reporting {
    std::chrono::seconds interval{0};  // 0: only at the end
    bool json = false;
  };

  // From now on SIGINT and SIGTERM are for run(). Error: the system has no descriptor left.
  static Expected<std::unique_ptr<Carrier>> make(const Parts& parts, const Reporting& reporting);

  // Carries until SIGINT or SIGTERM; the last report goes to standard output then. Error: the TUN device has
  // gone.
  [[nodiscard]] Expected<void> run();

 private:
  using Clock = std::chrono::steady_clock;

  Carrier(const Parts& parts, const Reporting& reporting, FileDescriptor signals, FileDescriptor poll);

  [[nodiscard]] Expected<void> watch();
  [[nodiscard]] Expected<void> loop();
  [[nodiscard]] Expected<void> carry_outbound(Clock::time_point now);
  void carry_inbound();
  void provide_numbers();
  void do_what_is_due(Clock::time_point now);
  [[nodiscard]] int milliseconds_until_due(Clock::time_point now) const;
  void tell_first_unreachable();
  [[nodiscard]] Report report() const;

  Parts parts_;
  Reporting reporting_;
  FileDescriptor signals_;
  FileDescriptor poll_;
  DataPath path_;
  dataplane::Burst burst_;
  PacketBuffers buffers_;
  Keepalive keepalive_;
  Clock::time_point next_report_;
  std::uint64_t keepalives_sent_ = 0;
  bool told_unreachable_ = false;
  bool told_numbers_ = false;
};

}  // namespace espgate::client
