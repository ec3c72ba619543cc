// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/peers/traffic.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace espgate::bench {

// The decryption of a capture's packets and nothing else, 64 jobs at a call, by the engine that a gateway
// would use, with keys as many and lying as a gateway's do. Packets are copied before each call to where they
// are decrypted, as the device of a capture does it; that is not timed.
class CryptoAlone {
 public:
  explicit CryptoAlone(const Traffic& traffic);

  // Cycles per packet, the median of calls, over so many milliseconds. Throws when a packet fails.
  [[nodiscard]] double cycles_per_packet(unsigned milliseconds);
  [[nodiscard]] std::string engine() const { return engine_->description(); }

 private:
  // The cycles of one call, for the packets from `first` on.
  [[nodiscard]] std::uint64_t decrypt(std::size_t first);

  Traffic traffic_;
  std::unique_ptr<crypto::Engine> engine_;
  std::vector<std::unique_ptr<crypto::Key>> keys_;
  std::vector<Frame> frames_;
  std::vector<std::byte> buffers_;
};

}  // namespace espgate::bench
