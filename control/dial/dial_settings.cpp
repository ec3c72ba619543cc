// SPDX-License-Identifier: Apache-2.0
#include "control/dial/dial_settings.h"

namespace espgate::control {
namespace {

ppp::Method method_of(config::AuthMethod method) {
  switch (method) {
    case config::AuthMethod::pap:
      return ppp::Method::pap;
    case config::AuthMethod::chap_md5:
      return ppp::Method::chap_md5;
    case config::AuthMethod::mschapv2:
      break;
  }
  return ppp::Method::mschapv2;
}

}  // namespace

l2tp::Settings l2tp_settings(const config::Config& config) {
  l2tp::Settings settings;
  settings.host_name = config.l2tp.host_name;
  settings.secret = config.l2tp.secret.clone();
  settings.require_challenge = config.l2tp.require_challenge;
  settings.hello = std::chrono::seconds(config.l2tp.hello_seconds);
  // For PPP 0 is never, for a tunnel at once.
  const bool forever = config.ppp.dead_after_seconds == 0;
  settings.dormant =
      forever ? std::chrono::hours(24 * 365) : std::chrono::seconds(config.ppp.dead_after_seconds);
  return settings;
}

ppp::Settings ppp_settings(const config::Config& config) {
  ppp::Settings settings;
  settings.methods.clear();
  for (const config::AuthMethod method : config.ppp.auth) settings.methods.push_back(method_of(method));
  settings.mru = config.ppp.mru;
  settings.gateway_address = config.gateway_address();
  settings.dhcp.domain = config.ppp.domain;
  for (const wire::Ipv4Prefix& route : config.ppp.routes)
    settings.dhcp.routes.push_back({.destination = route, .router = settings.gateway_address});
  settings.echo_interval = std::chrono::seconds(config.ppp.echo_interval_seconds);
  settings.echo_failures = config.ppp.echo_failures;
  settings.dead_after = std::chrono::seconds(config.ppp.dead_after_seconds);
  return settings;
}

}  // namespace espgate::control
