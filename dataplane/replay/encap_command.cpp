// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/command.h"
#include "dataplane/replay/encap.h"

#include <memory>

namespace espgate::replay {
namespace {

void add_files(CLI::App& command, EncapOptions& options, EncapTexts& texts) {
  command.add_option("IN", options.input, "capture of IP packets (pcap or pcapng), - for standard input")
      ->required();
  auto* keys = command.add_option("--write-keys", options.key_output,
                                  "keys of both directions, - for standard output");
  command.add_option("--write", options.output, "the encapsulated packets; pcapng if it ends so")
      ->needs(keys);
  command
      .add_option("--keys-format", texts.key_format,
                  "json, xfrm, ip-batch (installs them) or esp_sa (Wireshark's)")
      ->capture_default_str();
  command.add_option("--link", texts.link, "what frames begin with: ethernet, or raw for IP")
      ->capture_default_str();
}

void add_clients(CLI::App& command, EncapOptions& options, EncapTexts& texts) {
  command.add_option("--clients", options.clients, "how many; inner addresses take turns")
      ->check(CLI::Range(1U, max_encap_clients))
      ->capture_default_str();
  command.add_option("--server", texts.server, "the gateway's outer address")->capture_default_str();
  auto* network =
      command.add_option("--client-network", texts.client_network,
                         "the clients' outer addresses (default 198.51.100.0/24, or 198.18.0.0/15 for many)");
  command
      .add_option("--behind-nat", texts.nat_address, "one outer address for all clients, told apart by port")
      ->excludes(network);
  command.add_option("--direction", texts.direction, "to-server, or to-client as the gateway itself sends")
      ->capture_default_str();
  command.add_option("--seed", options.seed, "makes every run the same; its keys are for tests only");
}

void add_forms(CLI::App& command, EncapOptions& options, EncapTexts& texts) {
  command.add_option("--suite", texts.suite, "of ESP: aes256-sha1, aes128gcm16, ...")->required();
  command.add_flag("--plain-esp", options.plain_esp, "IP protocol 50 instead of UDP port 4500");
  command.add_flag("--esn", options.esn, "sequence numbers of 64 bits");
  command.add_option("--sequence-start", options.sequence_start, "of every SA")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_flag("--length-bit", options.length_field, "L2TP headers with a length field");
  command.add_flag("--compress-ppp", options.compress_ppp,
                   "PPP without FF 03 and with a protocol field of one byte");
  command.add_option("--client-port", texts.client_port, "the client's L2TP port: 1701, another, or random")
      ->capture_default_str();
  command.add_option("--mtu", options.mtu, "drop what gets longer, in bytes of outer IP")
      ->check(CLI::Range(std::uint16_t{68}, std::uint16_t{65535}));
}

void add_run(CLI::App& command, EncapOptions& options, EncapTexts& texts) {
  command.add_option("--engine", texts.engine, "auto, ipsec_mb or openssl")->capture_default_str();
  auto* loop = command.add_option("--loop", options.loops, "play the capture N times; the first is written")
                   ->check(CLI::Range(1ULL, 1'000'000'000ULL));
  command
      .add_option("--duration", options.duration_seconds,
                  "play the capture again and again for that many seconds")
      ->check(CLI::Range(0.001, 1e9))
      ->excludes(loop);
  command.add_flag("--json", options.json, "print one JSON object");
}

}  // namespace

void add_encap(CLI::App& app, Command& chosen) {
  CLI::App* command =
      app.add_subcommand("encap", "make L2TP/IPsec of a capture's IP packets, as clients send it");
  auto options = std::make_shared<EncapOptions>();
  auto texts = std::make_shared<EncapTexts>();
  add_files(*command, *options, *texts);
  add_clients(*command, *options, *texts);
  add_forms(*command, *options, *texts);
  add_run(*command, *options, *texts);
  command->callback([options, texts, &chosen] {
    chosen = [options, texts]() -> Expected<void> {
      if (auto parsed = parse_texts(*texts, *options); !parsed) return parsed;
      return run_encap(*options);
    };
  });
}

}  // namespace espgate::replay
