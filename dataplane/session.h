// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/sa.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace espgate::dataplane {

// Both ids of an L2TP data message in one number, for one comparison.
[[nodiscard]] constexpr std::uint32_t tunnel_and_session(std::uint16_t tunnel, std::uint16_t session) {
  return std::uint32_t{tunnel} << 16 | session;
}

// UDP, L2TP and PPP headers of a session's outbound packets, prebuilt and right-aligned: the last byte lies
// just before the inner IP packet. RFC 2661 §3.1, RFC 1661 §2.
struct SessionHeader {
  static constexpr std::size_t capacity = 24;

  std::array<std::byte, capacity> bytes{};
  std::uint8_t length = 0;  // 8 + 6..12 + 1..4
  // Of L2TP's length field and of Ns from the start of `bytes`; 0: the header has no such field.
  std::uint8_t l2tp_length_offset = 0;
  std::uint8_t l2tp_ns_offset = 0;
};

struct SessionState;

// One L2TP session of one peer.
struct alignas(64) Session {
  Peer* peer = nullptr;
  std::uint32_t tunnel_and_session = 0;  // our ids, as the client sends them
  std::uint32_t inner_address = 0;       // IPv4 given to the client, host order; 0: none yet
  bool open_for_ip = false;              // PPP has authenticated and IPCP is open
  // Largest inner packet: the client's MRU, or what the SA leaves of the outer MTU. The manager changes it
  // while workers read: see limit().
  std::uint16_t inner_limit = 1500;
  SessionHeader header;
  SessionState* state = nullptr;  // not there where nothing is counted; outlives this

  // inner_limit, for whoever is not alone with the session. Any thread.
  [[nodiscard]] std::uint16_t limit() { return std::atomic_ref(inner_limit).load(std::memory_order_relaxed); }
  void set_limit(std::uint16_t bytes) {
    std::atomic_ref(inner_limit).store(bytes, std::memory_order_relaxed);
  }
};
static_assert(sizeof(Session) == 64);

// Lays out a session's outbound header for `tunnel`/`session`, the ids that the client gave.
struct SessionHeaderFields {
  std::uint16_t source_port = 1701;
  std::uint16_t destination_port = 1701;
  std::uint16_t tunnel = 0;
  std::uint16_t session = 0;
  bool length_field = false;
  bool sequencing = false;         // Ns and Nr
  bool address_control = true;     // PPP FF 03
  bool compress_protocol = false;  // PPP protocol field of one byte
};
[[nodiscard]] SessionHeader make_session_header(const SessionHeaderFields& fields);

// The largest inner packet that a session with this header can send over `sa`, whose outer header is there,
// in an outer IP packet of at most `outer_mtu` bytes, and that the client takes (`mru`). 0: nothing fits.
[[nodiscard]] std::uint16_t inner_limit(const OutboundSa& sa, const SessionHeader& header,
                                        std::uint16_t outer_mtu, std::uint16_t mru);

}  // namespace espgate::dataplane
