// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/counter.h"
#include "dataplane/live/slot_ring.h"
#include "dataplane/next_hop_table.h"
#include "dataplane/worker_stats.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace espgate::dataplane::live {

// Where packets are copied.
enum class CapturePoint : std::uint8_t {
  outside_rx,      // frames as they came by the outside port
  decrypted,       // clients' inner packets, behind the check of their source
  before_encrypt,  // inner packets to clients, MSS and MTU dealt with
  outside_tx,      // frames that leave by the outside port, but for ARP
};
// "outside-rx" and so on; nullopt: no point is called so.
[[nodiscard]] std::optional<CapturePoint> find_capture_point(std::string_view name);
// Whether what is captured there begins with an Ethernet header; else with an IP header.
[[nodiscard]] bool has_link_header(CapturePoint point);

// What is known of a captured packet besides its bytes.
struct CapturedPacket {
  std::uint64_t cycles = 0;           // when, by the cycle clock
  std::uint64_t sequence = 0;         // of ESP; 0: none (yet)
  std::uint32_t spi = 0;              // 0: none (yet)
  std::uint32_t length = 0;           // of the packet
  std::uint32_t captured = 0;         // bytes that are here
  std::optional<DropReason> dropped;  // by the stage at this point
};

// Copies one worker's packets at one point into slots of fixed size, made before it starts. When all are
// full, packets are not captured and counted; forwarding waits for nothing.
class CaptureTap final : public StageObserver {
 public:
  struct Options {
    CapturePoint point = CapturePoint::outside_rx;
    std::uint8_t outside_port = 0;
    const NextHopTable* hops = nullptr;
    std::size_t slots = 4096;         // a power of two
    std::uint32_t snap_bytes = 2048;  // of each packet at most
    bool knows_sas = true;            // false: the manager's packets, whose SA pointers say nothing
  };
  explicit CaptureTap(const Options& options);

  // The worker's.
  void after(Stage stage, Burst& burst) noexcept override;

  // The reader's: the oldest packet with its bytes, good until pop(); nullopt: none.
  struct View {
    const CapturedPacket& packet;
    std::span<const std::byte> bytes;
  };
  [[nodiscard]] std::optional<View> front() const;
  void pop() { ring_.pop(); }
  // Any thread's.
  [[nodiscard]] std::uint64_t missed() const { return missed_; }

 private:
  void capture_received(Burst& burst) noexcept;
  void capture_inner(Burst& burst) noexcept;
  void capture_sent(Burst& burst) noexcept;
  void remember_live(const Burst& burst) noexcept;
  void copy(Burst& burst, unsigned index) noexcept;

  Options options_;
  SlotRing ring_;
  std::vector<CapturedPacket> packets_;
  std::vector<std::byte> bytes_;
  std::uint64_t live_before_ = 0;  // bit i: packet i was live when the stage began
  std::uint64_t now_ = 0;
  Counter missed_;
};

}  // namespace espgate::dataplane::live
