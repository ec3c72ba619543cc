// SPDX-License-Identifier: Apache-2.0
// capture: packets as they pass one point, for a client that filters and keeps them.
#include "dataplane/live/api_text.h"
#include "dataplane/live/cycle_time.h"
#include "dataplane/live/gateway.h"
#include "dataplane/live/streams.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

namespace espgate::dataplane::live {
namespace {

using nlohmann::json;

constexpr std::uint32_t default_snap_bytes = 2048;
constexpr std::uint32_t least_snap_bytes = 64;
constexpr std::uint32_t most_snap_bytes = 65535;
constexpr std::size_t most_slots = 4096;
constexpr std::size_t most_tap_bytes = std::size_t{16} << 20;  // of each worker
// So that other clients and the manager's own work have their turn.
constexpr unsigned most_packets_a_step = 500;

std::string base64(std::span<const std::byte> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero byte
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

json packet_json(const CaptureTap::View& view, const CycleTime& clock, std::size_t worker) {
  const CapturedPacket& packet = view.packet;
  json line = {{"time", clock.of(packet.cycles)},
               {"length", packet.length},
               {"worker", worker},
               {"data", base64(view.bytes)}};
  if (packet.spi != 0) line["spi"] = spi_text(packet.spi);
  if (packet.sequence != 0) line["sequence"] = packet.sequence;
  if (packet.dropped) line["dropped"] = describe(*packet.dropped).name;
  return line;
}

class CaptureStream final : public Stream {
 public:
  CaptureStream(const StreamContext& context, const CaptureTap::Options& options, std::uint64_t end_at)
      : observers_(context.observers),
        client_(context.client),
        heartbeat_(context.now_nanoseconds),
        end_at_(end_at) {
    CaptureTap::Options each = options;
    for (std::size_t i = 0; i < observers_.count(); ++i) {
      each.knows_sas = i + 1 != observers_.count();  // the last one is the manager
      taps_.push_back(std::make_unique<CaptureTap>(each));
      observers_.add(i, *taps_.back());
    }
  }
  CaptureStream(const CaptureStream&) = delete;
  CaptureStream& operator=(const CaptureStream&) = delete;
  ~CaptureStream() override { stop(); }

  bool step(std::uint64_t now) override {
    const bool over = now >= end_at_;
    if (over) stop();
    const bool all = drain(now);
    if (over && all) {
      client_.send({{"end", counts()}});
      return false;
    }
    if (heartbeat_.is_due(now)) heartbeat_.sent(client_.send({{"progress", counts()}}), now);
    return client_.is_there() && heartbeat_.is_alive(now);
  }
  void end() override { end_at_ = 0; }
  [[nodiscard]] channel::JsonServer::ClientId client() const override { return client_.id(); }

 private:
  void stop() {
    if (std::exchange(stopped_, true)) return;
    for (std::size_t i = 0; i < taps_.size(); ++i) observers_.remove(i, *taps_[i]);
  }

  // Oldest first among the workers. False: there is more.
  bool drain(std::uint64_t now) {
    const CycleTime clock;
    for (unsigned sent = 0; sent < most_packets_a_step; ++sent) {
      const std::size_t worker = oldest();
      if (worker == taps_.size()) return true;
      const bool taken = client_.send({{"packet", packet_json(*taps_[worker]->front(), clock, worker)}});
      heartbeat_.sent(taken, now);
      ++(taken ? sent_ : unsent_);
      taps_[worker]->pop();
    }
    return false;
  }

  [[nodiscard]] std::size_t oldest() const {
    std::size_t found = taps_.size();
    std::uint64_t cycles = 0;
    for (std::size_t i = 0; i < taps_.size(); ++i) {
      const auto view = taps_[i]->front();
      if (!view || (found != taps_.size() && view->packet.cycles >= cycles)) continue;
      found = i;
      cycles = view->packet.cycles;
    }
    return found;
  }

  [[nodiscard]] json counts() const {
    std::uint64_t missed = unsent_;
    for (const auto& tap : taps_) missed += tap->missed();
    return {{"captured", sent_}, {"missed", missed}};
  }

  Observers& observers_;
  StreamClient client_;
  Heartbeat heartbeat_;
  std::uint64_t end_at_;
  bool stopped_ = false;
  std::vector<std::unique_ptr<CaptureTap>> taps_;
  std::uint64_t sent_ = 0;
  std::uint64_t unsent_ = 0;  // the client did not read fast enough
};

}  // namespace

StartedOrError start_capture(const StreamContext& context, const json& request) {
  const std::string name = request.at("point");
  const auto point = find_capture_point(name);
  if (!point)
    return tl::unexpected("no point is called \"" + name +
                          "\"; points: outside-rx, decrypted, before-encrypt, outside-tx");
  const std::uint32_t snap = request.value("snap", default_snap_bytes);
  if (snap < least_snap_bytes || snap > most_snap_bytes)
    return tl::unexpected(std::string("snap: 64 to 65535 bytes"));
  const double seconds = request.value("seconds", 0.0);
  if (seconds < 0 || seconds >= 1e9) return tl::unexpected(std::string("seconds: 0 (no end) or more"));
  const std::uint64_t end_at =
      seconds == 0 ? UINT64_MAX : context.now_nanoseconds + static_cast<std::uint64_t>(seconds * 1e9);
  const CaptureTap::Options options{.point = *point,
                                    .outside_port = context.gateway.outside().id(),
                                    .hops = &context.gateway.hops,
                                    .slots = std::bit_floor(std::min(most_slots, most_tap_bytes / snap)),
                                    .snap_bytes = snap};
  return StartedStream{
      std::make_unique<CaptureStream>(context, options, end_at),
      {{"point", name}, {"link", has_link_header(*point) ? "ethernet" : "raw"}, {"snap", snap}}};
}

}  // namespace espgate::dataplane::live
