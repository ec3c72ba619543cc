// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/counter.h"
#include "dataplane/live/slot_ring.h"
#include "dataplane/next_hop_table.h"
#include "dataplane/worker_stats.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace espgate::dataplane::live {

// What one stage decided about a packet.
struct TraceStep {
  enum class Outcome : std::uint8_t { went_on, dropped, punted };

  Stage stage = Stage::rx;
  Outcome outcome = Outcome::went_on;
  std::uint8_t reason = 0;   // a DropReason or a Punt
  std::uint32_t length = 0;  // bytes that were left of the packet then, from the layer that was reached
};

// Who talks to whom, IPv4 in host order; all 0: not known.
struct TraceFlow {
  std::uint32_t source = 0, destination = 0;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t protocol = 0;
};

// One packet's way through one pass of the stages. What goes on as a detour or at another worker is traced
// there anew.
struct TraceRecord {
  enum class Start : std::uint8_t { outside, inside, handed_over, detour, manager, control };
  static constexpr std::size_t max_steps = 24;

  std::uint64_t cycles = 0;  // when the pass began, by the cycle clock
  Start start = Start::outside;
  std::uint8_t step_count = 0;
  std::array<TraceStep, max_steps> steps{};
  TraceFlow outer, inner;
  std::uint64_t sequence = 0;            // of ESP; 0: none
  std::uint32_t spi = 0;                 // 0: none
  std::uint32_t peer_id = 0;             // 0: not known
  std::uint32_t peer_address = 0;        // where the peer is now
  std::uint32_t tunnel_and_session = 0;  // our ids
  NextHopId next_hop = no_next_hop;
};

// Which packets are traced: those for which everything that is not 0 here is so.
struct TraceFilter {
  std::uint32_t outer = 0;  // one end of the outer packet, or where the packet's peer is now
  std::uint32_t inner = 0;  // one end of the inner packet
  std::uint32_t spi = 0;
  std::uint32_t peer_id = 0;

  [[nodiscard]] bool matches(const TraceRecord& record) const;
};

// Writes down one worker's packets that match, in memory made before it starts. Whether a packet matches is
// known only when its pass is over (its peer behind the SA, its inner address behind the decryption), so
// every packet's way is noted, and kept or forgotten when the next pass begins.
class Tracer final : public StageObserver {
 public:
  // Room for `records`, a power of two, between two looks of the reader. `manager`: for the packets that the
  // manager sends, which run through the last stage only.
  Tracer(const TraceFilter& filter, std::uint8_t outside_port, std::size_t records, bool manager = false);

  // The worker's.
  void after(Stage stage, Burst& burst) noexcept override;

  // The reader's: the oldest record, good until pop(); nullptr: none.
  [[nodiscard]] const TraceRecord* front() const;
  void pop() { ring_.pop(); }
  // Packets that were looked at; those that matched when there was no room. Any thread's.
  [[nodiscard]] std::uint64_t seen() const { return seen_; }
  [[nodiscard]] std::uint64_t missed() const { return missed_; }

 private:
  void begin(Stage stage, Burst& burst) noexcept;
  void finish() noexcept;
  void note(Stage stage, Burst& burst, unsigned index) noexcept;

  TraceFilter filter_;
  std::uint8_t outside_port_;
  std::optional<Stage> previous_;  // nullopt: it began to look in the middle of a pass
  unsigned count_ = 0;             // packets of the pass
  std::uint64_t left_ = 0;         // bit i: packet i has left the path
  std::array<TraceRecord, max_burst> pass_;
  SlotRing ring_;
  std::vector<TraceRecord> records_;
  Counter seen_;
  Counter missed_;
};

}  // namespace espgate::dataplane::live
