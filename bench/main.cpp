// SPDX-License-Identifier: Apache-2.0
// Cycles of the whole packet path and of its cryptography alone, in pairs. bench/run drives this and reports.
#include "bench/round.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

namespace espgate::bench {
namespace {

struct Load {
  std::string_view name;
  std::vector<std::uint16_t> sizes;  // of inner IP packets, in equal shares
};

// IMIX: 64, 570 and 1400 bytes at 7:4:1.
const std::array loads = {Load{"64", {64}}, Load{"256", {256}}, Load{"1024", {1024}}, Load{"1400", {1400}},
                          Load{"imix", {64, 64, 64, 64, 64, 64, 64, 570, 570, 570, 570, 1400}}};
constexpr std::array<std::string_view, 5> suite_names = {"aes256-sha1", "aes256-sha256", "aes128-sha1",
                                                         "aes128gcm16", "aes256gcm16"};
constexpr std::array<std::uint32_t, 4> tunnel_counts = {1, 1'000, 10'000, 100'000};
constexpr std::array<std::string_view, 2> engine_names = {"ipsec_mb", "openssl"};

struct Options {
  std::uint32_t packets = 4096;  // a round's
  int rounds = 8;                // a repetition's
  bool damage = false;
};

struct Case {
  Way way;
  std::string_view engine;
  std::string_view suite;
  std::uint32_t tunnels;
  const Load* load;

  [[nodiscard]] std::string name() const {
    return fmt::format("{}/{}/{}/{}/{}", way == Way::inbound ? "inbound" : "outbound", engine, suite,
                       load->name, tunnels);
  }
};

bool any_failed = false;

// Keys of 100,000 tunnels take a while, so cases that follow each other share them.
Tunnels& tunnels_of(const Case& wanted) {
  static std::unique_ptr<Tunnels> tunnels;
  static std::string made_for;
  if (const auto key = fmt::format("{}/{}/{}", wanted.engine, wanted.suite, wanted.tunnels);
      key != made_for) {
    tunnels.reset();
    tunnels = std::make_unique<Tunnels>(crypto::parse_engine_choice(wanted.engine).value(),
                                        crypto::find_suite(wanted.suite).value(), wanted.tunnels);
    made_for = key;
  }
  return *tunnels;
}

double median(std::vector<double> values) {
  const std::size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle), values.end());
  return values[middle];
}

bool count_stages(Round& round, benchmark::State& state) {
  StageTimes times;
  if (!round.time_stages(times) || !round.time_stages(times)) return false;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i].empty()) continue;
    state.counters[fmt::format("stage_{:02}_{}", i, dataplane::stage_names[i])] =
        times[i].cycles_per_packet();
  }
  return true;
}

// Google Benchmark's time is the path's; the counters, in cycles per packet, are medians over the rounds.
bool measure(benchmark::State& state, Round& round, double packets) {
  std::vector<double> path, crypto, difference;
  if (!round.path() || !round.crypto()) return false;  // warms up
  for ([[maybe_unused]] auto _ : state) {
    const auto path_cycles = round.path();
    const auto crypto_cycles = round.crypto();
    if (!path_cycles || !crypto_cycles) return false;
    state.SetIterationTime(*path_cycles * packets / dataplane::cycles_per_second());
    path.push_back(*path_cycles);
    crypto.push_back(*crypto_cycles);
    difference.push_back(path.back() - crypto.back());
  }
  state.counters["path"] = median(path);
  state.counters["crypto"] = median(crypto);
  state.counters["difference"] = median(difference);
  return count_stages(round, state);
}

void run(benchmark::State& state, const Case& wanted, PacketSet& packets, bool damage) try {
  packets.set_sizes(wanted.load->sizes);
  Tunnels& tunnels = tunnels_of(wanted);
  const auto round = wanted.way == Way::inbound ? make_inbound_round(tunnels, packets)
                                                : make_outbound_round(tunnels, packets);
  if (damage) round->damage_packets();
  state.counters["inner_bytes"] = packets.mean_bytes();
  state.SetLabel(std::string(tunnels.receiver().engine->does(crypto::find_suite(wanted.suite).value())));
  if (measure(state, *round, packets.count())) return;
  any_failed = true;
  state.SkipWithError("a packet is missing, or came out other than it went in");
} catch (const std::exception& error) {
  any_failed = true;
  state.SkipWithError(error.what());
}

void add_cases(PacketSet& packets, const Options& options) {
  for (const auto engine : engine_names) {
    if (!crypto::make_engine(crypto::parse_engine_choice(engine).value())) continue;  // the context says why
    for (const auto suite : suite_names)
      for (const auto tunnels : tunnel_counts)
        for (const Way way : {Way::inbound, Way::outbound})
          for (const Load& load : loads) {
            const Case wanted{way, engine, suite, tunnels, &load};
            benchmark::RegisterBenchmark(
                wanted.name().c_str(), [wanted, &packets, damage = options.damage](
                                           benchmark::State& state) { run(state, wanted, packets, damage); })
                ->Iterations(options.rounds)
                ->UseManualTime()
                ->Unit(benchmark::kMicrosecond);
          }
  }
}

// Of this process, in KiB: whether tables and packets really lie in huge pages.
std::string huge_page_memory() {
  std::ifstream file("/proc/self/smaps_rollup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("AnonHugePages:")) return line.substr(line.find_first_not_of(' ', 14));
  return "unknown";
}

void add_context(const Options& options) {
  benchmark::AddCustomContext("compiler", ESPGATE_BENCH_COMPILER);
  benchmark::AddCustomContext("flags", ESPGATE_BENCH_FLAGS);
  benchmark::AddCustomContext("tsc_ghz", fmt::format("{:.3f}", dataplane::cycles_per_second() / 1e9));
  benchmark::AddCustomContext("packets_per_round", std::to_string(options.packets));
  benchmark::AddCustomContext("rounds_per_repetition", std::to_string(options.rounds));
  benchmark::AddCustomContext("packet_set_huge_pages", huge_page_memory());
  for (const auto name : engine_names) {
    const auto engine = crypto::make_engine(crypto::parse_engine_choice(name).value());
    benchmark::AddCustomContext(fmt::format("engine_{}", name),
                                engine ? (*engine)->description() : engine.error());
  }
}

// Our own options, which Google Benchmark has left over. false: not understood.
bool parse(int argc, char** argv, Options& options) {
  const auto number = [](std::string_view text, auto& out) {
    return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc{};
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("--packets=")) {
      if (!number(argument.substr(10), options.packets)) return false;
    } else if (argument.starts_with("--rounds=")) {
      if (!number(argument.substr(9), options.rounds)) return false;
    } else if (argument == "--damage") {
      options.damage = true;
    } else {
      return false;
    }
  }
  return options.rounds > 0 && options.packets != 0 && options.packets % dataplane::max_burst == 0;
}

int run_all(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  Options options;
  if (!parse(argc, argv, options)) {
    fmt::print(stderr, "usage: {} [--packets=MULTIPLE-OF-64] [--rounds=N] [--damage] [--benchmark_…]\n",
               argv[0]);
    return 2;
  }
  PacketSet packets(options.packets);
  add_context(options);
  add_cases(packets, options);
  const std::size_t count = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return any_failed || count == 0 ? 1 : 0;
}

}  // namespace
}  // namespace espgate::bench

int main(int argc, char** argv) { return espgate::bench::run_all(argc, argv); }
