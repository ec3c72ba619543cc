// SPDX-License-Identifier: Apache-2.0
#include "control/pool/address_pools.h"

#include "config/config.h"
#include "config/printable.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace espgate::control {
namespace {

std::string text_of(std::uint32_t address) { return wire::IpAddress::v4(address).to_string(); }

config::AddressRange range_of(const wire::Ipv4Prefix& network) {
  return {network.network().address, network.address | ~network.mask()};
}

// RFC 3021: a /31 and a /32 have no such addresses.
bool is_network_or_broadcast(const wire::Ipv4Prefix& network, std::uint32_t address) {
  const auto [first, last] = range_of(network);
  return network.length < 31 && (address == first || address == last);
}

// Its users, and those of its groups, unless another pool names them itself.
PoolSettings settings_of(const config::Config& config, const config::Pool& pool) {
  PoolSettings settings{pool.name, pool.range, pool.excluded, pool.users};
  const auto is_named = [&](const std::string& user) {
    return std::ranges::any_of(config.pools, [&](const config::Pool& each) {
      return std::ranges::find(each.users, user) != each.users.end();
    });
  };
  for (const config::Group& group : config.groups) {
    if (group.pool != pool.name) continue;
    std::ranges::copy_if(group.users, std::back_inserter(settings.users),
                         [&](const std::string& user) { return !is_named(user); });
  }
  return settings;
}

bool is_for_everybody(const config::Config& config, const config::Pool& pool) {
  return pool.users.empty() && std::ranges::none_of(config.groups, [&](const config::Group& group) {
           return group.pool == pool.name;
         });
}

// The pool of those whom no other names: the one without users, or what the others leave of the network.
PoolSettings default_pool(const config::Config& config) {
  const auto own = std::ranges::find_if(
      config.pools, [&](const config::Pool& pool) { return is_for_everybody(config, pool); });
  if (own != config.pools.end()) return settings_of(config, *own);
  PoolSettings rest{"clients.pool", range_of(config.client_pool), {}, {}};
  for (const config::Pool& pool : config.pools) rest.excluded.push_back(pool.range);
  return rest;
}

}  // namespace

PoolsSettings pools_settings(const config::Config& config) {
  PoolsSettings settings{config.client_pool.network(), {config.gateway_address()}, {default_pool(config)}};
  for (const config::StaticPeer& peer : config.static_peers) settings.ours.push_back(peer.inner_address);
  for (const config::Pool& pool : config.pools)
    if (!is_for_everybody(config, pool)) settings.pools.push_back(settings_of(config, pool));
  return settings;
}

AddressPools::AddressPools(PoolsSettings settings) : settings_(std::move(settings)) {
  const auto [first, last] = range_of(settings_.network);
  for (PoolSettings pool : settings_.pools) {
    for (const std::uint32_t address : settings_.ours) pool.excluded.push_back({address, address});
    for (const std::uint32_t address : {first, last})
      if (!is_client_address(address)) pool.excluded.push_back({address, address});
    for (const std::string& user : pool.users) pool_by_user_.emplace(user, pools_.size());
    pools_.emplace_back(std::move(pool));
  }
}

bool AddressPools::is_client_address(std::uint32_t address) const {
  return settings_.network.contains(address) && !is_network_or_broadcast(settings_.network, address) &&
         std::ranges::find(settings_.ours, address) == settings_.ours.end();
}

AddressPool& AddressPools::pool_of(const std::string& user) {
  const auto found = pool_by_user_.find(user);
  return pools_[found == pool_by_user_.end() ? 0 : found->second];
}

std::optional<std::size_t> AddressPools::pool_with(std::uint32_t address) const {
  for (std::size_t i = 0; i < pools_.size(); ++i)
    if (pools_[i].contains(address)) return i;
  return std::nullopt;
}

std::vector<std::string> AddressPools::reserve(std::map<std::uint32_t, std::string> fixed) {
  std::vector<std::string> problems;
  std::vector<std::set<std::uint32_t>> kept(pools_.size());
  for (const auto& [address, user] : fixed) {
    if (auto usable = may_have(user, address); !usable) problems.push_back(std::move(usable.error()));
    if (const auto pool = pool_with(address)) kept[*pool].insert(address);
  }
  for (std::size_t i = 0; i < pools_.size(); ++i) pools_[i].keep(std::move(kept[i]));
  fixed_ = std::move(fixed);
  changed_ = true;
  return problems;
}

Expected<void> AddressPools::may_have(const std::string& user, std::uint32_t address) const {
  if (is_client_address(address)) return {};
  return tl::unexpected(
      fmt::format("{} can't have the address {}: {}", config::in_quotes(user), text_of(address),
                  settings_.network.contains(address)
                      ? "it is the gateway's own, a static peer's, or the first or last one of clients.pool"
                      : fmt::format("it is not in clients.pool, {}, and nothing would reach it",
                                    settings_.network.to_string())));
}

Expected<void> AddressPools::take(const std::string& user, std::uint32_t address) {
  if (auto usable = may_have(user, address); !usable) return usable;
  const auto owner = fixed_.find(address);
  if (owner != fixed_.end() && owner->second != user) {
    return tl::unexpected(fmt::format("{} can't have the address {}: it belongs to {}",
                                      config::in_quotes(user), text_of(address),
                                      config::in_quotes(owner->second)));
  }
  const auto pool = pool_with(address);
  const bool taken = pool ? pools_[*pool].take(user, address) : elsewhere_.emplace(address, user).second;
  changed_ = changed_ || taken;
  if (taken) return {};
  return tl::unexpected(
      fmt::format("{} can't have the address {}: it is in use by {} until that session ends",
                  config::in_quotes(user), text_of(address), config::in_quotes(user_of(address))));
}

Expected<std::uint32_t> AddressPools::allocate(const std::string& user, std::optional<std::uint32_t> fixed,
                                               std::string_view pool) {
  if (fixed && user_of(*fixed) != user) {
    if (auto taken = take(user, *fixed); !taken) return tl::unexpected(std::move(taken.error()));
    return *fixed;
  }
  AddressPool* from = &pool_of(user);
  if (!pool.empty()) {
    const auto named = std::ranges::find(settings_.pools, pool, &PoolSettings::name);
    if (named == settings_.pools.end())
      return tl::unexpected(fmt::format("no [[pool]] is called {}", config::in_quotes(pool)));
    from = &pools_[static_cast<std::size_t>(named - settings_.pools.begin())];
  }
  auto address = from->allocate(user);
  changed_ = changed_ || address.has_value();
  return address;
}

Expected<void> AddressPools::adopt(const std::string& user, std::uint32_t address) {
  return take(user, address);
}

void AddressPools::release(std::uint32_t address) {
  if (const auto pool = pool_with(address)) {
    pools_[*pool].release(address);
    changed_ = true;
  } else {
    elsewhere_.erase(address);
  }
}

std::string_view AddressPools::user_of(std::uint32_t address) const {
  if (const auto pool = pool_with(address)) return pools_[*pool].user_of(address);
  const auto found = elsewhere_.find(address);
  return found == elsewhere_.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<AddressPools::Usage> AddressPools::usage() const {
  std::vector<Usage> usage;
  usage.reserve(pools_.size());
  for (const AddressPool& pool : pools_) usage.push_back({pool.settings().name, pool.in_use(), pool.size()});
  return usage;
}

std::vector<Lease> AddressPools::leases() const {
  std::vector<Lease> all;
  for (const AddressPool& pool : pools_) std::ranges::move(pool.leases(), std::back_inserter(all));
  return all;
}

void AddressPools::restore(const std::vector<Lease>& leases) {
  for (const Lease& lease : leases)
    if (const auto pool = pool_with(lease.address)) pools_[*pool].remember(lease);
}

bool AddressPools::take_changed() { return std::exchange(changed_, false); }

}  // namespace espgate::control
