// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/capture.h"

#include "dataplane/cycle_clock.h"
#include "dataplane/dpdk/buffer.h"
#include "dataplane/sa.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace espgate::dataplane::live {
namespace {

constexpr std::array<std::string_view, 4> point_names = {"outside-rx", "decrypted", "before-encrypt",
                                                         "outside-tx"};

// The stage behind which packets are copied, and the one before it.
struct Place {
  Stage stage;
  Stage before;
};

constexpr Place place_of(CapturePoint point) {
  switch (point) {
    case CapturePoint::outside_rx:
      return {Stage::rx, Stage::rx};
    case CapturePoint::decrypted:
      return {Stage::ip_input, Stage::ppp_pull};
    case CapturePoint::before_encrypt:
      return {Stage::mtu_check, Stage::mss_clamp};
    case CapturePoint::outside_tx:
      break;
  }
  return {Stage::link_push, Stage::link_push};
}

}  // namespace

std::optional<CapturePoint> find_capture_point(std::string_view name) {
  const auto* const at = std::ranges::find(point_names, name);
  if (at == point_names.end()) return std::nullopt;
  return static_cast<CapturePoint>(at - point_names.begin());
}

bool has_link_header(CapturePoint point) {
  return point == CapturePoint::outside_rx || point == CapturePoint::outside_tx;
}

CaptureTap::CaptureTap(const Options& options)
    : options_(options),
      ring_(options.slots),
      packets_(options.slots),
      bytes_(options.slots * options.snap_bytes) {}

void CaptureTap::after(Stage stage, Burst& burst) noexcept {
  const Place place = place_of(options_.point);
  if (stage == place.before) remember_live(burst);
  if (stage != place.stage || burst.count() == 0) return;
  now_ = read_cycles();
  if (stage == Stage::rx) return capture_received(burst);
  if (stage == Stage::link_push) return capture_sent(burst);
  capture_inner(burst);
}

void CaptureTap::remember_live(const Burst& burst) noexcept {
  live_before_ = 0;
  for (unsigned i = 0; i < burst.count(); ++i)
    if (burst.is_live(i)) live_before_ |= std::uint64_t{1} << i;
}

void CaptureTap::capture_received(Burst& burst) noexcept {
  // All of a burst came by one port.
  if (dpdk::ingress_port(burst.buffer(0)) != options_.outside_port) return;
  for (unsigned i = 0; i < burst.count(); ++i) copy(burst, i);
}

// Also what the stage itself dropped, so that one sees what it did not like.
void CaptureTap::capture_inner(Burst& burst) noexcept {
  for (unsigned i = 0; i < burst.count(); ++i) {
    const bool was_live = (live_before_ >> i & 1) != 0;
    if (!was_live || (!burst.is_live(i) && !burst.is_dropped(i))) continue;
    // The check of the MTU is also on the way in, where nothing is encrypted.
    if (options_.point == CapturePoint::before_encrypt && burst[i].outbound_sa == nullptr) continue;
    copy(burst, i);
  }
}

void CaptureTap::capture_sent(Burst& burst) noexcept {
  for (const Packet& packet : burst.live())
    if (options_.hops->get(packet.next_hop).port == options_.outside_port)
      copy(burst, burst.index_of(packet));
}

void CaptureTap::copy(Burst& burst, unsigned index) noexcept {
  const auto slot = ring_.claim();
  if (!slot) {
    ++missed_;
    return;
  }
  const Packet& packet = burst[index];
  CapturedPacket& captured = packets_[*slot];
  captured = {.cycles = now_,
              .length = packet.length,
              .captured = std::min(packet.length, options_.snap_bytes),
              .dropped = std::nullopt};
  if (burst.is_dropped(index)) captured.dropped = burst.drop_reason(packet);
  if (options_.knows_sas && packet.outbound_sa != nullptr) {
    captured.spi = packet.outbound_sa->spi;
    if (options_.point == CapturePoint::outside_tx) captured.sequence = packet.sequence;
  } else if (options_.knows_sas && packet.inbound_sa != nullptr) {
    captured.spi = packet.inbound_sa->spi;
    captured.sequence = packet.sequence;
  }
  std::memcpy(bytes_.data() + *slot * options_.snap_bytes, packet.data, captured.captured);
  ring_.publish();
}

std::optional<CaptureTap::View> CaptureTap::front() const {
  const auto slot = ring_.front();
  if (!slot) return std::nullopt;
  const CapturedPacket& packet = packets_[*slot];
  return View{packet, {bytes_.data() + *slot * options_.snap_bytes, packet.captured}};
}

}  // namespace espgate::dataplane::live
