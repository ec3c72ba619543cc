// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/flow.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace espgate::replay {

// Two endpoints that exchange IKE, ESP or keepalives. Ports are 0 for plain ESP.
struct PeerPath {
  Endpoint first;  // the sender of the first packet
  Endpoint second;
  std::uint32_t first_frame = 0;
  std::array<std::uint64_t, 2> keepalives{};  // from first, from second
};

// Who talks to whom. A peer is a set of paths: IKE begins on port 500 and floats to 4500, and a NAT may move
// a client to another port in the middle of it all. What shows that two paths are of one peer (an IKE cookie,
// an SA) is the callers' knowledge; they unite them.
class PeerTable {
 public:
  static constexpr std::size_t max_paths = 65536;

  // nullopt: the table is full.
  [[nodiscard]] std::optional<std::uint32_t> path_of(const Flow& flow, std::uint32_t frame);
  void unite(std::uint32_t path, std::uint32_t other);
  // The peer's oldest path, which stands for it.
  [[nodiscard]] std::uint32_t peer_of(std::uint32_t path) const;

  [[nodiscard]] PeerPath& path(std::uint32_t index) { return paths_[index]; }
  [[nodiscard]] const std::vector<PeerPath>& paths() const { return paths_; }
  // Plain ESP has no ports that would tell its peer; it belongs to the one between its addresses, if there is
  // only one.
  void unite_plain_esp();

 private:
  std::vector<PeerPath> paths_;
  mutable std::vector<std::uint32_t> parents_;
  std::map<std::pair<Endpoint, Endpoint>, std::uint32_t> index_;
};

}  // namespace espgate::replay
