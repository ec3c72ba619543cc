// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/drop_reason.h"
#include "dataplane/next_hop_table.h"
#include "wire/arp.h"

namespace espgate::dataplane {

// What Neighbours asks its owner to do. None of these may call Neighbours again.
class NeighbourActions {
 public:
  virtual ~NeighbourActions() = default;
  virtual void send_arp(std::uint8_t port, const wire::ArpMessage& message,
                        const wire::MacAddress& destination) = 0;
  // A packet that waited can go out by `hop`, which is resolved.
  virtual void release(void* packet, NextHopId hop) = 0;
  virtual void drop(void* packet, DropReason reason) = 0;
  // No route leads to `hop` any more: to be given to NextHopTable::release() when no worker can hold it.
  virtual void retire(NextHopId hop) = 0;
};

}  // namespace espgate::dataplane
