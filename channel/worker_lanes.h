// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/connection.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

namespace espgate::channel {

// How workers reach the connection that the manager makes and ends, without a lock and without waiting.
//
// A worker marks its lane as in use, then reads the connection, then writes its packet, then unmarks. The
// manager takes the connection out of every lane and only then looks at the marks: a lane that it finds
// unmarked either has finished with the old connection or will not find it any more. Until all lanes were
// seen so, the old connection stays mapped in `retired_`. (Both orders are sequentially consistent: one
// side's store comes before its load, and so does the other's.)
class WorkerLanes {
 public:
  explicit WorkerLanes(unsigned workers) : lanes_(workers) {}

  // The manager's.
  void publish(Connection& connection) {
    for (Lane& lane : lanes_) lane.connection.store(&connection);
  }
  void retire(std::unique_ptr<Connection> connection) {
    for (Lane& lane : lanes_) lane.connection.store(nullptr);
    retired_.push_back(std::move(connection));
    reclaim();
  }
  // Frees what no worker uses any more; again later if some still do.
  void reclaim() {
    if (retired_.empty()) return;
    if (std::ranges::none_of(lanes_, [](const Lane& lane) { return lane.in_use.load(); })) retired_.clear();
  }

  // Worker `worker`'s: calls `use` with the connection, if there is one, and returns what it does.
  template <typename Use>
  bool with_connection(unsigned worker, Use&& use) noexcept {
    Lane& lane = lanes_[worker];
    lane.in_use.store(true);
    Connection* connection = lane.connection.load();
    const bool done = connection != nullptr && use(*connection);
    lane.in_use.store(false, std::memory_order_release);
    return done;
  }

 private:
  struct alignas(64) Lane {
    std::atomic<bool> in_use{false};
    std::atomic<Connection*> connection{nullptr};
  };
  std::vector<Lane> lanes_;
  std::vector<std::unique_ptr<Connection>> retired_;
};

}  // namespace espgate::channel
