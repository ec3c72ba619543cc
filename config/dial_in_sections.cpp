// SPDX-License-Identifier: Apache-2.0
// [l2tp], [ppp], [users] and [[pool]].
#include "config/printable.h"
#include "config/sections.h"
#include "config/spelling.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <array>

namespace espgate::config {
namespace {

constexpr unsigned most_interval = 3600;     // seconds
constexpr unsigned most_limit = 7 * 86400;   // seconds
constexpr unsigned most_kbit = 400'000'000;  // 400 Gbit/s
constexpr std::uint16_t least_mru = 576;
constexpr std::uint16_t most_mru = 9001;
constexpr std::size_t longest_host_name = 255;
constexpr std::size_t longest_domain = 253;  // RFC 1035 §2.3.4
constexpr std::size_t longest_secret = 255;
constexpr std::size_t most_servers = 2;
constexpr std::size_t most_routes = 64;

constexpr std::array<Choice<AuthMethod>, 3> auth_methods = {
    {{"mschapv2", AuthMethod::mschapv2}, {"chap-md5", AuthMethod::chap_md5}, {"pap", AuthMethod::pap}}};
constexpr std::array<Choice<Sessions>, 3> sessions_choices = {
    {{"several", Sessions::several}, {"one", Sessions::one}, {"replace", Sessions::replace}}};

constexpr std::array<Choice<UserSource>, 2> user_sources = {
    {{"file", UserSource::file}, {"radius", UserSource::radius}}};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '_';
}

// A name that goes into the protocol as it is.
void read_name(Section& section, std::string_view key, std::size_t longest, std::string& into) {
  std::string text;
  if (!section.text(key, text)) return;
  if (text.size() <= longest && std::ranges::all_of(text, is_name_character)) {
    into = text;
    return;
  }
  section.error(
      key, fmt::format("{}: expected a name of at most {} letters, digits, dots and hyphens, got {}", key,
                       longest, in_quotes(text)));
}

void read_auth(Section& section, std::vector<AuthMethod>& methods) {
  std::vector<PlacedText> tokens;
  if (!section.texts("auth", tokens, "[\"mschapv2\", \"pap\"]")) return;
  std::vector<std::string_view> names;
  names.reserve(auth_methods.size());
  for (const auto& [name, method] : auth_methods) names.push_back(name);
  methods.clear();
  for (const PlacedText& token : tokens) {
    const auto found = std::ranges::find(auth_methods, token.text, &Choice<AuthMethod>::first);
    if (found == auth_methods.end()) {
      section.error(token.where, "auth: unknown value " + in_quotes(token.text),
                    suggestion(token.text, names));
    } else if (std::ranges::find(methods, found->second) != methods.end()) {
      section.error(token.where, fmt::format("auth: \"{}\" stands there twice", token.text));
    } else {
      methods.push_back(found->second);
    }
  }
  if (tokens.empty())
    section.error("auth", "auth: nobody can prove who he is by none at all",
                  "leave it out for [\"mschapv2\"]");
}

// Addresses of servers that clients are told.
void read_servers(Section& section, std::string_view key, std::vector<std::uint32_t>& into) {
  std::vector<PlacedText> tokens;
  if (!section.texts(key, tokens, "[\"10.30.0.53\"]")) return;
  for (const PlacedText& token : tokens) {
    const auto address = wire::IpAddress::from_string(token.text);
    if (address && address->is_v4()) {
      into.push_back(address->as_v4());
    } else {
      section.error(token.where, fmt::format("{}: expected an IPv4 address like \"10.30.0.53\", got {}", key,
                                             in_quotes(token.text)));
    }
  }
  if (tokens.size() > most_servers)
    section.error(
        key, fmt::format("{}: clients can be told {} addresses, got {}", key, most_servers, tokens.size()));
}

AddressRange range_of(const wire::Ipv4Prefix& network) {
  return {network.network().address, network.address | ~network.mask()};
}

// "10.40.0.10-10.40.0.19", "10.40.0.7"
std::optional<AddressRange> parse_range(std::string_view text) {
  const std::size_t hyphen = text.find('-');
  const auto trimmed = [](std::string_view part) {
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    return part;
  };
  const auto first = wire::IpAddress::from_string(trimmed(text.substr(0, hyphen)));
  const auto last = hyphen == std::string_view::npos
                        ? first
                        : wire::IpAddress::from_string(trimmed(text.substr(hyphen + 1)));
  if (!first || !last || !first->is_v4() || !last->is_v4() || first->as_v4() > last->as_v4())
    return std::nullopt;
  return AddressRange{first->as_v4(), last->as_v4()};
}

// An address, a range or a network.
std::optional<AddressRange> parse_part(std::string_view text) {
  if (text.find('/') == std::string_view::npos) return parse_range(text);
  const auto network = wire::Ipv4Prefix::from_string(text);
  if (!network || network->network() != *network) return std::nullopt;
  return range_of(*network);
}

// The first and the last address of a network are left out, as everywhere.
void read_pool_prefix(Section& section, Pool& pool) {
  wire::Ipv4Prefix network;
  if (!section.network("prefix", network)) return;
  pool.range = range_of(network);
  if (network.length >= 31) return;
  pool.excluded.push_back({pool.range.first, pool.range.first});
  pool.excluded.push_back({pool.range.last, pool.range.last});
}

void read_pool_range(Section& section, Pool& pool) {
  std::string text;
  if (!section.text("range", text)) return;
  const auto range = parse_range(text);
  if (range) pool.range = *range;
  if (!range)
    section.error("range",
                  "range: expected the first and the last address, like \"10.40.0.10-10.40.0.19\", got " +
                      in_quotes(text));
}

void read_exclude(Section& section, Pool& pool) {
  std::vector<PlacedText> tokens;
  section.texts("exclude", tokens, "[\"10.40.0.12\", \"10.40.0.16/30\"]");
  for (const PlacedText& token : tokens) {
    const auto part = parse_part(token.text);
    if (part) pool.excluded.push_back(*part);
    if (!part)
      section.error(
          token.where,
          "exclude: expected an address, a range like \"10.40.0.10-10.40.0.19\" or a network, got " +
              in_quotes(token.text));
  }
}

void read_user_names(Section& section, std::vector<std::string>& names) {
  std::vector<PlacedText> users;
  section.texts("users", users, "[\"alice\", \"bob\"]");
  for (PlacedText& user : users) {
    if (user.text.empty()) section.error(user.where, "users: expected the name of a user, got \"\"");
    names.push_back(std::move(user.text));
  }
}

void read_terms(Section& section, UserTerms& terms) {
  section.choice("sessions", terms.sessions, sessions_choices);
  section.number("session_limit_seconds", terms.session_limit_seconds, 0U, 52 * most_limit);
  section.number("idle_limit_seconds", terms.idle_limit_seconds, 0U, most_limit);
  section.number("rate_from_client_kbit", terms.rate_from_client_kbit, 0U, most_kbit);
  section.number("rate_to_client_kbit", terms.rate_to_client_kbit, 0U, most_kbit);
}

}  // namespace

void read_l2tp(Section section, L2tp& l2tp) {
  l2tp.where = section.where();
  if (section.secret_text("secret", l2tp.secret) &&
      (l2tp.secret.empty() || l2tp.secret.size() > longest_secret))
    section.error("secret",
                  fmt::format("secret: expected 1 to {} bytes, got {}", longest_secret, l2tp.secret.size()));
  section.flag("require_challenge", l2tp.require_challenge);
  read_name(section, "host_name", longest_host_name, l2tp.host_name);
  section.number("hello_seconds", l2tp.hello_seconds, 0U, most_interval);
  section.flag("sequencing", l2tp.sequencing);
  section.finish();
}

void read_ppp(Section section, Ppp& ppp) {
  ppp.where = section.where();
  read_auth(section, ppp.auth);
  section.number("mru", ppp.mru, least_mru, most_mru);
  section.address("gateway_address", ppp.gateway_address);
  read_servers(section, "dns", ppp.dns);
  read_servers(section, "nbns", ppp.nbns);
  read_name(section, "domain", longest_domain, ppp.domain);
  section.networks("routes", ppp.routes);
  if (ppp.routes.size() > most_routes)
    section.error("routes", fmt::format("routes: clients can be told {} networks, got {}", most_routes,
                                        ppp.routes.size()));
  section.number("echo_interval_seconds", ppp.echo_interval_seconds, 0U, most_interval);
  section.number("echo_failures", ppp.echo_failures, 1U, 100U);
  section.number("dead_after_seconds", ppp.dead_after_seconds, 0U, most_limit);
  section.finish();
}

void read_users(Section section, Users& users, const std::filesystem::path& folder) {
  users.where = section.where();
  users.enabled = true;
  std::string file;
  section.choice("source", users.source, user_sources);
  if (users.source == UserSource::file)
    section.require("file", "a file in the format of pppd's chap-secrets; or source = \"radius\"");
  // What is absolute stays so.
  if (section.text("file", file)) users.file = (folder / file).lexically_normal();
  (void)section.text("server", users.server);
  read_terms(section, users);
  section.finish();
}

void read_group(Section section, const Users& users, Group& group) {
  group.where = section.where();
  group.terms = users;
  if (!section.text("name", group.name)) section.require("name");
  read_user_names(section, group.users);
  section.text("pool", group.pool);
  read_terms(section, group.terms);
  section.finish();
}

void read_pool(Section section, Pool& pool) {
  pool.where = section.where();
  if (!section.text("name", pool.name)) section.require("name");
  read_pool_prefix(section, pool);
  read_pool_range(section, pool);
  if (section.has("prefix") && section.has("range"))
    section.error("range", "\"prefix\" and \"range\" say the same thing twice", "keep one of them");
  if (!section.has("range")) section.require("prefix", "or \"range\", the first and the last address");
  read_exclude(section, pool);
  read_user_names(section, pool.users);
  section.finish();
}

}  // namespace espgate::config
