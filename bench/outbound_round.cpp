// SPDX-License-Identifier: Apache-2.0
#include "bench/round.h"
#include "dataplane/path.h"

namespace espgate::bench {
namespace {

using dataplane::InboundPath;
using dataplane::OutboundPath;

constexpr std::size_t link_header_bytes = 14;

// Inner packets lie where a NIC of the private side would have put them: behind an Ethernet header. The
// client's inbound path opens what came out, so that it can be compared.
class OutboundRound final : public Round {
 public:
  OutboundRound(Tunnels& tunnels, PacketSet& packets)
      : Round(tunnels, packets, link_header_bytes),
        path_({.sessions = &tunnels.sender().table, .engine = *tunnels.sender().engine, .stats = stats_}),
        recording_({.sessions = &tunnels.sender().table, .engine = recorder_, .stats = other_stats_}),
        client_(
            {.sas = tunnels.receiver().table, .engine = *tunnels.receiver().engine, .stats = other_stats_}) {}

  std::optional<double> path() override {
    fill();
    const double cycles = pass(path_, inner_, frames_);
    if (!received()) return std::nullopt;
    return cycles;
  }

  std::optional<double> crypto() override {
    fill();
    record();
    const auto cycles = timed_jobs(*tunnels_.sender().engine, crypto::Direction::encrypt);
    if (!cycles || !received()) return std::nullopt;
    return cycles;
  }

 private:
  bool received() {
    if (!complete(frames_)) return false;
    pass(client_, frames_, received_);
    return intact(received_);
  }

  // Keys must stay as cold as they are when the path meets them, so the path prefetches none here.
  void record() {
    Sender& sender = tunnels_.sender();
    for (std::uint32_t i = 0; i < packets_.count(); ++i) sender.sas[packets_.tunnel(i)].hot_key = {};
    recorder_.clear();
    pass(recording_, inner_, frames_);
    for (std::uint32_t i = 0; i < packets_.count(); ++i) {
      const std::uint32_t tunnel = packets_.tunnel(i);
      sender.sas[tunnel].hot_key = sender.hot_keys[tunnel];
    }
  }

  OutboundPath path_;
  OutboundPath recording_;
  InboundPath client_;
};

}  // namespace

std::unique_ptr<Round> make_outbound_round(Tunnels& tunnels, PacketSet& packets) {
  return std::make_unique<OutboundRound>(tunnels, packets);
}

}  // namespace espgate::bench
