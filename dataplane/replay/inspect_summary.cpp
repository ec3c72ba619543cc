// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_summary.h"

#include "crypto/suite.h"
#include "dataplane/replay/inspect_ike_names.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

// Puts paths, IKE SAs and SAs below their peers.
class Builder {
 public:
  Builder(const Inspection& inspection, const KnownKeys* keys)
      : inspection_(inspection), table_(inspection.peers()), keys_(keys) {}

  std::vector<PeerSummary> build() {
    find_left_sides();
    for (std::uint32_t i = 0; i < table_.paths().size(); ++i) add_path(i);
    for (const IkeSa& sa : inspection_.ike().sas())
      peer(sa.path).ike.push_back({.sa = &sa, .from_left = is_left(sa.path, sa.initiator)});
    for (const EspSa& sa : inspection_.esp().sas()) add_sa(sa);
    return std::move(peers_);
  }

 private:
  void find_left_sides() {
    for (std::uint32_t i = 0; i < table_.paths().size(); ++i)
      left_.push_back(table_.paths()[table_.peer_of(i)].first);
    for (const IkeSa& sa : inspection_.ike().sas())
      if (sa.from_its_first_message) left_[table_.peer_of(sa.path)] = sa.initiator;
  }

  [[nodiscard]] bool is_left(std::uint32_t path, const Endpoint& endpoint) const {
    return endpoint.address == left_[table_.peer_of(path)].address;
  }

  PeerSummary& peer(std::uint32_t path) {
    const auto [at, is_new] = numbers_.try_emplace(table_.peer_of(path), peers_.size());
    if (is_new)
      peers_.push_back(
          {.number = static_cast<unsigned>(peers_.size() + 1), .paths = {}, .ike = {}, .sas = {}});
    return peers_[at->second];
  }

  void add_path(std::uint32_t index) {
    const PeerPath& path = table_.paths()[index];
    PeerSummary& summary = peer(index);
    const bool from_left = is_left(index, path.first);
    summary.paths.push_back(from_left ? std::array{path.first, path.second}
                                      : std::array{path.second, path.first});
    summary.keepalives[0] += path.keepalives[from_left ? 0 : 1];
    summary.keepalives[1] += path.keepalives[from_left ? 1 : 0];
  }

  void add_sa(const EspSa& sa) {
    const auto* key = keys_ == nullptr ? nullptr : keys_->find(sa.destination.address, sa.spi);
    peer(sa.path).sas.push_back(
        {.sa = &sa,
         .sequence = sa.sequence.findings(),
         .suite = key == nullptr ? std::string_view() : crypto::suite(key->suite).name,
         .from_left = is_left(sa.path, sa.source)});
  }

  const Inspection& inspection_;
  const PeerTable& table_;
  const KnownKeys* keys_;
  std::vector<PeerSummary> peers_;
  std::vector<Endpoint> left_;  // by path; that of a peer's oldest path counts
  std::map<std::uint32_t, std::size_t> numbers_;
};

std::vector<std::uint32_t> find_unused(const Inspection& inspection, const KnownKeys* keys) {
  if (keys == nullptr) return {};
  std::set<const KnownKeys::Entry*> used;
  for (const EspSa& sa : inspection.esp().sas()) used.insert(keys->find(sa.destination.address, sa.spi));
  std::vector<std::uint32_t> unused;
  for (const KnownKeys::Entry& entry : keys->entries())
    if (!used.contains(&entry)) unused.push_back(entry.spi);
  return unused;
}

}  // namespace

InspectionSummary::InspectionSummary(const Inspection& inspected, const KnownKeys* keys)
    : inspection(inspected),
      keys_given(keys != nullptr),
      peers(Builder(inspected, keys).build()),
      unused_keys(find_unused(inspected, keys)) {}

std::uint64_t InspectionSummary::other_packets() const {
  std::uint64_t packets = inspection.totals().orphan_fragments + inspection.totals().natt_malformed;
  for (const auto& [name, tally] : inspection.other()) packets += tally.packets;
  return packets;
}

std::uint64_t InspectionSummary::clear_l2tp_packets() const {
  std::uint64_t packets = 0;
  for (const auto& [flow, l2tp] : inspection.clear_l2tp()) packets += l2tp.tally.packets;
  return packets;
}

double InspectionSummary::seconds(std::uint64_t nanoseconds) const {
  const auto since = static_cast<std::int64_t>(nanoseconds - inspection.totals().first_nanoseconds);
  return static_cast<double>(since) / 1e9;
}

std::string spi_text(std::uint32_t spi) { return fmt::format("0x{:08x}", spi); }

std::string cookie_text(std::uint64_t cookie) { return fmt::format("{:016x}", cookie); }

std::string range_text(const NumberRange& range) {
  return range.first == range.last ? std::to_string(range.first)
                                   : fmt::format("{}-{}", range.first, range.last);
}

std::string exchange_text(const IkeExchange& exchange) {
  const std::string name = exchange_name(exchange.type);
  return exchange.message_id == 0 ? name : fmt::format("{} {:08x}", name, exchange.message_id);
}

}  // namespace espgate::replay
