// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/own_addresses.h"
#include "dataplane/packet.h"
#include "dataplane/session_table.h"
#include "wire/ipv4_prefix.h"

#include <span>

namespace espgate::dataplane {

struct SideSplitContext {
  OwnAddresses own;
  std::span<const wire::Ipv4Prefix> inside_prefixes;
  const SessionTable* clients;
};

// One port for both sides: what is for our own addresses stays live, as if it came from outside, and so does
// ARP; what comes from the inside prefixes for a client is punted (from_inside); the rest is dropped. In:
// behind link_pull.
void side_split(Burst& burst, const SideSplitContext& context);

}  // namespace espgate::dataplane
