// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/sa_store.h"

#include <atomic>
#include <map>

namespace espgate::replay {
namespace {

dataplane::Encapsulation encapsulation_of(SaKeys::Mode mode) {
  switch (mode) {
    case SaKeys::Mode::transport:
      return dataplane::Encapsulation::l2tp;
    case SaKeys::Mode::tunnel:
      return dataplane::Encapsulation::ip_tunnel;
    case SaKeys::Mode::any:
      break;
  }
  return dataplane::Encapsulation::any;
}

}  // namespace

Expected<std::unique_ptr<SaStore>> SaStore::create(std::vector<SaKeys> keys, crypto::Engine& engine,
                                                   const Options& options) {
  static std::atomic<unsigned> serial = 0;
  auto hash = dataplane::dpdk::ForeignSpiHash::create("replay-spi-" + std::to_string(serial++),
                                                      static_cast<std::uint32_t>(2 * keys.size()));
  if (!hash) return fail({.what = hash.error(), .where = {}, .hint = {}, .kind = ErrorKind::input});
  std::unique_ptr<SaStore> store(new SaStore(std::move(*hash)));
  for (SaKeys& sa : keys)
    if (auto added = store->add(std::move(sa), engine, options); !added) return fail(added.error());
  store->add_without_destination();
  return store;
}

Expected<void> SaStore::add(SaKeys keys, crypto::Engine& engine, const Options& options) {
  auto key = engine.make_key(keys.suite, keys.cipher_key.bytes(), keys.integrity_key.bytes());
  if (!key) return fail({.what = key.error(), .where = keys.where, .hint = {}, .kind = ErrorKind::input});
  Entry& entry = entries_.emplace_back(options.window_packets);
  entry.key = std::move(*key);
  dataplane::InboundSa& sa = entry.sa;
  dataplane::set_suite(sa, keys.suite);
  sa.spi = keys.spi;
  sa.key = entry.key.get();
  sa.hot_key = dataplane::HotKey(*entry.key, crypto::Direction::decrypt);
  sa.peer = &entry.peer;
  sa.esn = keys.esn;
  sa.observed = true;
  sa.ignore_replay = options.ignore_replay;
  sa.encapsulation = encapsulation_of(keys.mode);
  sa.l2tp_port = dataplane::L2tpPort::either;
  if (keys.esn && keys.sequence_high != 0) sa.window.start_behind(std::uint64_t{keys.sequence_high} << 32);
  entry.keys = std::move(keys);
  if (!hash_->add(entry.keys.destination, entry.keys.spi, &sa))
    return fail(
        {.what = "the SPI table is full", .where = entry.keys.where, .hint = {}, .kind = ErrorKind::input});
  return {};
}

// A capture taken on the other side of a NAT shows another destination than the key file: where an SPI stands
// for one SA only, it is found without.
void SaStore::add_without_destination() {
  std::map<std::uint32_t, std::vector<Entry*>> by_spi;
  for (Entry& entry : entries_) by_spi[entry.keys.spi].push_back(&entry);
  for (const auto& [spi, entries] : by_spi)
    if (entries.size() == 1) (void)hash_->add(wire::IpAddress(), spi, &entries.front()->sa);
}

}  // namespace espgate::replay
