// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/counter.h"

#include <cstddef>
#include <cstdint>

#include <boost/lockfree/spsc_queue.hpp>

namespace espgate::dataplane {

// What a worker saw and the manager has to know.
struct WorkerEvent {
  enum class Type : std::uint8_t {
    nat_mapping,   // the peer is now heard from address:port
    first_packet,  // the first authenticated packet on an inbound SA; from address:port
    unknown_spi,   // ESP for an SPI that nobody has; from address:port
  };

  Type type = Type::nat_mapping;
  std::uint16_t port = 0;     // 0: plain ESP
  std::uint32_t peer_id = 0;  // not for unknown_spi
  std::uint32_t slot = 0;     // of the SA; likewise
  std::uint32_t spi = 0;
  std::uint32_t address = 0;  // IPv4, host order

  friend bool operator==(const WorkerEvent&, const WorkerEvent&) = default;
};

// From one worker to the manager.
class WorkerEvents {
 public:
  static constexpr std::size_t capacity = 1024;

  // Worker only. When the manager has not kept up the event is lost, and counted.
  void push(const WorkerEvent& event) noexcept {
    if (!ring_.push(event)) ++lost_;
  }
  // Manager only. False: there is none.
  [[nodiscard]] bool pop(WorkerEvent& event) { return ring_.pop(event); }
  // From any thread.
  [[nodiscard]] std::uint64_t lost() const { return lost_.value(); }

 private:
  boost::lockfree::spsc_queue<WorkerEvent, boost::lockfree::capacity<capacity>> ring_;
  Counter lost_;
};

}  // namespace espgate::dataplane
