// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_peers.h"

#include <algorithm>
#include <set>

namespace espgate::replay {

std::optional<std::uint32_t> PeerTable::path_of(const Flow& flow, std::uint32_t frame) {
  const std::pair<Endpoint, Endpoint> key = std::minmax(flow.source, flow.destination);
  if (const auto at = index_.find(key); at != index_.end()) return at->second;
  if (paths_.size() == max_paths) return std::nullopt;
  const auto index = static_cast<std::uint32_t>(paths_.size());
  index_.emplace(key, index);
  paths_.push_back({.first = flow.source, .second = flow.destination, .first_frame = frame});
  parents_.push_back(index);
  return index;
}

std::uint32_t PeerTable::peer_of(std::uint32_t path) const {
  while (parents_[path] != path) path = parents_[path] = parents_[parents_[path]];
  return path;
}

void PeerTable::unite(std::uint32_t path, std::uint32_t other) {
  const auto [oldest, newer] = std::minmax({peer_of(path), peer_of(other)});
  parents_[newer] = oldest;
}

void PeerTable::unite_plain_esp() {
  std::map<std::pair<wire::IpAddress, wire::IpAddress>, std::set<std::uint32_t>> peers;
  const auto addresses = [](const PeerPath& path) {
    return std::pair<wire::IpAddress, wire::IpAddress>(std::minmax(path.first.address, path.second.address));
  };
  for (std::uint32_t i = 0; i < paths_.size(); ++i)
    if (paths_[i].first.port != 0) peers[addresses(paths_[i])].insert(peer_of(i));
  for (std::uint32_t i = 0; i < paths_.size(); ++i) {
    if (paths_[i].first.port != 0 || paths_[i].second.port != 0) continue;
    const auto at = peers.find(addresses(paths_[i]));
    if (at != peers.end() && at->second.size() == 1) unite(i, *at->second.begin());
  }
}

}  // namespace espgate::replay
