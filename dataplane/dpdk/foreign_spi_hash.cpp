// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/foreign_spi_hash.h"

#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_jhash.h>
#include <rte_memory.h>

namespace espgate::dataplane::dpdk {
namespace {

struct Key {
  std::array<std::byte, 16> destination;
  std::uint32_t spi;
};
static_assert(sizeof(Key) == 20);

InboundSa* find_exactly(const rte_hash* hash, const wire::IpAddress& destination, std::uint32_t spi) {
  const Key key{destination.bytes(), spi};
  void* sa = nullptr;
  return rte_hash_lookup_data(hash, &key, &sa) < 0 ? nullptr : static_cast<InboundSa*>(sa);
}

}  // namespace

tl::expected<std::unique_ptr<ForeignSpiHash>, std::string> ForeignSpiHash::create(const std::string& name,
                                                                                  std::uint32_t capacity) {
  rte_hash_parameters parameters{};
  parameters.name = name.c_str();
  parameters.entries = std::max<std::uint32_t>(2 * capacity, 64);
  parameters.key_len = sizeof(Key);
  parameters.hash_func = rte_jhash;
  parameters.socket_id = SOCKET_ID_ANY;
  rte_hash* hash = rte_hash_create(&parameters);
  if (hash == nullptr)
    return tl::unexpected(std::string("no memory for the SPI table: ") + rte_strerror(rte_errno));
  return std::unique_ptr<ForeignSpiHash>(new ForeignSpiHash(hash));
}

ForeignSpiHash::~ForeignSpiHash() { rte_hash_free(hash_); }

bool ForeignSpiHash::add(const wire::IpAddress& destination, std::uint32_t spi, InboundSa* sa) {
  const Key key{destination.bytes(), spi};
  return rte_hash_add_key_data(hash_, &key, sa) == 0;
}

InboundSa* ForeignSpiHash::find(const wire::IpAddress& destination, std::uint32_t spi) const noexcept {
  InboundSa* sa = find_exactly(hash_, destination, spi);
  return sa != nullptr ? sa : find_exactly(hash_, wire::IpAddress(), spi);
}

}  // namespace espgate::dataplane::dpdk
