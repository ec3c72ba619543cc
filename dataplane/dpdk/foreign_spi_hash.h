// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/sa_table.h"

#include <cstdint>
#include <memory>
#include <string>

#include <tl/expected.hpp>

struct rte_hash;

namespace espgate::dataplane::dpdk {

// SPIs that others chose, in an rte_hash of (destination, SPI).
class ForeignSpiHash final : public ForeignSpiIndex {
 public:
  // Room for `capacity` SAs. `name` must be unique in the process. Error: what DPDK said.
  [[nodiscard]] static tl::expected<std::unique_ptr<ForeignSpiHash>, std::string> create(
      const std::string& name, std::uint32_t capacity);
  ~ForeignSpiHash() override;

  // `destination` "any" (::) matches whatever address a packet goes to. The last SA added under a pair
  // counts. False: the table is full.
  [[nodiscard]] bool add(const wire::IpAddress& destination, std::uint32_t spi, InboundSa* sa);

  [[nodiscard]] InboundSa* find(const wire::IpAddress& destination,
                                std::uint32_t spi) const noexcept override;

 private:
  explicit ForeignSpiHash(rte_hash* hash) : hash_(hash) {}

  rte_hash* hash_;
};

}  // namespace espgate::dataplane::dpdk
