// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/unit/dataplane/test_gateway.h"

#include <string>

namespace espgate::dataplane::test {

// What became of packet `index`: "live", or the name of the drop reason, or "punt 9".
[[nodiscard]] inline std::string outcome(Burst& burst, unsigned index) {
  if (burst.is_live(index)) return "live";
  if (burst.is_dropped(index)) return std::string(describe(burst.drop_reason(burst[index])).name);
  return "punt " + std::to_string(static_cast<unsigned>(burst.punt_reason(burst[index])));
}

// The same as text for what is expected.
[[nodiscard]] inline std::string as_text(DropReason reason) { return std::string(describe(reason).name); }
[[nodiscard]] inline std::string as_text(Punt punt) {
  return "punt " + std::to_string(static_cast<unsigned>(punt));
}

// A burst of packets in poisoned buffers.
struct TestBurst {
  explicit TestBurst(const std::vector<Datagram>& packets, std::uint16_t ether_type = 0x0800) {
    buffers.fill(burst, packets, ether_type);
  }

  [[nodiscard]] std::string outcome(unsigned index = 0) { return test::outcome(burst, index); }
  [[nodiscard]] Datagram bytes(unsigned index = 0) {
    return {burst[index].data, burst[index].data + burst[index].length};
  }

  Burst burst;
  Buffers buffers;
};

}  // namespace espgate::dataplane::test
