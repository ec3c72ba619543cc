// SPDX-License-Identifier: Apache-2.0
#include "bench/round.h"
#include "dataplane/path.h"

namespace espgate::bench {
namespace {

using dataplane::InboundPath;
using dataplane::OutboundPath;

// Frames lie where a NIC would have put them; the client's outbound path makes them, in the same order.
class InboundRound final : public Round {
 public:
  InboundRound(Tunnels& tunnels, PacketSet& packets)
      : Round(tunnels, packets, tunnels.inner_offset()),
        client_(
            {.sessions = &tunnels.sender().table, .engine = *tunnels.sender().engine, .stats = other_stats_}),
        path_({.sas = tunnels.receiver().table, .engine = *tunnels.receiver().engine, .stats = stats_}),
        recording_({.sas = tunnels.receiver().table, .engine = recorder_, .stats = other_stats_}) {}

  std::optional<double> path() override {
    if (!refill()) return std::nullopt;
    const double cycles = pass(path_, frames_, received_);
    if (!intact(received_)) return std::nullopt;
    return cycles;
  }

  std::optional<double> crypto() override {
    if (!refill()) return std::nullopt;
    record();
    const auto cycles = timed_jobs(*tunnels_.receiver().engine, crypto::Direction::decrypt);
    // Decrypted in place, so the inner packets are where they were made.
    if (!cycles || !intact(inner_)) return std::nullopt;
    return cycles;
  }

 private:
  bool refill() {
    fill();
    pass(client_, inner_, frames_);
    return complete(frames_);
  }

  // Keys must stay as cold as they are when the path meets them, so the path prefetches none here.
  void record() {
    Receiver& receiver = tunnels_.receiver();
    for (std::uint32_t i = 0; i < packets_.count(); ++i) receiver.sas[packets_.tunnel(i)]->hot_key = {};
    recorder_.clear();
    pass(recording_, frames_, received_);
    for (std::uint32_t i = 0; i < packets_.count(); ++i) {
      const std::uint32_t tunnel = packets_.tunnel(i);
      receiver.sas[tunnel]->hot_key = receiver.hot_keys[tunnel];
    }
  }

  OutboundPath client_;
  InboundPath path_;
  InboundPath recording_;
};

}  // namespace

std::unique_ptr<Round> make_inbound_round(Tunnels& tunnels, PacketSet& packets) {
  return std::make_unique<InboundRound>(tunnels, packets);
}

}  // namespace espgate::bench
