// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/descriptor.h"
#include "control/ike/actions.h"

#include <mutex>
#include <vector>

#include <boost/asio/thread_pool.hpp>

namespace espgate::control {

// Computes Diffie-Hellman on a few threads. start() and take() by the thread that made it.
class DhPool {
 public:
  explicit DhPool(unsigned threads);
  ~DhPool();

  void start(ike::ComputeDiffieHellman job);
  // Readable while there are results.
  [[nodiscard]] int descriptor() const { return bell_.get(); }
  [[nodiscard]] std::vector<ike::DiffieHellmanResult> take();

 private:
  void finish(ike::DiffieHellmanResult result);

  channel::Descriptor bell_;
  std::mutex mutex_;
  std::vector<ike::DiffieHellmanResult> results_;  // under the mutex
  boost::asio::thread_pool pool_;
};

// The computation itself.
[[nodiscard]] ike::DiffieHellmanResult compute(const ike::ComputeDiffieHellman& job);

}  // namespace espgate::control
