// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/encap.h"

#include "dataplane/cycle_clock.h"
#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/path.h"
#include "dataplane/replay/capture_writer.h"
#include "dataplane/replay/encap_clients.h"
#include "dataplane/replay/encap_report.h"
#include "dataplane/replay/frame_source.h"
#include "dataplane/replay/progress.h"
#include "dataplane/stages/ppp_l2tp_push.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/ipv6.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <iostream>
#include <optional>
#include <utility>

namespace espgate::replay {
namespace {

using dataplane::DropReason;

constexpr unsigned eal_megabytes = 128;
constexpr dataplane::dpdk::BufferPool::Size pool_size{.ordinary = 1024, .large = 256};
// What the largest buffer holds between the room that the stages want; with an outer header it is beyond what
// IP holds, or all but.
constexpr std::size_t longest_inner = 65535 - dataplane::outbound_headroom - dataplane::outbound_tailroom;

// An IP packet without what the link has put behind it, and whose it is: the address that a tunnel's end has.
struct InnerPacket {
  wire::Bytes bytes;
  wire::IpAddress source;
  wire::IpAddress destination;
};

wire::Expected<InnerPacket> parse_inner(const SourceFrame& frame) {
  if (frame.ether_type == wire::ether_type_ipv6) {
    const auto ip = wire::Ipv6Packet::parse(frame.packet);
    if (!ip) return wire::fail(ip.error());
    return InnerPacket{ip->bytes(), ip->source(), ip->destination()};
  }
  const auto ip = wire::Ipv4Packet::parse(frame.packet);
  if (!ip) return wire::fail(ip.error());
  return InnerPacket{ip->bytes(), wire::IpAddress::v4(ip->source()), wire::IpAddress::v4(ip->destination())};
}

bool is_ip(const SourceFrame& frame) {
  return frame.ether_type == wire::ether_type_ipv4 || frame.ether_type == wire::ether_type_ipv6;
}

// One run: a capture's IP packets in bursts through the outbound path.
class Encap {
 public:
  Encap(const EncapOptions& options, FrameSource source, crypto::Engine& engine, EncapClients& clients,
        dataplane::dpdk::BufferPool& pool, CaptureWriter* writer)
      : options_(options),
        source_(std::move(source)),
        clients_(clients),
        pool_(pool),
        writer_(writer),
        path_({.sessions = nullptr, .engine = engine, .stats = stats_}) {}

  // Plays the capture as often as asked. What the input broke off with is told by input_error().
  Expected<void> run();

  [[nodiscard]] const EncapTotals& totals() const { return totals_; }
  [[nodiscard]] const dataplane::WorkerStats& stats() const { return stats_; }
  [[nodiscard]] const std::optional<Error>& input_error() const { return input_error_; }

 private:
  using Clock = std::chrono::steady_clock;
  // What is still to be known of a packet when the stages are through with it.
  struct Loaded {
    std::uint64_t nanoseconds;
    std::uint32_t inner_bytes;
  };

  Expected<void> play_once();
  [[nodiscard]] std::optional<SourceFrame> next_frame();
  void load(const SourceFrame& frame);
  void count_drop(DropReason reason) { ++stats_.drops[static_cast<std::size_t>(reason)]; }
  Expected<void> flush();
  Expected<void> take_outer();
  [[nodiscard]] double seconds_since_start() const;
  [[nodiscard]] bool wants_another_round() const;
  [[nodiscard]] double fraction_done() const;

  const EncapOptions& options_;
  FrameSource source_;
  EncapClients& clients_;
  dataplane::dpdk::BufferPool& pool_;
  CaptureWriter* writer_;
  dataplane::WorkerStats stats_;
  dataplane::OutboundPath path_;
  Progress progress_;
  EncapTotals totals_;
  std::optional<Error> input_error_;
  dataplane::Burst burst_;
  unsigned loaded_ = 0;
  std::array<Loaded, dataplane::max_burst> loads_{};
  Clock::time_point start_;
};

// Sequence numbers go on from round to round.
Expected<void> Encap::run() {
  start_ = Clock::now();
  do {
    if (totals_.rounds > 0) source_.rewind();
    if (auto played = play_once(); !played) return played;
    ++totals_.rounds;
  } while (totals_.packets > 0 && wants_another_round());
  return {};
}

double Encap::seconds_since_start() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

bool Encap::wants_another_round() const {
  if (options_.duration_seconds > 0) return seconds_since_start() < options_.duration_seconds;
  return totals_.rounds < options_.loops;
}

double Encap::fraction_done() const {
  if (options_.duration_seconds > 0) return std::min(1.0, seconds_since_start() / options_.duration_seconds);
  return (static_cast<double>(totals_.rounds) + source_.progress()) / static_cast<double>(options_.loops);
}

std::optional<SourceFrame> Encap::next_frame() {
  auto frame = source_.next();
  if (frame) return *frame;
  input_error_ = std::move(frame.error());
  return std::nullopt;
}

Expected<void> Encap::play_once() {
  while (const auto frame = next_frame()) {
    load(*frame);
    if (loaded_ == dataplane::max_burst)
      if (auto flushed = flush(); !flushed) return flushed;
  }
  return flush();
}

void Encap::load(const SourceFrame& frame) {
  ++totals_.packets;
  if (!is_ip(frame)) {
    ++totals_.not_ip;
    return;
  }
  const auto inner = parse_inner(frame);
  if (!inner) {
    const bool cut = frame.cut || inner.error() == wire::ParseError::truncated;
    return count_drop(cut ? DropReason::frame_cut : DropReason::inner_ip_malformed);
  }
  if (inner->bytes.size() > longest_inner) return count_drop(DropReason::too_big);
  const auto length = static_cast<std::uint32_t>(inner->bytes.size());
  if (!pool_.attach(burst_, loaded_, length, dataplane::outbound_headroom))
    return count_drop(DropReason::buffer_shortage);

  dataplane::Packet& packet = burst_[loaded_];
  std::memcpy(packet.data, inner->bytes.data(), length);
  packet.ether_type = frame.ether_type;
  EncapClient& client =
      clients_.owner_of(options_.direction == EncapDirection::to_server ? inner->source : inner->destination);
  packet.session = &client.session;
  packet.outbound_sa = &client.sa;
  loads_[loaded_++] = {frame.nanoseconds, length};
}

Expected<void> Encap::flush() {
  if (loaded_ == 0) return {};
  burst_.reset(loaded_);
  const std::uint64_t start = dataplane::read_cycles();
  path_.run(burst_);
  totals_.cycles += dataplane::read_cycles() - start;
  auto taken = take_outer();
  pool_.release(burst_);
  loaded_ = 0;
  progress_.update(fraction_done(), totals_.packets);
  return taken;
}

// Counts what came out and writes the first round of it.
Expected<void> Encap::take_outer() {
  Expected<void> written;
  for (const dataplane::Packet& packet : burst_.live()) {
    const auto link_bytes = static_cast<std::size_t>(packet.outer - packet.data);
    const Loaded& loaded = loads_[burst_.index_of(packet)];
    ++totals_.encapsulated;
    totals_.inner_bytes += loaded.inner_bytes;
    totals_.outer_bytes += packet.length - link_bytes;
    if (writer_ != nullptr && totals_.rounds == 0 && written)
      written = writer_->write(
          {.nanoseconds = loaded.nanoseconds, .bytes = packet.bytes(), .original_length = 0, .comment = {}});
  }
  return written;
}

Error system_error(const std::string& text) {
  return {.what = text, .where = {}, .hint = {}, .kind = ErrorKind::input};
}

Expected<std::optional<CaptureWriter>> open_output(const EncapOptions& options, const FrameSource& source) {
  if (options.output.empty()) return std::nullopt;
  const auto precision =
      source.has_nanoseconds() ? TimestampPrecision::nanoseconds : TimestampPrecision::microseconds;
  auto writer = CaptureWriter::create(options.output, options.link, precision);
  if (!writer) return fail(writer.error());
  return std::optional<CaptureWriter>(std::move(*writer));
}

void print(const EncapOptions& options, const EncapReport& report) {
  const bool stdout_taken = options.output == "-" || options.key_output == "-";
  std::ostream& out = stdout_taken ? std::cerr : std::cout;
  out << (options.json ? report.json() : report.text()) << std::flush;
}

}  // namespace

Expected<void> run_encap(const EncapOptions& options) {
  if (auto checked = check_options(options); !checked) return checked;
  auto source = FrameSource::open(options.input, options.repeats());
  if (!source) return fail(source.error());
  auto engine = crypto::make_engine(options.engine);
  if (!engine)
    return fail({.what = engine.error(), .where = "--engine", .hint = {}, .kind = ErrorKind::usage});
  if (auto started = dataplane::dpdk::start_without_ports(eal_megabytes); !started)
    return fail(system_error(started.error()));
  auto pool = dataplane::dpdk::BufferPool::create("encap", pool_size);
  if (!pool) return fail(system_error(pool.error()));
  auto clients = EncapClients::create(options, **engine);
  if (!clients) return fail(clients.error());
  auto writer = open_output(options, *source);
  if (!writer) return fail(writer.error());
  // Before the packets, so that those of a run that breaks off can be read.
  if (!options.key_output.empty())
    if (auto done = write_key_file(options.key_output, options.key_format, (*clients)->keys()); !done)
      return done;
  if (options.seed) std::cerr << "espgate-replay: the keys come from --seed: use them for tests only\n";

  Encap encap(options, std::move(*source), **engine, **clients, *pool, *writer ? &**writer : nullptr);
  auto ran = encap.run();
  if (ran && *writer) ran = (*writer)->close();
  print(options, {options, encap.totals(), encap.stats(), **clients, **engine});
  if (!ran) return ran;
  if (encap.input_error()) return fail(*encap.input_error());
  return {};
}

}  // namespace espgate::replay
