// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/command.h"
#include "dataplane/replay/decap.h"
#include "dataplane/replay/same_file.h"

#include <memory>
#include <string>

namespace espgate::replay {
namespace {

// Options whose text we parse ourselves, so that a wrong one is explained like any other error.
struct DecapTexts {
  std::string engine = "auto";
  std::string rate = "max";
  std::string filter;
};

Expected<void> parse_texts(const DecapTexts& texts, DecapOptions& options) {
  const auto engine = crypto::parse_engine_choice(texts.engine);
  if (!engine)
    return fail({.what = engine.error(), .where = "--engine", .hint = {}, .kind = ErrorKind::usage});
  options.engine = *engine;
  const auto pace = Pace::parse(texts.rate);
  if (!pace) return fail(pace.error());
  options.pace = *pace;
  if (texts.filter.empty()) return {};
  const auto filter = PacketFilter::parse(texts.filter);
  if (!filter) return fail(filter.error());
  options.filter = *filter;
  return {};
}

// An output that is also an input would be emptied before it is read.
Expected<void> check_files(const DecapOptions& options) {
  for (const std::string& input : {options.input, options.key_file})
    if (input != "-" && same_file(input, options.output))
      return fail({.what = options.output + " is an input",
                   .where = "--write",
                   .hint = "name another file",
                   .kind = ErrorKind::usage});
  return {};
}

}  // namespace

void add_decap(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("decap", "decrypt a capture: its inner packets into a file");
  auto options = std::make_shared<DecapOptions>();
  auto texts = std::make_shared<DecapTexts>();
  command->add_option("IN", options->input, "capture (pcap or pcapng), - for standard input")->required();
  command->add_option("--keys", options->key_file, "`ip xfrm state`, Wireshark's esp_sa, or our JSON")
      ->required();
  command->add_option("--write", options->output, "inner packets, raw IP; pcapng if it ends so");
  command->add_option("--engine", texts->engine, "auto, ipsec_mb or openssl")->capture_default_str();
  command->add_option("--replay-window", options->window_packets, "anti-replay window in packets")
      ->check(CLI::Range(32U, 4096U))
      ->capture_default_str();
  command->add_option("--rate", texts->rate, "max, capture (its time stamps), or packets a second")
      ->capture_default_str();
  auto* loop = command->add_option("--loop", options->loops, "play the capture N times")
                   ->check(CLI::Range(1ULL, 1'000'000'000ULL));
  command
      ->add_option("--duration", options->duration_seconds,
                   "play the capture again and again for that many seconds")
      ->check(CLI::Range(0.001, 1e9))
      ->excludes(loop);
  command->add_option("--filter", texts->filter, "only this SPI (0x...), or this outer address");
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback([options, texts, &chosen] {
    chosen = [options, texts]() -> Expected<void> {
      if (auto parsed = parse_texts(*texts, *options); !parsed) return parsed;
      if (auto checked = check_files(*options); !checked) return checked;
      return run_decap(*options);
    };
  });
}

}  // namespace espgate::replay
