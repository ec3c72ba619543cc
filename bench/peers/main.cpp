// SPDX-License-Identifier: Apache-2.0
// espgate-port-bench: a gateway's worker between two DPDK devices, and what it is compared with. peers.py
// drives it; docs/benchmarking.md says what for.
#include "bench/peers/crypto_alone.h"
#include "bench/peers/measured_gateway.h"
#include "bench/peers/traffic.h"
#include "dataplane/cycle_clock.h"
#include "dataplane/replay/capture_writer.h"

#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sched.h>

namespace espgate::bench {
namespace {

using nlohmann::json;

struct Words {
  std::string suite = "aes128gcm16";
  std::string size = "64";
  std::string shape = "tunnel";
  std::uint32_t sas = 1;
  std::uint32_t packets = 0;
  std::string pcap;
  std::string secgw;
  unsigned cpu = 0;
  MeasuredGateway::Options gateway;
};

Traffic traffic_of(const Words& words) {
  Traffic traffic;
  const auto suite = crypto::find_suite(words.suite);
  const auto sizes = Traffic::parse_sizes(words.size);
  if (!suite) throw std::runtime_error("no such suite: " + words.suite);
  if (!sizes) throw std::runtime_error("not \"imix\" nor 28 to 1400 bytes: " + words.size);
  traffic.suite = *suite;
  traffic.sizes = *sizes;
  traffic.shape = words.shape == "l2tp" ? Shape::l2tp : Shape::tunnel;
  traffic.sas = words.sas;
  traffic.packets = words.packets;
  return traffic;
}

void write_capture(const std::string& path, const std::vector<Frame>& frames) {
  auto writer = replay::CaptureWriter::create(path, replay::OutputLink::ethernet,
                                              replay::TimestampPrecision::microseconds);
  if (!writer) throw std::runtime_error(writer.error().what);
  for (const Frame& frame : frames) {
    replay::OutputFrame record;
    record.bytes = frame.bytes;
    if (auto written = writer->write(record); !written) throw std::runtime_error(written.error().what);
  }
  if (auto closed = writer->close(); !closed) throw std::runtime_error(closed.error().what);
}

void make_traffic(const Words& words) {
  const Traffic traffic = traffic_of(words);
  auto engine = crypto::make_engine(crypto::EngineChoice::automatic);
  if (!engine) throw std::runtime_error(engine.error());
  write_capture(words.pcap, make_frames(traffic, **engine));
  if (!words.secgw.empty()) std::ofstream(words.secgw) << secgw_configuration(traffic);
}

void say(const json& line) { std::cout << line.dump() << "\n" << std::flush; }

json counts_of(const MeasuredGateway& gateway) {
  const auto counts = gateway.counts();
  json line = {
      {"cycles", counts.cycles}, {"packets", counts.packets}, {"bytes", counts.bytes}, {"lost", counts.lost}};
  for (std::size_t i = 0; i < dataplane::drop_reason_count; ++i)
    if (gateway.stats().drops[i] != 0)
      line["drops"][std::string(dataplane::describe(static_cast<dataplane::DropReason>(i)).name)] =
          static_cast<std::uint64_t>(gateway.stats().drops[i]);
  for (std::size_t i = 0; i < dataplane::stage_names.size(); ++i) {
    const dataplane::StageStats& stage = gateway.stats().stages[i];
    if (stage.packets != 0)
      line["stages"][std::string(dataplane::stage_names[i])] = {
          {"packets", static_cast<std::uint64_t>(stage.packets)},
          {"bursts", static_cast<std::uint64_t>(stage.bursts)},
          {"cycles", static_cast<std::uint64_t>(stage.cycles)}};
  }
  return line;
}

// Answers "count", "stages" (from now on they are timed) and "no stages", a line each, until the input ends.
void run(Words words) {
  words.gateway.core = words.cpu;
  auto gateway = MeasuredGateway::create(words.gateway, traffic_of(words));
  if (!gateway) throw std::runtime_error(gateway.error());
  (*gateway)->start();
  say({{"engine", (*gateway)->engine()}, {"hz", dataplane::cycles_per_second()}});
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "stages" || line == "no stages") (*gateway)->time_stages(line == "stages");
    say(counts_of(**gateway));
  }
}

// Answers "MILLISECONDS" with cycles per packet.
void run_crypto(const Words& words) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(words.cpu, &cpus);
  sched_setaffinity(0, sizeof cpus, &cpus);
  CryptoAlone crypto(traffic_of(words));
  say({{"engine", crypto.engine()}, {"hz", dataplane::cycles_per_second()}});
  for (std::string line; std::getline(std::cin, line);)
    say({{"cycles_per_packet", crypto.cycles_per_packet(static_cast<unsigned>(std::stoul(line)))}});
}

void add_traffic_options(CLI::App& app, Words& words) {
  app.add_option("--suite", words.suite);
  app.add_option("--size", words.size, "inner packets: bytes, or imix");
  app.add_option("--shape", words.shape,
                 "tunnel: ESP in tunnel mode; l2tp: UDP 4500, transport mode, L2TP, PPP")
      ->check(CLI::IsMember({"tunnel", "l2tp"}));
  app.add_option("--sas", words.sas)->check(CLI::Range(1U, 200'000U));
  app.add_option("--packets", words.packets, "of the capture")
      ->required()
      ->check(CLI::Range(64U, 1'000'000U));
}

int main_of(int argc, char** argv) {
  CLI::App app{"what `./dev bench --peers` runs", "espgate-port-bench"};
  app.require_subcommand(1);
  Words words;
  CLI::App* traffic =
      app.add_subcommand("traffic", "writes a capture, and ipsec-secgw's configuration for it");
  add_traffic_options(*traffic, words);
  traffic->add_option("--pcap", words.pcap)->required();
  traffic->add_option("--secgw", words.secgw, "the configuration's file");
  CLI::App* gateway = app.add_subcommand("run", "a gateway's worker, from --outside to --inside");
  add_traffic_options(*gateway, words);
  gateway->add_option("--outside", words.gateway.outside, "a net_pcap device")->required();
  gateway->add_option("--inside", words.gateway.inside);
  gateway->add_option("--cpu", words.cpu, "of the worker");
  gateway->add_option("--buffers", words.gateway.buffers);
  gateway->add_flag("--hugepages", words.gateway.hugepages);
  gateway->add_flag("--strict", words.gateway.strict,
                    "replayed packets are dropped: for a capture that comes once");
  CLI::App* crypto = app.add_subcommand("crypto", "the cryptography alone");
  add_traffic_options(*crypto, words);
  crypto->add_option("--cpu", words.cpu);
  CLI11_PARSE(app, argc, argv);
  if (traffic->parsed()) make_traffic(words);
  if (gateway->parsed()) run(words);
  if (crypto->parsed()) run_crypto(words);
  return 0;
}

}  // namespace
}  // namespace espgate::bench

int main(int argc, char** argv) {
  try {
    return espgate::bench::main_of(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "espgate-port-bench: " << error.what() << '\n';
    return 1;
  }
}
