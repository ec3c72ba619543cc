// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/dpdk/foreign_spi_hash.h"
#include "dataplane/replay/error.h"
#include "dataplane/replay/sa_keys.h"
#include "dataplane/sa_table.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace espgate::replay {

// The SAs of a key file as the data path's own: what the channel and its SA_ADD are to a live gateway.
class SaStore {
 public:
  struct Options {
    std::uint32_t window_packets = 1024;
    bool ignore_replay = false;
  };
  struct Entry {
    explicit Entry(std::uint32_t window_packets) : sa(window_packets) {}

    SaKeys keys;
    dataplane::Peer peer;
    dataplane::InboundSa sa;
    std::unique_ptr<crypto::Key> key;
  };

  // `engine` must outlive the store. DPDK must have been started. Error: a key that the engine refuses.
  [[nodiscard]] static Expected<std::unique_ptr<SaStore>> create(std::vector<SaKeys> keys,
                                                                 crypto::Engine& engine,
                                                                 const Options& options);

  [[nodiscard]] const dataplane::SaTable& table() const { return table_; }
  [[nodiscard]] const std::deque<Entry>& entries() const { return entries_; }

 private:
  explicit SaStore(std::unique_ptr<dataplane::dpdk::ForeignSpiHash> hash)
      : hash_(std::move(hash)), table_(1, hash_.get()) {}

  Expected<void> add(SaKeys keys, crypto::Engine& engine, const Options& options);
  void add_without_destination();

  std::unique_ptr<dataplane::dpdk::ForeignSpiHash> hash_;
  dataplane::SaTable table_;
  std::deque<Entry> entries_;
};

}  // namespace espgate::replay
