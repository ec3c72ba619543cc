// SPDX-License-Identifier: Apache-2.0
#include "control/ike/settings.h"

#include <algorithm>

namespace espgate::control::ike {
namespace {

// How long the longest prefix is that covers the address; -1: none does.
int specificity(const Psk& psk, const wire::IpAddress& peer) {
  if (psk.from.empty()) return 0;
  int best = -1;
  for (const wire::Ipv4Prefix& prefix : psk.from)
    if (peer.is_v4() && prefix.contains(peer.as_v4()))
      best = std::max(best, static_cast<int>(prefix.length) + 1);
  return best;
}

}  // namespace

std::vector<std::size_t> Settings::psks_for(const wire::IpAddress& peer) const {
  std::vector<std::size_t> fitting;
  for (std::size_t i = 0; i < psks.size(); ++i)
    if (specificity(psks[i], peer) >= 0) fitting.push_back(i);
  std::ranges::sort(fitting, [&](std::size_t a, std::size_t b) {
    const int first = specificity(psks[a], peer), second = specificity(psks[b], peer);
    return first != second ? first > second : a < b;
  });
  return fitting;
}

bool Settings::allows_network(const wire::IpAddress& inner) const {
  if (allowed_client_networks.empty()) return true;
  if (!inner.is_v4()) return false;
  bool allowed = false;
  for (const NetworkRule& rule : allowed_client_networks)
    if (rule.prefix.contains(inner.as_v4())) allowed = !rule.exclude;
  return allowed;
}

}  // namespace espgate::control::ike
