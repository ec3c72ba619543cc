// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/packet.h"

#include <array>
#include <span>

namespace espgate::dataplane {

// The cryptographic jobs of one burst: job i belongs to the i-th live packet.
struct JobBatch {
  std::array<crypto::Job, max_burst> jobs;
  unsigned count = 0;

  // A job for `packet`, which lies from its ESP header to the end of its ICV. `sa` is inbound or outbound.
  template <typename Sa>
  void add(const Packet& packet, const Sa& sa) {
    jobs[count++] = crypto::Job{.key = sa.key,
                                .esp = packet.data,
                                .length = packet.length,
                                .sequence_high = static_cast<std::uint32_t>(packet.sequence >> 32),
                                .suite = sa.suite,
                                .esn = sa.esn,
                                .ok = false};
  }

  [[nodiscard]] std::span<crypto::Job> all() { return {jobs.data(), count}; }
};
static_assert(max_burst <= crypto::max_batch);

}  // namespace espgate::dataplane
