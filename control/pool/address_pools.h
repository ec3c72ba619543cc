// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/dial_in.h"
#include "control/error.h"
#include "control/pool/address_pool.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::config {
struct Config;
}

namespace espgate::control {

// Which addresses clients may have, and who has which.
struct PoolsSettings {
  wire::Ipv4Prefix network;         // all inner addresses: what the data plane can deliver to
  std::vector<std::uint32_t> ours;  // nobody gets these: the gateway's own, those of static peers
  std::vector<PoolSettings> pools;  // without overlaps; the first is for users that no other names
};
// From [clients], [[pool]] and what else has inner addresses.
[[nodiscard]] PoolsSettings pools_settings(const config::Config& config);

// The inner addresses of all clients. One thread; every call takes O(log n) in the number of addresses,
// except where it says so.
class AddressPools {
 public:
  explicit AddressPools(PoolsSettings settings);

  // Addresses that belong to one user alone, UserFile::fixed_addresses(). They are given to nobody else from
  // then on; who has one stays. What is wrong with them is returned, in sentences. O(n).
  [[nodiscard]] std::vector<std::string> reserve(std::map<std::uint32_t, std::string> fixed);

  // An address for a session of this user: `fixed`, if it is given and he does not have it yet; or else the
  // one that he had last, if it is free; or else one of his pool that nobody ever had, or that has been free
  // for longest. `pool`: of that one, whoever he is; empty: of his. Error: the pool is exhausted or there is
  // none of that name, or `fixed` is no client's address or somebody else has it.
  [[nodiscard]] Expected<std::uint32_t> allocate(const std::string& user,
                                                 std::optional<std::uint32_t> fixed = std::nullopt,
                                                 std::string_view pool = {});
  // The same for an address that the user has already, from before a restart. Error: he can't have it.
  [[nodiscard]] Expected<void> adopt(const std::string& user, std::uint32_t address);
  // The session is over. Nothing happens for an address that nobody has.
  void release(std::uint32_t address);

  // Who has it; empty: nobody.
  [[nodiscard]] std::string_view user_of(std::uint32_t address) const;
  // "sales", how many of its addresses are in use, and how many it has.
  struct Usage {
    std::string name;
    std::uint64_t in_use = 0, size = 0;
  };
  [[nodiscard]] std::vector<Usage> usage() const;  // fixed addresses outside of every pool: in none

  // Who had what last, oldest first, and back; leases that fit no more are left out. O(n).
  [[nodiscard]] std::vector<Lease> leases() const;
  void restore(const std::vector<Lease>& leases);
  // Whether leases() has changed since the last such question.
  [[nodiscard]] bool take_changed();

 private:
  [[nodiscard]] AddressPool& pool_of(const std::string& user);
  // The one that may give it. nullopt: it is given by name only, if at all.
  [[nodiscard]] std::optional<std::size_t> pool_with(std::uint32_t address) const;
  [[nodiscard]] bool is_client_address(std::uint32_t address) const;
  [[nodiscard]] Expected<void> may_have(const std::string& user, std::uint32_t address) const;
  [[nodiscard]] Expected<void> take(const std::string& user, std::uint32_t address);

  PoolsSettings settings_;
  std::vector<AddressPool> pools_;
  std::map<std::string, std::size_t, std::less<>> pool_by_user_;
  std::map<std::uint32_t, std::string> fixed_;
  std::map<std::uint32_t, std::string> elsewhere_;  // in use, in no pool: fixed addresses
  bool changed_ = false;
};

}  // namespace espgate::control
