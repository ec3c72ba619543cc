// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"
#include "wire/ethernet.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace espgate::dataplane::dpdk {

class BufferPool;

// One DPDK port: any device that DPDK drives. Opened, started and stopped by one thread; each queue is used
// by one thread at a time.
class Port {
 public:
  struct Options {
    std::string device;   // "net_af_packet0,iface=s0", "0000:00:06.0"
    std::uint8_t id = 0;  // ours: what packets and next hops call it
    std::uint16_t mtu = 1500;
    std::uint16_t rx_queues = 1;  // wanted; the device may have fewer
    std::uint16_t tx_queues = 1;
    bool rx_interrupts = false;  // wanted; see has_rx_interrupts()
  };
  // Probes the device, sets it up and starts it. Error: what failed and what to do.
  [[nodiscard]] static tl::expected<std::unique_ptr<Port>, std::string> open(const Options& options,
                                                                             BufferPool& pool);
  ~Port();

  [[nodiscard]] std::uint8_t id() const { return options_.id; }
  [[nodiscard]] std::uint16_t rx_queues() const { return options_.rx_queues; }
  [[nodiscard]] std::uint16_t tx_queues() const { return options_.tx_queues; }
  [[nodiscard]] const wire::MacAddress& mac() const { return mac_; }
  [[nodiscard]] std::uint16_t mtu() const { return options_.mtu; }

  // A new burst of what has come, whole packets in one buffer each; what the device says is damaged is
  // dropped.
  void receive(std::uint16_t queue, Burst& burst) noexcept;
  // How many the device took, from the first; the others are still the caller's.
  [[nodiscard]] unsigned transmit(std::uint16_t queue, std::span<void*> buffers) noexcept;

  [[nodiscard]] bool link_up() const noexcept;
  // The device asks to be reset (ENA does when its hardware has failed).
  [[nodiscard]] bool wants_reset() const noexcept { return wants_reset_.load(std::memory_order_relaxed); }
  // While no worker uses the port. Error: the port is gone.
  [[nodiscard]] tl::expected<void, std::string> reset();

  // Rx interrupts, for a worker that sleeps. arm() on the thread that will wait().
  [[nodiscard]] bool add_to_wait_set(std::uint16_t queue) noexcept;
  void arm(std::uint16_t queue) noexcept;
  void disarm(std::uint16_t queue) noexcept;

  // What `espgate port` shows.
  struct Counters {
    std::uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes, rx_missed, rx_errors, tx_errors, rx_no_buffer;
  };
  [[nodiscard]] Counters counters() const;
  [[nodiscard]] std::string driver() const;
  [[nodiscard]] const std::string& device() const { return options_.device; }
  // Every counter that the driver has, by name (ENA: the allowances that were exceeded).
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> extended_counters() const;
  // What was switched on: "rss", "rx-ipv4-checksum", …
  [[nodiscard]] const std::vector<std::string>& offloads() const { return offloads_; }

 private:
  Port(const Options& options, std::uint16_t port, BufferPool& pool)
      : options_(options), port_(port), pool_(pool) {}
  [[nodiscard]] tl::expected<void, std::string> configure();
  void spread_by_hash();

  Options options_;
  std::uint16_t port_;
  BufferPool& pool_;
  wire::MacAddress mac_;
  bool trusts_checksum_flags_ = false;
  std::string interface_;  // of the kernel, whose driver does not tell its link; else empty
  std::atomic<bool> wants_reset_ = false;
  std::vector<std::string> offloads_;
};

// Sleeps until a queue of this thread's wait set has packets, at most `milliseconds`.
void wait_for_packets(int milliseconds) noexcept;

}  // namespace espgate::dataplane::dpdk
