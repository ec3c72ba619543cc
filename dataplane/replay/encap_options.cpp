// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/encap_options.h"

#include "dataplane/replay/encap_suite.h"
#include "dataplane/replay/same_file.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

tl::unexpected<Error> usage(std::string_view option, std::string what, std::string hint = {}) {
  return fail({std::move(what), std::string(option), std::move(hint), ErrorKind::usage});
}

// The whole of `text` as a decimal number up to `most`.
std::optional<unsigned> parse_decimal(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

template <typename T, std::size_t Count>
Expected<T> parse_word(std::string_view option, std::string_view text,
                       const std::array<std::pair<std::string_view, T>, Count>& words) {
  std::string known;
  for (const auto& [word, value] : words) {
    if (word == text) return value;
    known += known.empty() ? word : fmt::format(" or {}", word);
  }
  return usage(option, fmt::format("expected {}, got \"{}\"", known, text));
}

// Outer addresses are IPv4: NAT traversal is.
Expected<std::uint32_t> parse_ipv4(std::string_view option, std::string_view text) {
  const auto address = wire::IpAddress::from_string(text);
  if (!address || !address->is_v4() || address->as_v4() == 0)
    return usage(option, fmt::format("expected an IPv4 address, got \"{}\"", text));
  return address->as_v4();
}

Expected<Ipv4Network> parse_network(std::string_view option, std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = wire::IpAddress::from_string(text.substr(0, slash));
  const auto length =
      slash == std::string_view::npos ? std::nullopt : parse_decimal(text.substr(slash + 1), 32);
  if (!address || !address->is_v4() || !length)
    return usage(option, fmt::format("expected an IPv4 network such as 198.51.100.0/24, got \"{}\"", text));
  const Ipv4Network network{address->as_v4(), *length};
  const std::uint64_t size = std::uint64_t{1} << (32 - *length);
  if ((network.first & (size - 1)) != 0)
    return usage(
        option, fmt::format("{} has bits behind the prefix", text),
        fmt::format("expected {}/{}",
                    wire::IpAddress::v4(network.first & ~static_cast<std::uint32_t>(size - 1)).to_string(),
                    *length));
  return network;
}

Expected<std::optional<std::uint16_t>> parse_client_port(std::string_view option, std::string_view text) {
  if (text == "random") return std::nullopt;
  const auto port = parse_decimal(text, 65535);
  if (!port || *port == 0)
    return usage(option, fmt::format("expected random or a UDP port, got \"{}\"", text));
  return static_cast<std::uint16_t>(*port);
}

Expected<crypto::EngineChoice> parse_engine(std::string_view text) {
  const auto engine = crypto::parse_engine_choice(text);
  if (!engine) return usage("--engine", engine.error());
  return *engine;
}

// People write the format's name as they do the other options'.
Expected<KeyFormat> parse_format(std::string text) {
  std::ranges::replace(text, '-', '_');
  auto format = parse_key_format(text);
  if (!format) return usage("--keys-format", format.error().what, format.error().hint);
  return format;
}

template <typename T>
Expected<void> take(Expected<T> parsed, auto& into) {
  if (!parsed) return fail(std::move(parsed.error()));
  into = *parsed;
  return {};
}

Expected<void> check_files(const EncapOptions& options) {
  // Standard input is not standard output.
  const bool from_file = options.input != "-";
  if (from_file && same_file(options.input, options.output))
    return usage("--write", fmt::format("{} is the input", options.output), "name another file");
  if (from_file && same_file(options.input, options.key_output))
    return usage("--write-keys", fmt::format("{} is the input", options.key_output), "name another file");
  if (same_file(options.output, options.key_output))
    return usage("--write-keys", fmt::format("{} is where the packets go", options.key_output),
                 "name another file");
  return {};
}

Expected<void> check_addresses(const EncapOptions& options) {
  if (options.nat_address) {
    if (options.plain_esp)
      return usage("--behind-nat", "a NAT tells clients apart by UDP ports, which plain ESP has not",
                   "leave out --plain-esp");
    if (options.nat_address == options.server) return usage("--behind-nat", "is the server's address");
    if (options.clients > nat_ports)
      return usage("--behind-nat", fmt::format("one address has ports for {} clients, not for {}", nat_ports,
                                               options.clients));
    return {};
  }
  const Ipv4Network network = options.network();
  if (network.hosts() < options.clients)
    return usage("--client-network", fmt::format("{} has {} addresses for {} clients", network.to_string(),
                                                 network.hosts(), options.clients));
  if (network.contains(options.server))
    return usage("--client-network", fmt::format("{} contains the server's address", network.to_string()));
  return {};
}

Expected<void> check_sequence_numbers(const EncapOptions& options) {
  if (!options.esn && options.sequence_start > 0xffff'ffff)
    return usage("--sequence-start", "sequence numbers have 32 bits", "add --esn for 64");
  // A key file gives the receiver the upper half, and with it that upper:0 has come already.
  if ((options.sequence_start & 0xffff'ffff) == 0)
    return usage("--sequence-start",
                 fmt::format("no receiver can be told to expect {}", options.sequence_start),
                 fmt::format("start with {}", options.sequence_start + 1));
  return {};
}

}  // namespace

std::uint64_t Ipv4Network::hosts() const {
  const std::uint64_t size = std::uint64_t{1} << (32 - prefix_length);
  return prefix_length >= 31 ? size : size - 2;
}

std::uint32_t Ipv4Network::host(std::uint32_t index) const {
  return first + index + (prefix_length >= 31 ? 0 : 1);
}

bool Ipv4Network::contains(std::uint32_t address) const {
  return (std::uint64_t{address} >> (32 - prefix_length)) == (std::uint64_t{first} >> (32 - prefix_length));
}

std::string Ipv4Network::to_string() const {
  return fmt::format("{}/{}", wire::IpAddress::v4(first).to_string(), prefix_length);
}

Ipv4Network EncapOptions::network() const {
  constexpr Ipv4Network documentation{0xc633'6400, 24};  // TEST-NET-2, RFC 5737 §3
  constexpr Ipv4Network benchmarking{0xc612'0000, 15};   // RFC 2544, appendix C.2.2
  if (client_network) return *client_network;
  return clients <= documentation.hosts() ? documentation : benchmarking;
}

Expected<void> parse_texts(const EncapTexts& texts, EncapOptions& options) {
  static constexpr std::array links{std::pair<std::string_view, OutputLink>("ethernet", OutputLink::ethernet),
                                    std::pair<std::string_view, OutputLink>("raw", OutputLink::raw_ip)};
  static constexpr std::array directions{
      std::pair<std::string_view, EncapDirection>("to-server", EncapDirection::to_server),
      std::pair<std::string_view, EncapDirection>("to-client", EncapDirection::to_client)};
  auto done = take(parse_suite("--suite", texts.suite), options.suite);
  if (done) done = take(parse_format(texts.key_format), options.key_format);
  if (done) done = take(parse_engine(texts.engine), options.engine);
  if (done) done = take(parse_word("--link", texts.link, links), options.link);
  if (done) done = take(parse_word("--direction", texts.direction, directions), options.direction);
  if (done) done = take(parse_client_port("--client-port", texts.client_port), options.client_port);
  if (done) done = take(parse_ipv4("--server", texts.server), options.server);
  if (done && !texts.nat_address.empty())
    done = take(parse_ipv4("--behind-nat", texts.nat_address), options.nat_address);
  if (done && !texts.client_network.empty())
    done = take(parse_network("--client-network", texts.client_network), options.client_network);
  return done;
}

Expected<void> check_options(const EncapOptions& options) {
  auto done = check_addresses(options);
  if (done) done = check_sequence_numbers(options);
  if (done) done = check_files(options);
  return done;
}

}  // namespace espgate::replay
