// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/decap.h"

#include "dataplane/cycle_clock.h"
#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/ip_reassembler.h"
#include "dataplane/path.h"
#include "dataplane/replay/capture_writer.h"
#include "dataplane/replay/decap_report.h"
#include "dataplane/replay/frame_source.h"
#include "dataplane/replay/key_file.h"
#include "dataplane/replay/progress.h"

#include <cstring>
#include <iostream>
#include <thread>

namespace espgate::replay {
namespace {

constexpr unsigned eal_megabytes = 128;
constexpr unsigned max_incomplete_datagrams = 64;
constexpr dataplane::dpdk::BufferPool::Size pool_size{.ordinary = 1024, .large = 256};
constexpr std::uint16_t headroom = 128;

Error system_error(const std::string& text) {
  return {.what = text, .where = {}, .hint = {}, .kind = ErrorKind::input};
}

// One run: a capture's frames in bursts through the inbound path.
class Decap {
 public:
  Decap(const DecapOptions& options, FrameSource source, crypto::Engine& engine, const SaStore& store,
        dataplane::dpdk::BufferPool& pool, dataplane::dpdk::IpReassembler& reassembler, CaptureWriter* writer)
      : options_(options),
        source_(std::move(source)),
        pool_(pool),
        reassembler_(reassembler),
        writer_(writer),
        path_({.sas = store.table(),
               .engine = engine,
               .stats = stats_,
               .reassembler = &reassembler,
               .both_directions = true}),
        pace_(options.pace) {}

  // Plays the capture as often as asked. What the input broke off with is told by input_error().
  Expected<void> run();

  [[nodiscard]] const DecapTotals& totals() const { return totals_; }
  [[nodiscard]] const dataplane::WorkerStats& stats() const { return stats_; }
  [[nodiscard]] const Observer& observer() const { return observer_; }
  [[nodiscard]] const std::optional<Error>& input_error() const { return input_error_; }

 private:
  using Clock = PaceClock::Clock;

  Expected<void> play_once();
  [[nodiscard]] std::optional<SourceFrame> next_frame();
  void load(const SourceFrame& frame);
  Expected<void> flush();
  Expected<void> write_inner();
  [[nodiscard]] bool wants_another_round(Clock::time_point start) const;
  [[nodiscard]] double fraction_done(Clock::time_point start) const;

  const DecapOptions& options_;
  FrameSource source_;
  dataplane::dpdk::BufferPool& pool_;
  dataplane::dpdk::IpReassembler& reassembler_;
  CaptureWriter* writer_;
  dataplane::WorkerStats stats_;
  dataplane::InboundPath path_;
  PaceClock pace_;
  Progress progress_;
  Observer observer_;
  DecapTotals totals_;
  std::optional<Error> input_error_;
  dataplane::Burst burst_;
  unsigned loaded_ = 0;
  std::array<std::uint64_t, dataplane::max_burst> nanoseconds_{};
  Clock::time_point start_;
};

Expected<void> Decap::run() {
  start_ = Clock::now();
  do {
    if (totals_.rounds > 0) {
      source_.rewind();
      pace_.restart();
    }
    if (auto played = play_once(); !played) return played;
    ++totals_.rounds;
    reassembler_.flush();
  } while (totals_.packets > 0 && wants_another_round(start_));
  totals_.timed_out_fragments = reassembler_.timed_out();
  stats_.drops[static_cast<std::size_t>(dataplane::DropReason::fragment_timeout)] +=
      totals_.timed_out_fragments;
  return {};
}

bool Decap::wants_another_round(Clock::time_point start) const {
  if (options_.duration_seconds > 0)
    return std::chrono::duration<double>(Clock::now() - start).count() < options_.duration_seconds;
  return totals_.rounds < options_.loops;
}

double Decap::fraction_done(Clock::time_point start) const {
  if (options_.duration_seconds > 0)
    return std::min(1.0,
                    std::chrono::duration<double>(Clock::now() - start).count() / options_.duration_seconds);
  return (static_cast<double>(totals_.rounds) + source_.progress()) / static_cast<double>(options_.loops);
}

std::optional<SourceFrame> Decap::next_frame() {
  for (;;) {
    auto frame = source_.next();
    if (!frame) input_error_ = std::move(frame.error());
    if (!frame || !*frame) return std::nullopt;
    if (!options_.filter || options_.filter->matches((*frame)->ether_type, (*frame)->packet)) return *frame;
  }
}

Expected<void> Decap::play_once() {
  while (const auto frame = next_frame()) {
    if (options_.pace.kind != Pace::Kind::max) {
      const auto due = pace_.due(frame->nanoseconds);
      if (due > Clock::now()) {
        if (auto flushed = flush(); !flushed) return flushed;
        std::this_thread::sleep_until(due);
      }
    }
    load(*frame);
    if (loaded_ == dataplane::max_burst)
      if (auto flushed = flush(); !flushed) return flushed;
  }
  return flush();
}

void Decap::load(const SourceFrame& frame) {
  ++totals_.packets;
  if (frame.cut) ++totals_.cut;
  if (frame.ether_type == 0 || frame.packet.empty()) {
    ++totals_.no_network;
    return;
  }
  if (!pool_.attach(burst_, loaded_, static_cast<std::uint32_t>(frame.packet.size()), headroom)) {
    ++stats_.drops[static_cast<std::size_t>(dataplane::DropReason::buffer_shortage)];
    return;
  }
  std::memcpy(burst_[loaded_].data, frame.packet.data(), frame.packet.size());
  burst_[loaded_].ether_type = frame.ether_type;
  nanoseconds_[loaded_] = frame.nanoseconds;
  ++loaded_;
}

Expected<void> Decap::flush() {
  if (loaded_ == 0) return {};
  burst_.reset(loaded_);
  reassembler_.set_time(nanoseconds_[loaded_ - 1]);
  const std::uint64_t start = dataplane::read_cycles();
  path_.run_from_network_layer(burst_);
  totals_.cycles += dataplane::read_cycles() - start;
  for (const dataplane::Packet& packet : burst_.live()) {
    ++totals_.inner;
    totals_.inner_bytes += packet.length;
  }
  Expected<void> written;
  if (totals_.rounds == 0) {
    observer_.observe(burst_, nanoseconds_[loaded_ - 1]);
    written = write_inner();
  }
  pool_.release(burst_);
  loaded_ = 0;
  progress_.update(fraction_done(start_), totals_.packets);
  return written;
}

Expected<void> Decap::write_inner() {
  if (writer_ == nullptr) return {};
  for (const dataplane::Packet& packet : burst_.live()) {
    const std::uint64_t nanoseconds = nanoseconds_[burst_.index_of(packet)];
    if (auto written = writer_->write(
            {.nanoseconds = nanoseconds, .bytes = packet.bytes(), .original_length = 0, .comment = {}});
        !written)
      return written;
  }
  return {};
}

Expected<std::optional<CaptureWriter>> open_output(const DecapOptions& options, const FrameSource& source) {
  if (options.output.empty()) return std::nullopt;
  const auto precision =
      source.has_nanoseconds() ? TimestampPrecision::nanoseconds : TimestampPrecision::microseconds;
  auto writer = CaptureWriter::create(options.output, OutputLink::raw_ip, precision);
  if (!writer) return fail(writer.error());
  return std::optional<CaptureWriter>(std::move(*writer));
}

}  // namespace

Expected<void> run_decap(const DecapOptions& options) {
  auto keys = read_key_file(options.key_file);
  if (!keys) return fail(keys.error());
  if (keys->empty())
    std::cerr << "espgate-replay: " << options.key_file << " holds no SA, so nothing can be decrypted\n";
  auto source = FrameSource::open(options.input, options.repeats());
  if (!source) return fail(source.error());
  auto writer = open_output(options, *source);
  if (!writer) return fail(writer.error());
  auto engine = crypto::make_engine(options.engine);
  if (!engine)
    return fail({.what = engine.error(), .where = "--engine", .hint = {}, .kind = ErrorKind::usage});
  if (auto started = dataplane::dpdk::start_without_ports(eal_megabytes); !started)
    return fail(system_error(started.error()));
  auto store =
      SaStore::create(std::move(*keys), **engine,
                      {.window_packets = options.window_packets, .ignore_replay = options.repeats()});
  if (!store) return fail(store.error());
  auto pool = dataplane::dpdk::BufferPool::create("replay", pool_size);
  if (!pool) return fail(system_error(pool.error()));
  auto reassembler = dataplane::dpdk::IpReassembler::create(*pool, max_incomplete_datagrams);
  if (!reassembler) return fail(system_error(reassembler.error()));

  Decap decap(options, std::move(*source), **engine, **store, *pool, **reassembler,
              *writer ? &**writer : nullptr);
  auto ran = decap.run();
  if (ran && *writer) ran = (*writer)->close();
  const DecapReport report{decap.totals(),   decap.stats(), **store,
                           decap.observer(), **engine,      options.repeats()};
  // A capture on standard output must stay one.
  std::ostream& out = options.output == "-" ? std::cerr : std::cout;
  out << (options.json ? report.json() : report.text()) << std::flush;
  if (!ran) return ran;
  if (decap.input_error()) return fail(*decap.input_error());
  return {};
}

}  // namespace espgate::replay
