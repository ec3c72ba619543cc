// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/fabric.h"

namespace espgate::dataplane::live {
namespace {

using Rings = std::vector<std::unique_ptr<dpdk::BufferRing>>;

tl::expected<void, std::string> fill(Rings& rings, const std::string& name, unsigned count,
                                     unsigned capacity) {
  for (unsigned i = 0; i < count; ++i) {
    auto ring = dpdk::BufferRing::create(name + "-" + std::to_string(i), capacity);
    if (!ring) return tl::unexpected(ring.error());
    rings.push_back(std::move(*ring));
  }
  return {};
}

}  // namespace

tl::expected<std::unique_ptr<Fabric>, std::string> Fabric::create(unsigned workers,
                                                                  std::span<dpdk::Port* const> ports) {
  std::unique_ptr<Fabric> fabric(new Fabric);
  Rings manager;
  auto filled = fill(fabric->inbound_, "inbound", workers, handover_capacity);
  if (filled) filled = fill(fabric->outbound_, "outbound", workers, handover_capacity);
  if (filled) filled = fill(fabric->control_, "control", workers, control_capacity);
  if (filled) filled = fill(manager, "to-manager", 1, manager_capacity);
  for (std::size_t port = 0; filled && port < ports.size(); ++port)
    filled =
        fill(fabric->tx_.emplace_back(), "tx-" + std::to_string(port), ports[port]->tx_queues(), tx_capacity);
  if (!filled) return tl::unexpected(filled.error());
  fabric->to_manager_ = std::move(manager.front());
  return fabric;
}

}  // namespace espgate::dataplane::live
