// SPDX-License-Identifier: Apache-2.0
#include "control/pool/address_pool.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace espgate::control {
namespace {

using config::AddressRange;

// In order, within the range, without overlaps.
std::vector<AddressRange> tidy(std::vector<AddressRange> ranges, const AddressRange& within) {
  std::ranges::sort(ranges, {}, &AddressRange::first);
  std::vector<AddressRange> tidied;
  for (AddressRange range : ranges) {
    range.first = std::max(range.first, within.first);
    range.last = std::min(range.last, within.last);
    if (range.first > range.last) continue;
    if (!tidied.empty() && range.first <= tidied.back().last) {
      tidied.back().last = std::max(tidied.back().last, range.last);
    } else {
      tidied.push_back(range);
    }
  }
  return tidied;
}

}  // namespace

AddressPool::AddressPool(PoolSettings settings)
    : settings_(std::move(settings)), size_(settings_.range.size()), fresh_(settings_.range.first) {
  settings_.excluded = tidy(std::move(settings_.excluded), settings_.range);
  for (const AddressRange& range : settings_.excluded) size_ -= range.size();
}

const AddressRange* AddressPool::exclusion(std::uint32_t address) const {
  const auto behind = std::ranges::upper_bound(settings_.excluded, address, {}, &AddressRange::first);
  if (behind == settings_.excluded.begin()) return nullptr;
  const AddressRange& range = *std::prev(behind);
  return range.contains(address) ? &range : nullptr;
}

bool AddressPool::contains(std::uint32_t address) const {
  return settings_.range.contains(address) && exclusion(address) == nullptr;
}

std::optional<std::uint32_t> AddressPool::next_fresh() {
  while (fresh_ <= settings_.range.last) {
    const auto address = static_cast<std::uint32_t>(fresh_);
    if (const AddressRange* excluded = exclusion(address)) {
      fresh_ = std::uint64_t{excluded->last} + 1;
      continue;
    }
    ++fresh_;
    if (!entries_.contains(address) && !kept_.contains(address)) return address;
  }
  return std::nullopt;
}

Expected<std::uint32_t> AddressPool::allocate(const std::string& user) {
  std::uint32_t address = 0;
  if (const auto own = free_of_.find(user); own != free_of_.end()) {
    address = own->second.rbegin()->second;
  } else if (const auto fresh = next_fresh()) {
    address = *fresh;
  } else if (!free_.empty()) {
    address = free_.begin()->second;
  } else {
    return tl::unexpected(exhausted());
  }
  (void)take(user, address);
  return address;
}

bool AddressPool::take(const std::string& user, std::uint32_t address) {
  const auto [found, is_new] = entries_.try_emplace(address);
  Entry& entry = found->second;
  if (entry.in_use) return false;
  if (!is_new) take_free(address, entry);
  entry = {user, ++now_, true};
  ++in_use_;
  return true;
}

void AddressPool::release(std::uint32_t address) {
  const auto found = entries_.find(address);
  if (found == entries_.end() || !found->second.in_use) return;
  --in_use_;
  found->second.in_use = false;
  if (kept_.contains(address)) {
    entries_.erase(found);
  } else {
    put_free(address, found->second);
  }
}

void AddressPool::put_free(std::uint32_t address, Entry& entry) {
  entry.age = ++now_;
  free_.emplace(entry.age, address);
  if (!entry.user.empty()) free_of_[entry.user].emplace(entry.age, address);
}

void AddressPool::take_free(std::uint32_t address, const Entry& entry) {
  free_.erase({entry.age, address});
  const auto own = free_of_.find(entry.user);
  if (own == free_of_.end()) return;
  own->second.erase({entry.age, address});
  if (own->second.empty()) free_of_.erase(own);
}

void AddressPool::keep(std::set<std::uint32_t> addresses) {
  const auto before = std::exchange(kept_, std::move(addresses));
  for (const std::uint32_t address : kept_) {
    const auto found = entries_.find(address);
    if (found == entries_.end() || found->second.in_use) continue;
    take_free(address, found->second);
    entries_.erase(found);
  }
  for (const std::uint32_t address : before) {
    // What lies behind fresh_ is found there.
    if (kept_.contains(address) || !contains(address) || address >= fresh_) continue;
    const auto [found, is_new] = entries_.try_emplace(address);
    if (is_new) put_free(address, found->second);
  }
}

void AddressPool::remember(const Lease& lease) {
  if (lease.user.empty() || !contains(lease.address) || kept_.contains(lease.address)) return;
  const auto [found, is_new] = entries_.try_emplace(lease.address);
  if (!is_new) return;
  found->second.user = lease.user;
  put_free(lease.address, found->second);
}

std::string_view AddressPool::user_of(std::uint32_t address) const {
  const auto found = entries_.find(address);
  return found == entries_.end() || !found->second.in_use ? std::string_view()
                                                          : std::string_view(found->second.user);
}

std::vector<Lease> AddressPool::leases() const {
  std::vector<std::tuple<bool, Age, std::uint32_t>> order;
  order.reserve(entries_.size());
  for (const auto& [address, entry] : entries_)
    if (!entry.user.empty()) order.emplace_back(entry.in_use, entry.age, address);
  std::ranges::sort(order);
  std::vector<Lease> leases;
  leases.reserve(order.size());
  for (const auto& [in_use, age, address] : order) leases.push_back({entries_.at(address).user, address});
  return leases;
}

std::string AddressPool::exhausted() const {
  const auto kept = std::ranges::count_if(
      kept_, [&](std::uint32_t address) { return contains(address) && user_of(address).empty(); });
  return fmt::format(
      "the pool \"{}\" ({}) is exhausted: {} of its {} addresses are in use{}; make it larger, or end "
      "sessions "
      "that nobody needs",
      settings_.name, settings_.range.to_string(), in_use_, size_,
      kept == 0 ? "" : fmt::format(" and {} are kept for users with addresses of their own", kept));
}

}  // namespace espgate::control
