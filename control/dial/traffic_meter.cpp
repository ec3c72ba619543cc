// SPDX-License-Identifier: Apache-2.0
#include "control/dial/traffic_meter.h"

namespace espgate::control {
namespace {

Traffic counted(const channel::SaProgress& progress) {
  constexpr auto relaxed = std::memory_order_relaxed;
  return {progress.inbound_packets.load(relaxed), progress.inbound_bytes.load(relaxed),
          progress.outbound_packets.load(relaxed), progress.outbound_bytes.load(relaxed)};
}

// A counter that has gone back began anew: another SA has the slot, or the data plane has started again.
void follow(std::uint64_t& seen, std::uint64_t now, std::uint64_t& gone) {
  if (now < seen) gone += seen;
  seen = now;
}

}  // namespace

Traffic& Traffic::operator+=(const Traffic& other) {
  packets_in += other.packets_in;
  bytes_in += other.bytes_in;
  packets_out += other.packets_out;
  bytes_out += other.bytes_out;
  return *this;
}

Traffic operator-(const Traffic& a, const Traffic& b) {
  return {a.packets_in - b.packets_in, a.bytes_in - b.bytes_in, a.packets_out - b.packets_out,
          a.bytes_out - b.bytes_out};
}

void TrafficMeter::read(const ike::Peer& peer, std::span<const channel::SaProgress> progress) {
  for (auto at = seen_.begin(); at != seen_.end();) {
    if (peer.find_pair(at->first) != nullptr) {
      ++at;
      continue;
    }
    gone_ += at->second;
    at = seen_.erase(at);
  }
  for (const auto& pair : peer.pairs) {
    if (pair->slot >= progress.size()) continue;
    const Traffic now = counted(progress[pair->slot]);
    Traffic& seen = seen_[pair->slot];
    follow(seen.packets_in, now.packets_in, gone_.packets_in);
    follow(seen.bytes_in, now.bytes_in, gone_.bytes_in);
    follow(seen.packets_out, now.packets_out, gone_.packets_out);
    follow(seen.bytes_out, now.bytes_out, gone_.bytes_out);
  }
}

Traffic TrafficMeter::total() const {
  Traffic all = gone_;
  for (const auto& [slot, traffic] : seen_) all += traffic;
  return all;
}

void encode(SecretEncoder& out, const Traffic& traffic) {
  for (const std::uint64_t number :
       {traffic.packets_in, traffic.bytes_in, traffic.packets_out, traffic.bytes_out})
    out.number(number);
}

Traffic decode_traffic(Decoder& in) {
  Traffic traffic;
  for (std::uint64_t* number :
       {&traffic.packets_in, &traffic.bytes_in, &traffic.packets_out, &traffic.bytes_out})
    *number = in.number<std::uint64_t>();
  return traffic;
}

void TrafficMeter::encode(SecretEncoder& out) const {
  control::encode(out, gone_);
  out.number(static_cast<std::uint16_t>(seen_.size()));
  for (const auto& [slot, traffic] : seen_) {
    out.number(slot);
    control::encode(out, traffic);
  }
}

void TrafficMeter::decode(Decoder& in) {
  gone_ = decode_traffic(in);
  for (auto left = in.number<std::uint16_t>(); left > 0 && in.ok(); --left) {
    const auto slot = in.number<std::uint32_t>();
    seen_[slot] = decode_traffic(in);
  }
}

}  // namespace espgate::control
