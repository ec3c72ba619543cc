// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/tracer.h"

#include "dataplane/cycle_clock.h"
#include "dataplane/dpdk/buffer.h"
#include "dataplane/live/trace_facts.h"

namespace espgate::dataplane::live {
namespace {

// The stage that a pass comes from when `stage` is not its first one (see GatewayPath).
bool begins_pass(Stage stage, Stage previous) {
  switch (stage) {
    case Stage::rx:
      return true;
    case Stage::sa_lookup:
      return previous != Stage::classify;
    case Stage::inside_input:
      return previous != Stage::link_pull;
    case Stage::control_push:
      return true;
    case Stage::session_lookup:
      return previous != Stage::inside_input;
    case Stage::ip_forward:
      return previous != Stage::ip_local;
    case Stage::link_push:
      return previous != Stage::mtu_check && previous != Stage::outer_route && previous != Stage::ip_forward;
    default:
      return false;
  }
}

TraceRecord::Start start_of(Stage stage, Burst& burst, unsigned index, std::uint8_t outside_port) {
  switch (stage) {
    case Stage::rx:
      return dpdk::ingress_port(burst.buffer(index)) == outside_port ? TraceRecord::Start::outside
                                                                     : TraceRecord::Start::inside;
    case Stage::control_push:
      return TraceRecord::Start::control;
    case Stage::link_push:
      return TraceRecord::Start::manager;
    default:
      return dpdk::noted_punt(burst.buffer(index)) == Punt::handover ? TraceRecord::Start::handed_over
                                                                     : TraceRecord::Start::detour;
  }
}

bool is_end(const TraceFlow& flow, std::uint32_t address) {
  return flow.source == address || flow.destination == address;
}

}  // namespace

bool TraceFilter::matches(const TraceRecord& record) const {
  return (outer == 0 || is_end(record.outer, outer) || record.peer_address == outer) &&
         (inner == 0 || is_end(record.inner, inner)) && (spi == 0 || record.spi == spi) &&
         (peer_id == 0 || record.peer_id == peer_id);
}

Tracer::Tracer(const TraceFilter& filter, std::uint8_t outside_port, std::size_t records, bool manager)
    : filter_(filter), outside_port_(outside_port), ring_(records), records_(records) {
  if (manager) previous_ = Stage::tx;
}

void Tracer::after(Stage stage, Burst& burst) noexcept {
  if (!previous_ && stage != Stage::rx) return;
  if (begins_pass(stage, previous_.value_or(Stage::tx))) {
    finish();
    begin(stage, burst);
  }
  previous_ = stage;
  for (unsigned i = 0; i < count_; ++i) {
    if ((left_ >> i & 1) != 0) continue;
    note(stage, burst, i);
    if (!burst.is_live(i)) left_ |= std::uint64_t{1} << i;
  }
}

void Tracer::begin(Stage stage, Burst& burst) noexcept {
  count_ = burst.count();
  left_ = 0;
  seen_ += count_;
  if (count_ == 0) return;
  const std::uint64_t now = read_cycles();
  for (unsigned i = 0; i < count_; ++i) {
    pass_[i] = TraceRecord{};
    pass_[i].cycles = now;
    // A fragment that waits for others has no buffer of its own any more.
    if (burst.buffer(i) != nullptr) pass_[i].start = start_of(stage, burst, i, outside_port_);
  }
}

void Tracer::finish() noexcept {
  for (unsigned i = 0; i < count_; ++i) {
    if (!filter_.matches(pass_[i])) continue;
    const auto slot = ring_.claim();
    if (!slot) {
      ++missed_;
      continue;
    }
    records_[*slot] = pass_[i];
    ring_.publish();
  }
  count_ = 0;
}

void Tracer::note(Stage stage, Burst& burst, unsigned index) noexcept {
  const Packet& packet = burst[index];
  TraceRecord& record = pass_[index];
  TraceStep step{.stage = stage, .length = packet.length};
  bool ours = true;
  if (burst.is_dropped(index)) {
    step.outcome = TraceStep::Outcome::dropped;
    step.reason = static_cast<std::uint8_t>(burst.drop_reason(packet));
  } else if (!burst.is_live(index)) {
    step.outcome = TraceStep::Outcome::punted;
    step.reason = static_cast<std::uint8_t>(burst.punt_reason(packet));
    ours = burst.punt_reason(packet) != Punt::held;
  }
  if (record.step_count < record.steps.size()) record.steps[record.step_count++] = step;
  if (ours) learn_facts(stage, packet, burst.is_live(index), record);
}

const TraceRecord* Tracer::front() const {
  const auto slot = ring_.front();
  return slot ? &records_[*slot] : nullptr;
}

}  // namespace espgate::dataplane::live
