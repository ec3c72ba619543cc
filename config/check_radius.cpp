// SPDX-License-Identifier: Apache-2.0
// [radius], and what [users] has to do with it.
#include "config/checks.h"

#include <fmt/format.h>

namespace espgate::config {
namespace {

constexpr unsigned patience_of_clients = 60;  // seconds that PPP waits for the outcome of a login

void check_source(Checker& checker) {
  const Config& config = checker.config;
  const bool asked = config.users.source == UserSource::radius;
  if (asked && !config.radius.enabled)
    checker.error("users.source", "\"radius\" knows the users, and there is no [radius] to say who that is",
                  "add [radius] with a table [[radius.server]]");
  if (!asked) return;
  for (const char* key : {"file", "server"})
    if (checker.has(fmt::format("users.{}", key)))
      checker.warn(fmt::format("users.{}", key),
                   fmt::format("{} has no effect where RADIUS knows the users", key),
                   "leave it out, or say source = \"file\"");
}

void check_effect(Checker& checker) {
  const Config& config = checker.config;
  if (!config.users.enabled) {
    checker.warn("radius", "[radius] has no effect without [users]: L2TP is refused",
                 "add [users] with source = \"radius\"");
  } else if (config.users.source == UserSource::file && !config.radius.accounting) {
    checker.warn("radius", "[radius] is asked nothing: users come from a file, and accounting is off",
                 "say users.source = \"radius\", or accounting = true");
  }
}

void check_servers(Checker& checker) {
  const auto& servers = checker.config.radius.servers;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    for (std::size_t other = 0; other < i; ++other)
      if (servers[other].address == servers[i].address && servers[other].port == servers[i].port)
        checker.error(
            fmt::format("radius.server[{}].address", i),
            fmt::format("{} port {} stands there twice", servers[i].address.to_string(), servers[i].port));
  }
}

}  // namespace

void check_radius(Checker& checker) {
  check_source(checker);
  const Radius& radius = checker.config.radius;
  if (!radius.enabled) return;
  check_effect(checker);
  check_servers(checker);
  if (radius.nas_ip_address && !is_host_address(*radius.nas_ip_address))
    checker.error("radius.nas_ip_address",
                  fmt::format("{} is no address that a host can have", address_text(*radius.nas_ip_address)));
  const bool logins = checker.config.users.source == UserSource::radius;
  if (logins && radius.longest_wait_seconds() >= patience_of_clients)
    checker.warn("radius.timeout_seconds",
                 fmt::format("{} servers, {} tries of {} s each, are {} s, and clients give up after {}",
                             radius.servers.size(), radius.tries, radius.timeout_seconds,
                             radius.longest_wait_seconds(), patience_of_clients),
                 "fewer tries, or less time for each");
}

}  // namespace espgate::config
