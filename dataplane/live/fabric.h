// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/dpdk/buffer_ring.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/live/doorbell.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace espgate::dataplane::live {

// The bounded rings by which packets change threads: to the worker that owns their SA, to the owner of a
// transmit queue, to the manager.
class Fabric {
 public:
  static constexpr unsigned handover_capacity = 2048;
  static constexpr unsigned control_capacity = 512;
  static constexpr unsigned tx_capacity = 2048;
  static constexpr unsigned manager_capacity = 1024;

  [[nodiscard]] static tl::expected<std::unique_ptr<Fabric>, std::string> create(
      unsigned workers, std::span<dpdk::Port* const> ports);

  // To worker `owner`: what came in, from the ESP header on, and what goes out, from the inner IP header on.
  [[nodiscard]] dpdk::BufferRing& inbound(unsigned owner) { return *inbound_[owner]; }
  [[nodiscard]] dpdk::BufferRing& outbound(unsigned owner) { return *outbound_[owner]; }
  // To worker `owner` from the manager: what control says inside SAs, as control_push wants it.
  [[nodiscard]] dpdk::BufferRing& control(unsigned owner) { return *control_[owner]; }
  // Whole frames for a port, to the owner of one of its transmit queues: worker `queue`.
  [[nodiscard]] dpdk::BufferRing& tx(unsigned port, unsigned queue) { return *tx_[port][queue]; }
  [[nodiscard]] dpdk::BufferRing& to_manager() { return *to_manager_; }
  [[nodiscard]] Doorbell& manager_bell() { return manager_bell_; }

 private:
  Fabric() = default;

  std::vector<std::unique_ptr<dpdk::BufferRing>> inbound_;
  std::vector<std::unique_ptr<dpdk::BufferRing>> outbound_;
  std::vector<std::unique_ptr<dpdk::BufferRing>> control_;
  std::vector<std::vector<std::unique_ptr<dpdk::BufferRing>>> tx_;
  std::unique_ptr<dpdk::BufferRing> to_manager_;
  Doorbell manager_bell_;
};

}  // namespace espgate::dataplane::live
