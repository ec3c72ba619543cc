// SPDX-License-Identifier: Apache-2.0
#include "control/dh_pool.h"

#include <exception>
#include <utility>

#include <boost/asio/post.hpp>
#include <sys/eventfd.h>
#include <unistd.h>

namespace espgate::control {

ike::DiffieHellmanResult compute(const ike::ComputeDiffieHellman& job) {
  ike::DiffieHellmanResult result;
  result.job = job.job;
  try {
    result.key_pair = job.key_pair
                          ? job.key_pair
                          : std::make_shared<crypto::DhKeyPair>(crypto::DhKeyPair::generate(job.group));
    if (job.peer_public.empty()) return result;
    auto shared = result.key_pair->shared(job.peer_public);
    if (shared) {
      result.shared = std::move(*shared);
    } else {
      result.error = shared.error();
    }
  } catch (const std::exception& error) {
    result.error = error.what();
  }
  return result;
}

DhPool::DhPool(unsigned threads)
    : bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), pool_(threads == 0 ? 1 : threads) {}

DhPool::~DhPool() {
  pool_.stop();
  pool_.join();
}

void DhPool::start(ike::ComputeDiffieHellman job) {
  boost::asio::post(pool_, [this, moved = std::move(job)] { finish(compute(moved)); });
}

void DhPool::finish(ike::DiffieHellmanResult result) {
  {
    const std::lock_guard lock(mutex_);
    results_.push_back(std::move(result));
  }
  const std::uint64_t one = 1;
  // Can't fail but by overflow, and then the bell rings already.
  if (::write(bell_.get(), &one, sizeof one) < 0) return;
}

std::vector<ike::DiffieHellmanResult> DhPool::take() {
  std::uint64_t count = 0;
  if (::read(bell_.get(), &count, sizeof count) < 0) return {};
  const std::lock_guard lock(mutex_);
  return std::exchange(results_, {});
}

}  // namespace espgate::control
