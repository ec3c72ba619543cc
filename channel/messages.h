// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

// What the control process and the data plane say to each other through shared memory: fixed-size, trivially
// copyable records. Addresses take 16 bytes (IPv4 as ::ffff:a.b.c.d); numbers are in host order. Any change
// here raises abi_version.
namespace espgate::channel {

inline constexpr std::uint64_t magic = 0x3165'7461'6770'7365;  // "espgate1"
inline constexpr std::uint32_t abi_version = 2;

using Address = std::array<std::byte, 16>;

enum class Direction : std::uint8_t { inbound, outbound };

// Key material on its way. Wiped by whoever has consumed it.
struct SaKeys {
  std::array<std::byte, 40> cipher_key;  // with the salt of AEADs behind it
  std::array<std::byte, 64> integrity_key;
  std::uint8_t cipher_key_bytes;
  std::uint8_t integrity_key_bytes;
};

// Adds one SA. The same SA again changes nothing but `last_sequence`.
struct SaAdd {
  std::uint32_t peer_id;
  std::uint32_t slot;  // of the pair: bits 10 to 27 of the inbound SPI
  std::uint32_t spi;
  Direction direction;
  bool esn;
  std::uint16_t window_packets;  // inbound
  std::array<char, 32> suite;    // "aes256-sha1", ends with a zero byte
  std::uint64_t sequence;        // outbound: the next to send; inbound: everything up to it counts as seen
  std::uint64_t last_sequence;   // outbound: the last that may be sent
  std::uint64_t soft_bytes, soft_packets;  // 0: no limit
  std::uint64_t hard_bytes, hard_packets;
  SaKeys keys;
};

struct SaDelete {
  std::uint32_t slot;
  std::uint32_t spi;
  Direction direction;
};

// Raises how far an outbound SA may count.
struct SaUpdate {
  std::uint32_t slot;
  std::uint32_t spi;
  std::uint64_t last_sequence;
};

// Adds a peer, or sets where its packets go. Port 0: not known yet, nothing is sent until it was heard.
struct PeerUpdate {
  std::uint32_t peer_id;
  std::uint16_t remote_port;
  std::uint16_t local_port;
  Address remote;
  Address local;
};

struct PeerDelete {
  std::uint32_t peer_id;  // its SAs and sessions must be gone
};

// Adds a session or replaces what is known of it (same peer, tunnel and session).
struct SessionUpdate {
  std::uint32_t peer_id;
  std::uint16_t tunnel, session;                // our ids
  std::uint16_t peer_tunnel, peer_session;      // the client's
  std::uint16_t source_port, destination_port;  // of the UDP inside ESP: ours is 1701
  Address inner;                                // all zeros while it is not open: none is given yet
  std::uint32_t outbound_slot;                  // the SA it sends on; 0: none yet
  std::uint16_t mru;                            // largest inner packet to the client
  bool open;                                    // IP passes
  bool address_control;                         // PPP FF 03 is sent
  bool compress_protocol;
  bool length_field;  // L2TP length is sent
  // The client has asked for sequence numbers (RFC 2661 §4.4.6): all that we send in the session has them.
  bool sequencing;
  // How much of inner IP passes, in 1000 bits a second; 0: as much as comes. What is more is dropped. The
  // same rates again let go on what was counted against them.
  std::uint32_t rate_from_client_kbit, rate_to_client_kbit;
};

struct SessionDelete {
  std::uint32_t peer_id;
  std::uint16_t tunnel, session;
};

enum class CommandType : std::uint16_t {
  sa_add = 1,
  sa_update,
  sa_delete,
  peer_update,
  peer_delete,
  session_update,
  session_delete,
  dump,   // answered by dump_* events and one dump_end
  clear,  // removes every session, SA and peer
};

struct Command {
  std::uint64_t sequence;  // counts up; completions carry it back
  CommandType type;
  union {
    SaAdd sa_add;
    SaUpdate sa_update;
    SaDelete sa_delete;
    PeerUpdate peer_update;
    PeerDelete peer_delete;
    SessionUpdate session_update;
    SessionDelete session_delete;
  };
};

enum class Result : std::uint16_t {
  ok,
  no_such_peer,
  no_such_sa,
  no_such_session,
  slot_taken,     // another SA has the slot
  address_taken,  // another session has the inner address
  bad_address,    // not IPv4, or outside the client pool
  bad_suite,      // unknown, or keys of the wrong length
  table_full,
  busy,  // a peer that still has SAs or sessions
  unknown_command,
};

enum class EventType : std::uint16_t {
  completion = 1,  // of `command`
  soft_life,       // an SA's soft limit, or the last eighth of its sequence numbers
  hard_life,       // a hard limit, or the end of its sequence numbers: the SA passes nothing any more
  nat_mapping,     // the peer is now heard from remote:remote_port
  first_packet,    // the first authenticated packet on an inbound SA
  unknown_spi,     // ESP for an SPI that nobody has; from remote:remote_port
  port_state,      // value: 1 up, 0 down; slot: the port
  dump_peer,
  dump_sa,
  dump_session,
  dump_end,
};

struct Event {
  EventType type = EventType::completion;
  Result result = Result::ok;  // of a completion
  std::uint64_t command = 0;   // its sequence number
  std::uint32_t peer_id = 0;
  std::uint32_t slot = 0;
  std::uint32_t spi = 0;
  Direction direction = Direction::inbound;
  bool sequencing = false;  // dump_session
  std::uint16_t tunnel = 0, session = 0;
  std::uint16_t remote_port = 0;
  Address remote{};         // dump_session: the inner address
  std::uint64_t value = 0;  // dump_sa: outbound, the next sequence; inbound, the highest. dump_session: rates
};

// An Event's `value` of dump_session.
[[nodiscard]] constexpr std::uint64_t rates_value(const SessionUpdate& session) {
  return std::uint64_t{session.rate_from_client_kbit} << 32 | session.rate_to_client_kbit;
}

// What a packet is that control reads or sends. What goes inside an SA leaves by an SA or not at all: if the
// SA is gone it is dropped (control_no_sa).
enum class PacketKind : std::uint8_t {
  // bytes: the IKE message, without the non-ESP marker. Outside: addresses and ports are those of its UDP.
  ike,
  // bytes: the L2TP message. Inside the SA pair `slot` of `peer_id`; ports: of the UDP inside ESP. To be
  // sent:
  // from our 1701 to `remote_port`, or if that is 0 to where the peer's last control message came from.
  l2tp_control,
  // bytes: the PPP frame from its protocol field. Inside `tunnel`/`session` (our ids) of `peer_id`; ports as
  // above. To be sent: by the session's outbound SA, with its ports and ids, FF 03 as it says, and always for
  // LCP; `slot` says by which SA it came and is not looked at.
  ppp_control,
};

struct PacketRecord {
  static constexpr std::size_t capacity = 4000;

  PacketKind kind = PacketKind::ike;
  bool natt = false;  // ike: on UDP 4500, with a non-ESP marker
  std::uint16_t length = 0;
  std::uint16_t remote_port = 0, local_port = 0;
  std::uint16_t tunnel = 0, session = 0;
  std::uint32_t peer_id = 0;
  std::uint32_t slot = 0;
  Address remote{}, local{};  // outside, of what came
  std::array<std::byte, capacity> bytes;
};

// How far an SA pair has counted, in the counters segment, index = slot. The data plane stores before a
// packet leaves or is forwarded; control reads, also after the data plane has died.
//
// Packets and bytes are those of the SAs in the slot: from 0 when one is added, each direction by itself.
// They stay when it is deleted, until the next is added. Bytes are what ESP protects: UDP, L2TP, PPP and
// inner IP.
struct alignas(64) SaProgress {
  std::atomic<std::uint64_t> outbound_next;  // 0: nothing sent yet
  std::atomic<std::uint64_t> inbound_highest;
  std::atomic<std::uint64_t> inbound_packets, inbound_bytes;
  std::atomic<std::uint64_t> outbound_packets, outbound_bytes;
};
static_assert(sizeof(SaProgress) == 64 && std::atomic<std::uint64_t>::is_always_lock_free);

static_assert(std::is_trivially_copyable_v<Command> && std::is_trivially_copyable_v<Event> &&
              std::is_trivially_copyable_v<PacketRecord>);

}  // namespace espgate::channel
