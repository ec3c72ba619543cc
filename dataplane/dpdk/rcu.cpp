// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/rcu.h"

#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

namespace espgate::dataplane::dpdk {

tl::expected<std::unique_ptr<Rcu>, std::string> Rcu::create(unsigned workers) {
  auto* qsbr = static_cast<rte_rcu_qsbr*>(
      rte_zmalloc("espgate-rcu", rte_rcu_qsbr_get_memsize(workers), RTE_CACHE_LINE_SIZE));
  if (qsbr == nullptr || rte_rcu_qsbr_init(qsbr, workers) != 0) {
    rte_free(qsbr);
    return tl::unexpected(std::string("no memory for the workers' quiescent states"));
  }
  for (unsigned i = 0; i < workers; ++i) rte_rcu_qsbr_thread_register(qsbr, i);
  return std::unique_ptr<Rcu>(new Rcu(qsbr));
}

Rcu::~Rcu() { rte_free(qsbr_); }

void Rcu::quiescent(unsigned worker) noexcept { rte_rcu_qsbr_quiescent(qsbr_, worker); }
void Rcu::offline(unsigned worker) noexcept { rte_rcu_qsbr_thread_offline(qsbr_, worker); }
void Rcu::online(unsigned worker) noexcept { rte_rcu_qsbr_thread_online(qsbr_, worker); }
void Rcu::synchronize() noexcept { rte_rcu_qsbr_synchronize(qsbr_, RTE_QSBR_THRID_INVALID); }

}  // namespace espgate::dataplane::dpdk
