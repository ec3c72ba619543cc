// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/nat_traversal.h"
#include "control/ike/path.h"
#include "control/ike/phase1_proposal.h"
#include "crypto/diffie_hellman.h"
#include "crypto/ike_keys.h"
#include "wire/ip_address.h"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace espgate::control::ike {

struct QuickMode;

// Names an IKE SA: both cookies (RFC 2408 §2.5.3).
struct Cookies {
  std::uint64_t initiator = 0;
  std::uint64_t responder = 0;

  friend auto operator<=>(const Cookies&, const Cookies&) = default;
};
struct CookiesHash {
  std::size_t operator()(const Cookies& cookies) const noexcept {
    return cookies.initiator * 0x9e37'79b9'7f4a'7c15U ^ cookies.responder;
  }
};

// The last ciphertext block, which is the next IV (RFC 2409 appendix B); as long as the cipher's block.
using IvBlock = std::array<std::byte, crypto::longest_block>;
// Which datagram this is, to recognise one that comes twice.
using DatagramDigest = std::array<std::byte, 20>;
[[nodiscard]] DatagramDigest digest_of(wire::Bytes datagram);

// An answer that is sent again when its question comes again.
struct StoredReply {
  DatagramDigest question{};
  std::vector<std::byte> reply;
};

// What phase 1 needs until it is done. Not `const` of anything: it is thrown away whole.
struct Phase1 {
  enum class State : std::uint8_t {
    // as responder
    computing,    // the third message is there, Diffie-Hellman runs
    sent_fourth,  // waits for the fifth message; aggressive mode: for the third
    // as initiator
    sent_first,
    computing_third,  // the second message is there, our key pair is being made
    sent_third,
    computing_fifth,  // the fourth message is there, the shared secret is being computed
    sent_fifth,
  };

  State state = State::computing;
  bool aggressive = false;
  TimePoint started{};
  std::vector<std::byte> sa_body;  // SAi_b of RFC 2409 §5
  std::vector<std::byte> g_xi, g_xr, nonce_i, nonce_r;
  std::vector<std::byte> id_i;   // aggressive mode: IDii_b
  std::vector<std::byte> nat_d;  // the peer's first NAT-D, which a Microsoft client wants to hear again
  crypto::SecretBytes g_xy;
  crypto::SecretBytes skeyid;                 // once the key is known
  std::vector<std::size_t> psks;              // candidates, index into the configuration
  std::optional<crypto::DhKeyPair> key_pair;  // as initiator, until the fourth message
  IvBlock iv{};                               // for the next message
  StoredReply reply;
  // As initiator: the last message, sent again until the answer comes.
  std::vector<std::byte> sent;
  unsigned tries = 0;
  TimePoint again{};
};

// One phase-2 exchange.
struct Exchange {
  std::uint32_t message_id = 0;
  IvBlock iv{};
  StoredReply reply;
  TimePoint started{};
  std::unique_ptr<QuickMode> quick;

  Exchange();
  ~Exchange();
};

// An IKE SA. Keys lie in secret memory.
struct IkeSa {
  static constexpr std::size_t most_exchanges = 8;       // at once
  static constexpr std::size_t most_message_ids = 4096;  // in all; then the client has to authenticate again

  Cookies cookies;
  bool we_initiated = false;
  Path path;
  Phase1Suite suite;
  PeerKind kind;
  bool udp_encapsulation = false;  // NAT traversal is in use
  crypto::IkeKeys keys;
  IvBlock last_phase1_block{};
  std::string identity;                     // the peer's, for people and for joining
  std::size_t psk = 0;                      // index into the configuration
  std::uint32_t peer_id = 0;                // 0: not authenticated yet
  TimePoint created{}, expires{}, renew{};  // renew: when we begin phase 1 anew, if we do
  StoredReply last_reply;                   // of phase 1
  std::unique_ptr<Phase1> phase1;           // until it is done
  std::vector<std::unique_ptr<Exchange>> exchanges;
  std::set<std::uint32_t> used_message_ids;  // of quick mode, forever: a replay must not make an SA
  std::deque<std::uint32_t> seen_informational;
  // Dead peer detection (RFC 3706): our numbers and the last of the peer's.
  std::uint32_t dpd_sequence = 0;
  std::uint32_t dpd_answered = 0;  // the last of ours that was
  std::optional<std::uint32_t> dpd_heard;

  [[nodiscard]] bool is_established() const { return peer_id != 0 && !phase1; }
  [[nodiscard]] Exchange* find_exchange(std::uint32_t message_id) const;
  void erase_exchange(std::uint32_t message_id);
};

}  // namespace espgate::control::ike
