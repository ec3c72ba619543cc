// SPDX-License-Identifier: Apache-2.0
// [l2tp], [ppp], [users], [[group]] and [[pool]]: what clients would stumble over once IKE is through.
#include "config/checks.h"
#include "config/mru.h"
#include "config/printable.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace espgate::config {
namespace {

void check_users(Checker& checker) {
  const Config& config = checker.config;
  if (config.users.enabled && !config.ike.enabled) {
    checker.warn("users", "[users] has no effect without [ike]: no client gets as far as L2TP",
                 "add [ike] with a pre-shared key");
  }
  if (config.users.enabled) return;
  for (const char* section : {"l2tp", "ppp"})
    if (checker.has(section))
      checker.warn(section, fmt::format("[{}] has no effect without [users]: L2TP is refused", section),
                   "add [users] with file = \"/etc/espgate/chap-secrets\"");
}

void check_l2tp(Checker& checker) {
  const L2tp& l2tp = checker.config.l2tp;
  if (l2tp.require_challenge && l2tp.secret.empty())
    checker.error("l2tp.require_challenge", "a client can't prove that it knows a secret that is not there",
                  "set l2tp.secret; native clients of telephones and Windows have none");
}

// What the safest suites leave of an outer packet. A client that was told more has its packets fragmented.
void check_mru(Checker& checker) {
  const Config& config = checker.config;
  const auto suite = crypto::find_suite("aes256-sha256");
  const unsigned most = suite ? largest_mru(crypto::suite(*suite), config.outer_mtu) : 0;
  if (most == 0 || config.ppp.mru <= most || !config.users.enabled) return;
  checker.warn("ppp.mru",
               fmt::format("inner packets of {} bytes do not fit into outer ones of {} (gateway.outer_mtu): "
                           "they are sent as fragments",
                           config.ppp.mru, config.outer_mtu),
               fmt::format("mru = {} or less", most));
}

void check_echo(Checker& checker) {
  const Ppp& ppp = checker.config.ppp;
  const unsigned noticed = ppp.echo_interval_seconds * ppp.echo_failures;
  if (ppp.dead_after_seconds == 0 || ppp.echo_interval_seconds == 0 || ppp.dead_after_seconds >= noticed)
    return;
  checker.warn("ppp.dead_after_seconds",
               fmt::format("sessions end after {} s of silence, before {} echoes, {} s apart, are unanswered",
                           ppp.dead_after_seconds, ppp.echo_failures, ppp.echo_interval_seconds),
               fmt::format("dead_after_seconds = {} or more", noticed));
}

void check_told_addresses(Checker& checker) {
  const Ppp& ppp = checker.config.ppp;
  const auto check = [&](std::string_view key, std::uint32_t address) {
    if (is_host_address(address)) return;
    checker.error(fmt::format("ppp.{}", key),
                  fmt::format("{} is no address that a host can have", address_text(address)));
  };
  for (const std::uint32_t address : ppp.dns) check("dns", address);
  for (const std::uint32_t address : ppp.nbns) check("nbns", address);
  if (ppp.gateway_address) check("gateway_address", *ppp.gateway_address);
}

// The data plane answers for its ports' addresses. One of the pool, as pppd likes to have it, is nobody
// else's; any other may be a host's that clients want to reach.
void check_gateway_address(Checker& checker) {
  const Config& config = checker.config;
  if (!config.ppp.gateway_address) return;
  const std::uint32_t address = *config.ppp.gateway_address;
  const auto ports = ports_of(config);
  const bool on_link = std::ranges::any_of(ports, [&](const NamedPort& named) {
    return named.port.address.contains(address) && named.port.address.address != address;
  });
  if (on_link)
    checker.error(
        "ppp.gateway_address",
        fmt::format("{} is on a link of the gateway, but not its own address there", address_text(address)),
        "leave it out for the address of the inside port");
  for (const StaticPeer& peer : config.static_peers)
    if (peer.inner_address == address)
      checker.error("ppp.gateway_address", fmt::format("{} is the inner address of static peer {}",
                                                       address_text(address), in_quotes(peer.name)));
}

void check_auth(Checker& checker) {
  const auto& auth = checker.config.ppp.auth;
  const auto pap = std::ranges::find(auth, AuthMethod::pap);
  if (pap == auth.begin() && auth.size() > 1)
    checker.warn("ppp.auth", "\"pap\" is asked for first, and no client then uses anything better",
                 "put it last");
}

bool overlap(const AddressRange& a, const AddressRange& b) { return a.first <= b.last && b.first <= a.last; }

// How many addresses the exclusions leave.
std::uint64_t left_of(const Pool& pool) {
  std::uint64_t left = 0;
  std::uint64_t next = pool.range.first;
  std::vector<AddressRange> excluded = pool.excluded;
  std::ranges::sort(excluded, {}, &AddressRange::first);
  for (const AddressRange& part : excluded) {
    if (part.first > next)
      left += std::min<std::uint64_t>(part.first, pool.range.last + std::uint64_t{1}) - next;
    next = std::max(next, std::uint64_t{part.last} + 1);
    if (next > pool.range.last) return left;
  }
  return left + pool.range.last + 1 - next;
}

void check_range(Checker& checker, const Pool& pool, const std::string& path) {
  const wire::Ipv4Prefix network = checker.config.client_pool;
  if (!network.contains(pool.range.first) || !network.contains(pool.range.last))
    return checker.error(path,
                         fmt::format("the pool {} has addresses outside of clients.pool, {}",
                                     in_quotes(pool.name), network.to_string()),
                         "pools are parts of clients.pool: make that larger");
  if (left_of(pool) == 0)
    checker.error(path, fmt::format("the pool {} has no address left", in_quotes(pool.name)));
}

void check_groups(Checker& checker) {
  const Config& config = checker.config;
  std::set<std::string> names, users;
  for (std::size_t i = 0; i < config.groups.size(); ++i) {
    const Group& group = config.groups[i];
    const std::string path = fmt::format("group[{}]", i);
    if (!names.insert(group.name).second)
      checker.error(path + ".name", fmt::format("there are two groups {}", in_quotes(group.name)));
    if (!group.pool.empty() && std::ranges::find(config.pools, group.pool, &Pool::name) == config.pools.end())
      checker.error(path + ".pool", fmt::format("no [[pool]] is called {}", in_quotes(group.pool)));
    for (const std::string& user : group.users)
      if (!users.insert(user).second)
        checker.error(path + ".users", fmt::format("{} is in two groups", in_quotes(user)));
  }
}

}  // namespace

void check_pools(Checker& checker) {
  const auto& pools = checker.config.pools;
  std::set<std::string> users;
  const Pool* for_all = nullptr;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const Pool& pool = pools[i];
    const std::string path = fmt::format("pool[{}]", i);
    check_range(checker, pool, path);
    for (std::size_t other = 0; other < i; ++other) {
      if (pools[other].name == pool.name)
        checker.error(path + ".name", fmt::format("there are two pools {}", in_quotes(pool.name)));
      if (overlap(pools[other].range, pool.range))
        checker.error(path, fmt::format("the pools {} and {} overlap", in_quotes(pools[other].name),
                                        in_quotes(pool.name)));
    }
    for (const std::string& user : pool.users)
      if (!users.insert(user).second)
        checker.error(path + ".users", fmt::format("{} stands in two places", in_quotes(user)));
    const bool of_group = std::ranges::any_of(checker.config.groups,
                                              [&](const Group& group) { return group.pool == pool.name; });
    if (!pool.users.empty() || of_group) continue;
    if (for_all != nullptr)
      checker.error(path,
                    fmt::format("the pools {} and {} are both for everybody", in_quotes(for_all->name),
                                in_quotes(pool.name)),
                    "say with \"users\" who gets addresses from which");
    for_all = &pool;
  }
}

void check_dial_in(Checker& checker) {
  check_users(checker);
  check_groups(checker);
  check_l2tp(checker);
  check_mru(checker);
  check_echo(checker);
  check_told_addresses(checker);
  check_gateway_address(checker);
  check_auth(checker);
}

}  // namespace espgate::config
