// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/sa.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace espgate::dataplane {

// Names one outbound SA as it was installed: what is installed in the same slot later has another serial. In
// the memory of a packet on its way to the owner of the SA, in front of its bytes.
struct OutboundTicket {
  std::uint32_t slot = 0;
  std::uint32_t serial = 0;

  friend bool operator==(const OutboundTicket&, const OutboundTicket&) = default;
};

// In front of a packet of control's on its way there.
struct ControlTicket {
  OutboundTicket sa;
  std::uint32_t tunnel_and_session = 0;  // our ids, of a message that is to be numbered
  std::uint32_t ns_offset = 0;           // of its Ns, from its UDP header; 0: it has none, or its own already
};

// Slot -> outbound SA, for packets that were told by which SA to leave and may find it gone. Changed by one
// thread, which frees an SA once no worker can still hold it (RCU); workers look without locks meanwhile.
class OutboundTable {
 public:
  // Room for slot numbers 0 to slots - 1.
  explicit OutboundTable(std::uint32_t slots);
  OutboundTable(const OutboundTable&) = delete;
  OutboundTable& operator=(const OutboundTable&) = delete;
  ~OutboundTable();

  // The SA's slot must be empty, for a grace period already. `peer`, whose SA it is, outlives it.
  void publish(OutboundSa& sa, Peer& peer);
  void withdraw(std::uint32_t slot);
  // Of the SA that is there; nullopt: none is.
  [[nodiscard]] std::optional<OutboundTicket> ticket(std::uint32_t slot) const;

  struct Found {
    OutboundSa* sa = nullptr;
    Peer* peer = nullptr;
  };
  // The SA that the ticket was given for and whose it is, or nullptr. A worker may use both until it is
  // quiescent.
  [[nodiscard]] Found find(const OutboundTicket& ticket) const {
    if (ticket.slot >= slots_) return {};
    const Entry& entry = entries_[ticket.slot];
    OutboundSa* sa = entry.sa.load(std::memory_order_acquire);
    // Between withdrawing one SA and publishing the next lies a grace period, so all are of the same one.
    if (sa == nullptr || entry.serial.load(std::memory_order_relaxed) != ticket.serial) return {};
    return {sa, entry.peer.load(std::memory_order_relaxed)};
  }
  [[nodiscard]] std::uint32_t slots() const { return slots_; }

 private:
  struct Entry {
    std::atomic<OutboundSa*> sa;
    std::atomic<Peer*> peer;
    std::atomic<std::uint32_t> serial;
  };

  std::uint32_t slots_;
  std::size_t bytes_;
  Entry* entries_;  // zeroed pages
  std::uint32_t last_serial_ = 0;
};

}  // namespace espgate::dataplane
