// SPDX-License-Identifier: Apache-2.0
// espgate capture: packets as they pass a point of the data plane, into a file.
#include "channel/json_socket.h"
#include "cli/capture/bpf_filter.h"
#include "cli/capture/captured_packet.h"
#include "cli/command.h"
#include "cli/gateway_client.h"
#include "cli/interrupt.h"
#include "dataplane/replay/capture_writer.h"

#include <memory>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

struct CaptureOptions {
  GatewayOptions gateway;
  std::string point;
  std::string filter;
  std::string file;
  std::uint64_t count = 0;  // 0: no end
  double seconds = 0;
  std::uint32_t snap_bytes = 2048;
};

struct Totals {
  std::uint64_t written = 0, filtered = 0, missed = 0;
};

// One capture, from the first packet to the closed file.
class Capture {
 public:
  Capture(channel::JsonClient& connection, BpfFilter filter, replay::CaptureWriter writer,
          std::uint64_t count)
      : connection_(connection), filter_(std::move(filter)), writer_(std::move(writer)), count_(count) {}

  // Error: the connection broke, or the file can't be written.
  tl::expected<Totals, std::string> run() {
    const Interrupt interrupt;
    while (!ended_) {
      // The data plane says something several times a second.
      auto line = connection_.next(std::chrono::seconds(15));
      if (line && !asked_to_end_ && (interrupt.happened() || is_full())) {
        if (auto done = take(*line); !done) return tl::unexpected(done.error());
        asked_to_end_ = true;
        line = connection_.ask({{"command", "end"}});
      }
      if (!line) return tl::unexpected(line.error());
      if (auto done = take(*line); !done) return tl::unexpected(done.error());
    }
    if (auto closed = writer_.close(); !closed) return tl::unexpected(closed.error().to_string());
    return totals_;
  }

 private:
  [[nodiscard]] bool is_full() const { return count_ != 0 && totals_.written >= count_; }

  tl::expected<void, std::string> take(const json& line) {
    if (line.contains("end")) {
      ended_ = true;
      totals_.missed = line.at("end").at("missed");
    }
    if (!line.contains("packet") || is_full()) return {};
    const auto packet = read_captured_packet(line.at("packet"));
    if (!packet) return tl::unexpected(packet.error());
    if (!filter_.matches(packet->bytes, packet->length)) {
      ++totals_.filtered;
      return {};
    }
    ++totals_.written;
    const auto written = writer_.write({.nanoseconds = packet->nanoseconds,
                                        .bytes = packet->bytes,
                                        .original_length = packet->length,
                                        .comment = packet->comment});
    if (!written) return tl::unexpected(written.error().to_string());
    return {};
  }

  channel::JsonClient& connection_;
  BpfFilter filter_;
  replay::CaptureWriter writer_;
  std::uint64_t count_;
  Totals totals_;
  bool asked_to_end_ = false;
  bool ended_ = false;
};

tl::expected<Totals, std::string> capture(const CaptureOptions& options) {
  const auto client = GatewayClient::find(options.gateway);
  if (!client) return tl::unexpected(client.error());
  auto connection = channel::JsonClient::connect(client->dataplane_socket());
  if (!connection) return tl::unexpected(connection.error());
  // The file comes last: what is wrong elsewhere must not cost an old one.
  const bool ethernet = options.point.starts_with("outside");
  auto filter = BpfFilter::compile(options.filter, ethernet);
  if (!filter) return tl::unexpected(filter.error());
  const auto answer = connection->ask({{"command", "capture"},
                                       {"point", options.point},
                                       {"snap", options.snap_bytes},
                                       {"seconds", options.seconds}});
  if (!answer) return tl::unexpected(answer.error());
  auto writer = replay::CaptureWriter::create(
      options.file, ethernet ? replay::OutputLink::ethernet : replay::OutputLink::raw_ip,
      replay::TimestampPrecision::nanoseconds);
  if (!writer) return tl::unexpected(writer.error().to_string());
  return Capture(*connection, std::move(*filter), std::move(*writer), options.count).run();
}

int run_capture(const CaptureOptions& options, const Output& output) {
  const auto totals = capture(options);
  if (!totals) {
    output.err << "espgate: " << totals.error() << '\n';
    return failure;
  }
  const json report = {{"file", options.file},
                       {"written", totals->written},
                       {"filtered", totals->filtered},
                       {"missed", totals->missed}};
  // The file may be standard output.
  if (options.gateway.json)
    output.err << report.dump() << '\n';
  else
    output.err << fmt::format("{} packets written, {} did not match the filter, {} missed\n", totals->written,
                              totals->filtered, totals->missed);
  return success;
}

}  // namespace

void add_capture(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("capture", "copy packets at a point of the data plane into a file");
  auto options = std::make_shared<CaptureOptions>();
  add_gateway_options(*command, options->gateway);
  command->add_option("--point", options->point, "where")
      ->required()
      ->check(CLI::IsMember({"outside-rx", "decrypted", "before-encrypt", "outside-tx"}));
  command->add_option("--filter", options->filter,
                      "only what matches, as tcpdump takes it: \"udp port 4500\"");
  command
      ->add_option("-w,--write", options->file, "the file: NAME.pcapng, NAME.pcap, or - for standard output")
      ->required();
  command->add_option("-n", options->count, "end after so many packets were written");
  command->add_option("--seconds", options->seconds, "end after so long")->check(CLI::NonNegativeNumber);
  command->add_option("--snap", options->snap_bytes, "bytes of each packet at most")
      ->capture_default_str()
      ->check(CLI::Range(64, 65535));
  command->callback([options, &chosen] {
    chosen = [options](const Output& output) { return run_capture(*options, output); };
  });
}

}  // namespace espgate::cli
