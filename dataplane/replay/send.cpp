// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/send.h"

#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/replay/capture_writer.h"
#include "dataplane/replay/inspect_summary.h"
#include "dataplane/replay/key_file.h"
#include "dataplane/replay/sender.h"

#include <algorithm>
#include <iostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace espgate::replay {
namespace {

using dataplane::dpdk::BufferPool;
using dataplane::dpdk::Port;

constexpr std::uint16_t mtu = 9001;
constexpr std::uint32_t largest_frame = mtu + 18;
// An af_packet device may be given ring frames as large as this.
constexpr std::uint32_t buffer_bytes = 16384 + 512;

Error port_error(std::string what) {
  return {.what = std::move(what), .where = "--port", .hint = {}, .kind = ErrorKind::input};
}

Expected<void> start_dpdk(const std::string& device) {
  dataplane::dpdk::EalOptions options;
  options.megabytes = 256;
  if (!device.starts_with("net_")) {
    options.pci = {device};
    options.hugepages = dataplane::dpdk::hugepages_available();
  }
  if (auto started = dataplane::dpdk::start(options); !started) return fail(port_error(started.error()));
  return {};
}

Expected<void> report_of(const SendOptions& options, const Sender& sender, const KnownKeys* keys) {
  const SendResult& result = sender.result();
  const InspectionSummary back(sender.returned(), keys);
  const double seconds = std::max(result.seconds, 1e-9);
  const double packets_per_second = static_cast<double>(result.sent) / seconds;
  const double gbps = static_cast<double>(result.sent_bytes) * 8 / seconds / 1e9;
  if (options.json) {
    const nlohmann::ordered_json report = {
        {"sent",
         {{"frames", result.sent},
          {"bytes", result.sent_bytes},
          {"seconds", result.seconds},
          {"packets_per_second", packets_per_second},
          {"gbps", gbps},
          {"port_was_full", result.refusals}}},
        {"received", {{"frames", result.received}, {"bytes", result.received_bytes}}},
        {"arp_answers", result.arp_answers},
        {"came_back", nlohmann::ordered_json::parse(back.json())}};
    std::cout << report.dump(2) << '\n' << std::flush;
  } else {
    std::cout << fmt::format("sent      {} frames, {} bytes in {:.3f} s: {:.0f} packets/s, {:.3f} Gbit/s",
                             result.sent, result.sent_bytes, result.seconds, packets_per_second, gbps)
              << (result.refusals == 0 ? "" : fmt::format("; the port was full {} times", result.refusals))
              << fmt::format("\nreceived  {} frames, {} bytes", result.received, result.received_bytes)
              << (result.arp_answers == 0 ? ""
                                          : fmt::format("; {} ARP requests answered", result.arp_answers))
              << "\n\nwhat came back\n"
              << back.text() << std::flush;
  }
  if (!std::cout)
    return fail(
        {.what = "can't be written", .where = "standard output", .hint = {}, .kind = ErrorKind::output});
  return {};
}

Expected<std::optional<CaptureWriter>> open_output(const std::string& path) {
  if (path.empty()) return std::nullopt;
  auto writer = CaptureWriter::create(path, OutputLink::ethernet, TimestampPrecision::nanoseconds);
  if (!writer) return fail(writer.error());
  return std::move(*writer);
}

Expected<std::optional<KnownKeys>> read_known_keys(const std::string& path) {
  if (path.empty()) return std::nullopt;
  const auto keys = read_key_file(path);
  if (!keys) return fail(keys.error());
  return KnownKeys(*keys);
}

}  // namespace

Expected<void> run_send(const SendOptions& options) {
  const auto keys = read_known_keys(options.key_file);
  if (!keys) return fail(keys.error());
  if (auto started = start_dpdk(options.device); !started) return started;
  auto pool = BufferPool::create("send", {.ordinary = 4096, .large = 1, .bytes = buffer_bytes});
  if (!pool) return fail(port_error(pool.error()));
  auto port = Port::open({.device = options.device}, *pool);
  if (!port) return fail(port_error(port.error()));
  const auto load = FrameLoad::read(options.input, options.to, (*port)->mac(), largest_frame);
  if (!load) return fail(load.error());
  auto writer = open_output(options.output);
  if (!writer) return fail(writer.error());
  Sender sender(options, *load, **port, *pool, std::move(*writer));
  auto ran = sender.run();
  if (auto reported = report_of(options, sender, *keys ? &**keys : nullptr); !reported) return reported;
  return ran;
}

}  // namespace espgate::replay
