// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>

namespace espgate::control {

struct SaKey {
  channel::Direction direction;
  std::uint32_t slot;
  std::uint32_t spi;
  friend auto operator<=>(const SaKey&, const SaKey&) = default;
};

struct SessionKey {
  std::uint32_t peer_id;
  std::uint16_t tunnel, session;
  friend auto operator<=>(const SessionKey&, const SessionKey&) = default;
};

// What a data plane says it has installed. It says no keys.
struct Dump {
  struct PeerEntry {
    channel::Address remote;
    std::uint16_t remote_port;
  };
  struct SaEntry {
    std::uint32_t peer_id;
    std::uint64_t value;  // outbound, the next sequence; inbound, the highest
  };
  struct SessionEntry {
    channel::Address inner;
    bool sequencing;
    std::uint64_t rates;  // channel::rates_value()

    // Whether what the dump says of a session is as it is wanted.
    [[nodiscard]] bool is(const channel::SessionUpdate& wanted) const {
      return inner == wanted.inner && sequencing == wanted.sequencing &&
             rates == channel::rates_value(wanted);
    }
  };

  // Takes a dump_* event. True: it was the last.
  bool take(const channel::Event& event) {
    switch (event.type) {
      case channel::EventType::dump_peer:
        peers[event.peer_id] = {event.remote, event.remote_port};
        return false;
      case channel::EventType::dump_sa:
        sas[{event.direction, event.slot, event.spi}] = {event.peer_id, event.value};
        return false;
      case channel::EventType::dump_session:
        sessions[{event.peer_id, event.tunnel, event.session}] = {event.remote, event.sequencing,
                                                                  event.value};
        return false;
      default:
        return event.type == channel::EventType::dump_end;
    }
  }

  std::map<std::uint32_t, PeerEntry> peers;
  std::map<SaKey, SaEntry> sas;
  std::map<SessionKey, SessionEntry> sessions;
};

}  // namespace espgate::control
