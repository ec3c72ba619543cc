// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/sa_keys.h"

#include <map>
#include <optional>
#include <span>
#include <vector>

namespace espgate::replay {

// Which SAs a key file has keys for. The keys themselves are not kept.
class KnownKeys {
 public:
  struct Entry {
    std::uint32_t spi;
    wire::IpAddress destination;  // "any" where the file gives a wildcard
    crypto::SuiteId suite;
  };

  KnownKeys() = default;
  explicit KnownKeys(std::span<const SaKeys> sas);

  // As decap finds an SA: by destination and SPI, or by the SPI alone where the file has only one of it,
  // since a capture from the other side of a NAT shows another destination.
  [[nodiscard]] const Entry* find(const wire::IpAddress& destination, std::uint32_t spi) const;
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
  std::multimap<std::uint32_t, std::size_t> by_spi_;
};

}  // namespace espgate::replay
