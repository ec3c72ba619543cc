// SPDX-License-Identifier: Apache-2.0
#include "cli/import/old_dial_in.h"

#include "config/printable.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace espgate::openswan {
namespace {

constexpr std::uint8_t widest_pool = 16;  // what stands farther apart is not one pool
constexpr unsigned least_mru = 576, most_mru = 9001;
// Ours, the strongest first: the one that clients are asked for.
constexpr std::array<std::string_view, 3> all_ways = {"mschapv2", "chap-md5", "pap"};

std::string text_of(std::uint32_t address) { return wire::IpAddress::v4(address).to_string(); }

class Finish {
 public:
  Finish(const OldDialIn& old, GatewayDraft& draft, Notes& notes)
      : old_(old), draft_(draft), ours_(*draft.dial_in), notes_(notes) {}

  void run() {
    choose_pool();
    choose_gateway_address();
    choose_auth();
    choose_mru();
  }

 private:
  struct Link {
    std::string_view name;
    wire::Ipv4Prefix network;
  };
  // Links of ours whose addresses are known.
  [[nodiscard]] std::vector<Link> links() const {
    std::vector<Link> links;
    for (const auto& [name, text] : {std::pair{"inside", draft_.surroundings.inside_address},
                                     {"outside", draft_.surroundings.outside_address}})
      if (const auto prefix = wire::Ipv4Prefix::from_string(text); prefix && !text.empty())
        links.push_back({name, *prefix});
    return links;
  }
  [[nodiscard]] std::optional<Link> link_that(const auto& fits) const {
    for (const Link& link : links())
      if (fits(link.network)) return link;
    return std::nullopt;
  }

  void range_lost(const std::string& why) { notes_.lost(*old_.range_where, "ip range: " + why); }

  void choose_pool() {
    if (old_.ranges.empty()) return tell_of_no_range();
    const config::AddressRange whole = old_.ranges.whole();
    wire::Ipv4Prefix network = network_around(whole.first, whole.last);
    if (!draft_.surroundings.pool.empty()) {
      if (!given_pool_holds(whole)) return;
    } else {
      if (network.length < widest_pool)
        return range_lost(fmt::format(
            "{} is wider than one pool may be; choose clients.pool and [[pool]] by hand", whole.to_string()));
      network = widened(network);
      if (const auto link = link_that([&](const auto& there) { return there.overlaps(network); }))
        return range_lost(
            fmt::format("{} lies in the network of [{}], {}, where proxyarp made it work; clients need a "
                        "network of their "
                        "own here (clients.pool), and private hosts a route to it",
                        whole.to_string(), link->name, link->network.network().to_string()));
      ours_.pool = {network.to_string(), "holds " + ranges_text()};
    }
    ours_.range = {whole.to_string(), ranges_text()};
    for (const config::AddressRange& gap : old_.ranges.gaps())
      ours_.excluded.push_back(gap.first == gap.last ? text_of(gap.first) : gap.to_string());
    tell_of_users_outside();
  }

  void tell_of_no_range() {
    if (old_.has_xl2tpd && old_.where.line == 0)
      notes_.lost(old_.where, "no ip range in it: clients.pool is where clients' addresses come from");
  }

  [[nodiscard]] bool given_pool_holds(const config::AddressRange& range) {
    const auto pool = wire::Ipv4Prefix::from_string(draft_.surroundings.pool);
    if (pool && pool->contains(range.first) && pool->contains(range.last)) return true;
    range_lost(fmt::format("{} is not in the pool {}, which is taken instead", range.to_string(),
                           draft_.surroundings.pool));
    return false;
  }

  [[nodiscard]] std::string ranges_text() const {
    constexpr std::size_t most = 2;
    std::string text;
    for (std::size_t i = 0; i < std::min(most, old_.range_origins.size()); ++i)
      text += (i == 0 ? "" : ", ") + old_.range_origins[i];
    return text + (old_.range_origins.size() > most ? ", …" : "");
  }

  // So that it holds the gateway's own address and those of users who have one, as far as they are near.
  [[nodiscard]] wire::Ipv4Prefix widened(wire::Ipv4Prefix network) const {
    const auto take = [&](std::uint32_t address) {
      const wire::Ipv4Prefix wider = network_around(network.address, address);
      if (wider.length >= network.length || wider.length < widest_pool) return;
      if (link_that([&](const auto& there) { return there.overlaps(wider); })) return;
      network = wider;
    };
    if (old_.local_ip) take(old_.local_ip->value);
    for (const auto& [address, user] : old_.fixed_addresses) take(address);
    return network;
  }

  void tell_of_users_outside() {
    const std::string& text = ours_.pool ? ours_.pool->value : draft_.surroundings.pool;
    const auto pool = wire::Ipv4Prefix::from_string(text);
    for (const auto& [address, user] : old_.fixed_addresses)
      if (pool && !pool->contains(address))
        notes_.lost(
            *old_.range_where,
            fmt::format("the address {} of {} in the users' file is not in clients.pool, {}; he can't "
                        "come in until one of them changes",
                        text_of(address), user, text));
  }

  void choose_gateway_address() {
    if (!old_.local_ip) return;
    const std::uint32_t address = old_.local_ip->value;
    const auto lost = [&](std::string_view why) {
      notes_.lost(*old_.local_ip_where, fmt::format("{}: {}", without_place(old_.local_ip->origin), why));
    };
    const auto link = link_that([&](const auto& there) { return there.contains(address); });
    if (link && link->name == "inside" && link->network.address == address)
      return notes_.same(*old_.local_ip_where, fmt::format("{}: is inside.address, the default",
                                                           without_place(old_.local_ip->origin)));
    if (link)
      return lost(
          fmt::format("is on the link of [{}], where others may have it; left out, so that clients see "
                      "inside.address",
                      link->name));
    // Nothing tells whether it is the inside port's own: it is if it lies among clients, who have another
    // network.
    const bool among_clients =
        ours_.pool && wire::Ipv4Prefix::from_string(ours_.pool->value)->contains(address);
    if (!among_clients && draft_.surroundings.inside_address.empty()) {
      draft_.inside_hint = text_of(address);
      return lost("may be inside.address, which is the default of ppp.gateway_address; left out");
    }
    ours_.gateway_address = {text_of(address), old_.local_ip->origin};
  }

  void choose_auth() {
    if (!old_.has_xl2tpd && !old_.has_options) return;
    for (const std::string_view way : all_ways) {
      const auto demanded = std::ranges::find(old_.required, way, &Given<std::string>::value);
      if (demanded != old_.required.end()) ours_.auth.push_back(*demanded);
    }
    if (!ours_.auth.empty()) return;
    // pppd then takes whatever the client can, and asks for the strongest first.
    for (const std::string_view way : all_ways)
      if (!old_.refused.contains(way)) ours_.auth.push_back({std::string(way), "nothing is required"});
    notes_.lost(old_.where,
                "nothing says how users prove who they are (require-mschap-v2), so pppd took what clients "
                "offered; ppp.auth names what is left of that, and \"mschapv2\" alone is better");
  }

  void choose_mru() {
    if (!old_.mtu && !old_.mru) return;
    const auto& smaller = !old_.mru || (old_.mtu && old_.mtu->value < old_.mru->value) ? old_.mtu : old_.mru;
    ours_.mru = {std::clamp(smaller->value, least_mru, most_mru), smaller->origin};
    if (ours_.mru->value != smaller->value)
      notes_.lost(old_.where, fmt::format("{}: ppp.mru is {} to {}; set to {}", smaller->origin, least_mru,
                                          most_mru, ours_.mru->value));
    if (old_.mtu && old_.mru && old_.mtu->value != old_.mru->value)
      notes_.lost(old_.where, fmt::format("{} and {}: ppp.mru is one value for both; the smaller is taken",
                                          old_.mtu->origin, old_.mru->origin));
  }

  const OldDialIn& old_;
  GatewayDraft& draft_;
  GatewayDraft::DialIn& ours_;
  Notes& notes_;
};

}  // namespace

void require_auth(OldDialIn& old, std::string_view way, const std::string& origin) {
  if (std::ranges::find(old.required, way, &Given<std::string>::value) == old.required.end())
    old.required.push_back({std::string(way), origin});
}

void name_server(const ToldSetting& setting, const std::string& name, GatewayDraft::DialIn& ours) {
  if (name.empty()) return setting.lost("names nothing; left out");
  const bool ascii = std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
  if (!ascii) return setting.lost("users.server is ASCII here; left out");
  if (ours.server && ours.server->value != name)
    return setting.lost(fmt::format("users.server is {}, from {}", config::in_quotes(ours.server->value),
                                    ours.server->origin));
  ours.server = {name, setting.origin()};
}

void finish_dial_in(const OldDialIn& old, GatewayDraft& draft, Notes& notes) {
  Finish(old, draft, notes).run();
}

}  // namespace espgate::openswan
