// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <tl/expected.hpp>

struct rte_rcu_qsbr;

namespace espgate::dataplane::dpdk {

// Read-copy-update between the manager, who changes tables, and the workers, who read them without locks
// (rte_rcu_qsbr). What the manager has unlinked is free to go once synchronize() has returned.
class Rcu {
 public:
  [[nodiscard]] static tl::expected<std::unique_ptr<Rcu>, std::string> create(unsigned workers);
  ~Rcu();

  // A worker, on its own thread: it holds no pointer into the tables at this moment.
  void quiescent(unsigned worker) noexcept;
  // It will hold none until online(): it sleeps, or ends.
  void offline(unsigned worker) noexcept;
  void online(unsigned worker) noexcept;

  // The manager: waits until every worker that is online was quiescent. Microseconds while they poll.
  void synchronize() noexcept;

  [[nodiscard]] rte_rcu_qsbr* get() const { return qsbr_; }

 private:
  explicit Rcu(rte_rcu_qsbr* qsbr) : qsbr_(qsbr) {}
  rte_rcu_qsbr* qsbr_;
};

}  // namespace espgate::dataplane::dpdk
