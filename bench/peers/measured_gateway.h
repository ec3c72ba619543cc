// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/peers/traffic.h"
#include "dataplane/live/gateway.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <tl/expected.hpp>

namespace espgate::bench {

// A gateway as espgate-dataplane runs it, with one worker, from any two DPDK devices; without its manager's
// loop: what control would install and what neighbours would answer is there from the start. The SAs' windows
// are kept but do not refuse: the capture comes again and again. No gateway's configuration can say so.
class MeasuredGateway {
 public:
  struct Options {
    std::string outside = "net_pcap0";  // as EAL takes it
    std::string inside = "net_null0,no-rx=1";
    unsigned core = 0;
    unsigned buffers = 16384;
    bool hugepages = false;
    bool strict = false;  // windows refuse: for captures that come once
  };
  // Starts DPDK, so once a process. Error: what failed.
  [[nodiscard]] static tl::expected<std::unique_ptr<MeasuredGateway>, std::string> create(
      const Options& options, const Traffic& traffic);
  ~MeasuredGateway();

  void start() { gateway_->start_workers(); }
  void time_stages(bool on) { worker_stats().time_stages = on; }

  // What has happened since the start. Any thread.
  struct Counts {
    std::uint64_t cycles;          // the time stamp counter, now
    std::uint64_t packets, bytes;  // sent
    std::uint64_t lost;            // dropped or given to somebody else than the port: none should be
  };
  [[nodiscard]] Counts counts() const;
  [[nodiscard]] const dataplane::WorkerStats& stats() const { return gateway_->workers.front()->stats(); }
  [[nodiscard]] std::string engine() const { return gateway_->engine->description(); }

 private:
  MeasuredGateway() = default;
  [[nodiscard]] dataplane::WorkerStats& worker_stats() { return gateway_->workers.front()->stats(); }
  [[nodiscard]] tl::expected<void, std::string> add_route();
  [[nodiscard]] tl::expected<void, std::string> install(const Traffic& traffic, bool strict);

  config::Config config_;
  std::filesystem::path folder_;  // of the sockets that a gateway has
  std::unique_ptr<dataplane::live::Gateway> gateway_;
};

}  // namespace espgate::bench
