// SPDX-License-Identifier: Apache-2.0
#include "config/printable.h"
#include "config/sections.h"
#include "config/spelling.h"
#include "wire/ip_address.h"

#include <charconv>

namespace espgate::config {
namespace {

constexpr std::uint32_t least_window = 32;  // packets; what the data plane's windows can be
constexpr std::uint32_t most_window = 4096;
constexpr std::uint16_t least_mru = 576;
constexpr std::uint16_t most_mru = 9001;

std::optional<crypto::SuiteId> read_suite(Section& section) {
  std::string name;
  if (!section.text("suite", name)) {
    section.require("suite", "for example suite = \"aes256-sha256\"");
    return std::nullopt;
  }
  if (const auto found = crypto::find_suite(name)) return found;
  std::vector<std::string_view> names;
  for (const crypto::Suite& known : crypto::suites()) names.push_back(known.name);
  section.error("suite", "unknown suite " + in_quotes(name), suggestion(name, names));
  return std::nullopt;
}

// "198.51.100.7:4500"; without a port, 4500.
bool parse_endpoint(std::string_view text, std::uint32_t& address, std::uint16_t& port) {
  const std::size_t colon = text.rfind(':');
  const auto parsed = wire::IpAddress::from_string(text.substr(0, colon));
  if (!parsed || !parsed->is_v4()) return false;
  if (colon != std::string_view::npos) {
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return false;
  }
  address = parsed->as_v4();
  return true;
}

void read_remote(Section& section, StaticPeer& peer) {
  std::string text;
  std::uint32_t address = 0;
  if (!section.text("remote", text)) return;
  if (parse_endpoint(text, address, peer.remote_port)) {
    peer.remote_address = address;
    return;
  }
  section.error("remote", "remote: expected an IPv4 address and UDP port like \"198.51.100.7:4500\", got " +
                              in_quotes(text));
}

void read_id(Section& section, std::string_view key, std::uint16_t& id) {
  if (!section.number<std::uint16_t>(key, id, 1)) section.require(key, "an L2TP id from 1 to 65535");
}

// inbound = { spi = …, key = "…", integrity_key = "…" }
void read_sa(Section& peer, std::string_view direction, std::optional<crypto::SuiteId> suite, StaticSa& sa) {
  auto section = peer.section(direction, fmt::format("{} of [[static_peer]]", direction));
  if (!section) {
    peer.require(direction,
                 fmt::format("write {} = {{ spi = …, key = \"0x…\", integrity_key = \"0x…\" }}", direction));
    return;
  }
  if (!section->number<std::uint32_t>("spi", sa.spi, 1)) section->require("spi");
  const bool key_is_bad = !section->secret("key", sa.cipher_key) && section->has("key");
  const bool integrity_key_is_bad =
      !section->secret("integrity_key", sa.integrity_key) && section->has("integrity_key");
  section->finish();
  if (key_is_bad || integrity_key_is_bad || !suite) return;  // has been complained of
  const auto lengths = crypto::check_key_lengths(*suite, sa.cipher_key.size(), sa.integrity_key.size());
  if (!lengths) peer.error(direction, fmt::format("{}: {}", direction, lengths.error()));
}

}  // namespace

void read_static_peer(Section section, StaticPeer& peer) {
  peer.where = section.where();
  if (!section.text("name", peer.name)) section.require("name");
  const auto suite = read_suite(section);
  if (suite) peer.suite = *suite;
  section.flag("esn", peer.esn);
  section.number("replay_window", peer.replay_window, least_window, most_window);
  read_remote(section, peer);
  if (!section.address("inner_address", peer.inner_address)) section.require("inner_address");
  section.number("mru", peer.mru, least_mru, most_mru);
  read_id(section, "tunnel", peer.tunnel);
  read_id(section, "session", peer.session);
  read_id(section, "peer_tunnel", peer.peer_tunnel);
  read_id(section, "peer_session", peer.peer_session);
  read_sa(section, "inbound", suite, peer.inbound);
  read_sa(section, "outbound", suite, peer.outbound);
  section.finish();
}

}  // namespace espgate::config
