// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/command.h"
#include "dataplane/replay/send.h"
#include "wire/ip_address.h"

#include <charconv>
#include <memory>
#include <string>

namespace espgate::replay {
namespace {

// Options whose text we parse ourselves, so that a wrong one is explained like any other error.
struct SendTexts {
  std::string rate = "max";
  std::string to;
  std::vector<std::string> answer_arp;
};

Expected<wire::MacAddress> parse_mac(const std::string& text) {
  wire::MacAddress mac;
  const auto wrong = [&] {
    return fail({.what = "\"" + text + "\" is no MAC address",
                 .where = "--to",
                 .hint = "write it as 02:00:00:00:00:01",
                 .kind = ErrorKind::usage});
  };
  if (text.size() != 17) return wrong();
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
    std::uint8_t value = 0;
    const char* digits = text.data() + 3 * i;
    const auto [end, error] = std::from_chars(digits, digits + 2, value, 16);
    if (error != std::errc() || end != digits + 2 || (i != 5 && text[3 * i + 2] != ':')) return wrong();
    mac.bytes[i] = std::byte{value};
  }
  return mac;
}

Expected<void> parse_texts(const SendTexts& texts, SendOptions& options) {
  const auto pace = Pace::parse(texts.rate);
  if (!pace) return fail(pace.error());
  options.pace = *pace;
  if (!texts.to.empty()) {
    const auto mac = parse_mac(texts.to);
    if (!mac) return fail(mac.error());
    options.to = *mac;
  }
  for (const std::string& text : texts.answer_arp) {
    const auto address = wire::IpAddress::from_string(text);
    if (!address || !address->is_v4())
      return fail({.what = "\"" + text + "\" is no IPv4 address",
                   .where = "--answer-arp",
                   .hint = {},
                   .kind = ErrorKind::usage});
    options.answer_arp.push_back(address->as_v4());
  }
  return {};
}

}  // namespace

void add_send(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("send", "transmit a capture by a port and report what comes back");
  auto options = std::make_shared<SendOptions>();
  auto texts = std::make_shared<SendTexts>();
  command->add_option("IN", options->input, "capture (pcap or pcapng), - for standard input")->required();
  command->add_option("--port", options->device, "DPDK device: net_af_packet0,iface=eth1, or a PCI address")
      ->required();
  command->add_option("--rate", texts->rate, "max, capture (its time stamps), or packets a second")
      ->capture_default_str();
  command->add_option("--loop", options->loops, "send the capture N times")
      ->check(CLI::Range(1ULL, 1'000'000'000ULL));
  command->add_option("--to", texts->to, "destination MAC address of all frames, instead of the capture's");
  command->add_option("--answer-arp", texts->answer_arp,
                      "say that the port has this IPv4 address; may be repeated");
  command
      ->add_option("--wait", options->wait_seconds,
                   "seconds to wait for what comes back behind the last frame")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  command->add_option("--write", options->output, "what came back; pcapng if it ends so");
  command->add_option("--keys", options->key_file, "tells which SAs of what came back could be decrypted");
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback([options, texts, &chosen] {
    chosen = [options, texts]() -> Expected<void> {
      if (auto parsed = parse_texts(*texts, *options); !parsed) return parsed;
      return run_send(*options);
    };
  });
}

}  // namespace espgate::replay
