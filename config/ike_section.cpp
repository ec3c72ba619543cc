// SPDX-License-Identifier: Apache-2.0
#include "config/legacy_proposal.h"
#include "config/preshared_key.h"
#include "config/printable.h"
#include "config/sections.h"
#include "config/spelling.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <array>

namespace espgate::config {
namespace {

constexpr unsigned least_lifetime = 300;  // seconds; less would be spent on rekeying
constexpr unsigned most_lifetime = 7 * 86400;
constexpr unsigned most_interval = 3600;
constexpr unsigned least_fragment = 576;  // bytes; RFC 791: what every host takes
constexpr unsigned most_fragment = 9001;
constexpr unsigned most_half_open = 1U << 20;
constexpr unsigned most_dh_threads = 64;
constexpr std::uint32_t least_kilobytes = 1024;  // or 0, none
constexpr std::size_t longest_identity = 255;
constexpr std::array<Choice<DpdAction>, 1> dpd_actions = {{{"clear", DpdAction::clear}}};

// A secret, from the file itself.
bool read_key(Section& section, std::string_view key, crypto::SecretBytes& into) {
  crypto::SecretBytes characters;
  if (!section.secret_text(key, characters)) return false;
  auto parsed = parse_preshared_key(characters.bytes());
  if (!parsed) {
    section.error(key, fmt::format("{}: not a pre-shared key: {}", key, parsed.error()));
    return false;
  }
  into = std::move(*parsed);
  return true;
}

void read_psk(Section section, Psk& psk) {
  psk.where = section.where();
  read_key(section, "secret", psk.key);
  std::string file;
  if (section.text("secret_file", file)) {
    psk.file = file;
    psk.where = section.where("secret_file");
    if (!psk.file.is_absolute())
      section.error("secret_file", "secret_file: expected a path from the root, got " + in_quotes(file));
  }
  if (section.has("secret") && section.has("secret_file"))
    section.error("secret_file", "\"secret\" and \"secret_file\" say the same thing twice",
                  "keep one of them");
  if (!section.has("secret_file")) section.require("secret", "or \"secret_file\", a file that holds it");
  section.networks("from", psk.from);
  section.finish();
}

// psk = "…" is the short form of a single [[ike.psk]].
void read_psks(Section& section, Ike& ike) {
  if (section.holds_text("psk")) {
    Psk psk;
    psk.where = section.where("psk");
    if (read_key(section, "psk", psk.key)) ike.psks.push_back(std::move(psk));
  } else {
    for (const Section& each : section.sections("psk")) read_psk(each, ike.psks.emplace_back());
  }
  if (!section.has("psk")) section.require("psk", "write psk = \"…\", or a table [[ike.psk]] for each");
  ike.enabled = !ike.psks.empty();
}

bool is_name(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

// Digits and dots: an address, or meant for one.
bool looks_like_address(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

void read_identity(Section& section, std::string& identity) {
  std::string text;
  if (!section.text("identity", text)) return;
  const std::string given = text;
  if (text.starts_with('@')) text.erase(0, 1);  // Openswan's "leftid=@name"
  const auto address = wire::IpAddress::from_string(text);
  const bool is_address = address && address->is_v4();
  if (is_address ||
      (!text.empty() && text.size() <= longest_identity && is_name(text) && !looks_like_address(text))) {
    identity = text;
    return;
  }
  section.error("identity", "identity: expected an IPv4 address or a name like \"vpn.example.com\", got " +
                                in_quotes(given));
}

void read_legacy(Section& section, Ike& ike) {
  std::vector<PlacedText> tokens;
  section.texts("legacy", tokens, "[\"3des-sha1-modp1024\"]");
  for (PlacedText& token : tokens) {
    if (token.text == "aggressive") {
      ike.aggressive = true;
    } else if (const auto proposal = parse_legacy_proposal(token.text)) {
      ike.legacy_proposals.push_back(*proposal);
    } else {
      section.error(token.where, "legacy: " + proposal.error());
      continue;
    }
    ike.legacy.push_back(std::move(token.text));
  }
}

void read_legacy_esp(Section& section, Ike& ike) {
  std::vector<std::string_view> names;
  for (const crypto::Suite& suite : crypto::suites())
    if (suite.legacy) names.push_back(suite.name);
  std::vector<PlacedText> tokens;
  section.texts("legacy_esp", tokens, "[\"3des-sha1\"]");
  for (const PlacedText& token : tokens) {
    const auto suite = crypto::find_suite(token.text);
    if (!suite) {
      section.error(token.where, "legacy_esp: unknown suite " + in_quotes(token.text),
                    suggestion(token.text, names));
    } else if (!crypto::suite(*suite).legacy) {
      section.error(token.where, "legacy_esp: " + in_quotes(token.text) +
                                     " is accepted without being named; leave it out");
    } else {
      ike.legacy_esp.push_back(*suite);
    }
  }
}

// "10.0.0.0/8" or "!10.40.0.0/24". Inclusions go before exclusions, so that the last rule to fit decides.
void read_client_networks(Section& section, std::vector<AddressRule>& rules) {
  std::vector<PlacedText> tokens;
  if (!section.texts("allowed_client_networks", tokens, "[\"10.0.0.0/8\", \"!10.40.0.0/24\"]")) return;
  std::vector<AddressRule> exclusions;
  for (const PlacedText& token : tokens) {
    const bool excluded = token.text.starts_with('!');
    const std::string text = token.text.substr(excluded ? 1 : 0);
    const auto prefix =
        text.find('/') == std::string::npos ? std::nullopt : wire::Ipv4Prefix::from_string(text);
    if (!prefix || prefix->network() != *prefix) {
      section.error(
          token.where,
          "allowed_client_networks: expected an IPv4 network like \"10.0.0.0/8\", or \"!10.40.0.0/24\" "
          "for one that is not allowed, got " +
              in_quotes(token.text),
          prefix ? fmt::format("write \"{}{}\"", excluded ? "!" : "", prefix->network().to_string()) : "");
      continue;
    }
    (excluded ? exclusions : rules).push_back({*prefix, excluded});
  }
  if (rules.empty() && !exclusions.empty()) rules.push_back({});
  rules.insert(rules.end(), exclusions.begin(), exclusions.end());
}

void read_lifetimes(Section& section, Ike& ike) {
  section.number("lifetime_seconds", ike.lifetime_seconds, least_lifetime, most_lifetime);
  section.number("sa_lifetime_seconds", ike.sa_lifetime_seconds, least_lifetime, most_lifetime);
  std::uint32_t kilobytes = 0;
  if (section.number("sa_lifetime_kilobytes", kilobytes, 0U)) {
    ike.sa_lifetime_kilobytes = kilobytes;
    if (kilobytes != 0 && kilobytes < least_kilobytes)
      section.error("sa_lifetime_kilobytes",
                    fmt::format("sa_lifetime_kilobytes: expected 0, for none, or at least {}, got {}",
                                least_kilobytes, kilobytes));
  }
  section.flag("rekey", ike.rekey);
  section.number("rekey_margin_seconds", ike.rekey_margin_seconds, 10U, most_interval);
}

void read_liveness(Section& section, Ike& ike) {
  section.number("dpd_delay_seconds", ike.dpd_delay_seconds, 0U, most_interval);
  section.number("dpd_timeout_seconds", ike.dpd_timeout_seconds, 10U, 24 * most_interval);
  section.choice("dpd_action", ike.dpd_action, dpd_actions);
  section.number("keepalive_seconds", ike.keepalive_seconds, 0U, most_interval);
}

void read_limits(Section& section, Ike& ike) {
  section.number("max_half_open", ike.max_half_open, 1U, most_half_open);
  section.number("max_half_open_per_address", ike.max_half_open_per_address, 1U, most_half_open);
  section.number("max_half_open_per_network", ike.max_half_open_per_network, 1U, most_half_open);
  section.number("half_open_seconds", ike.half_open_seconds, 5U, 300U);
  section.number("dh_threads", ike.dh_threads, 1U, most_dh_threads);
  section.number("fragment_size", ike.fragment_size, least_fragment, most_fragment);
}

}  // namespace

void read_ike(Section section, Ike& ike) {
  read_psks(section, ike);
  read_identity(section, ike.identity);
  read_legacy(section, ike);
  read_legacy_esp(section, ike);
  read_client_networks(section, ike.allowed_client_networks);
  section.flag("force_encapsulation", ike.force_encapsulation);
  read_lifetimes(section, ike);
  read_liveness(section, ike);
  read_limits(section, ike);
  section.finish();
}

}  // namespace espgate::config
