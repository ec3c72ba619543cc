// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/ike/proposal.h"
#include "crypto/ike_keys.h"
#include "wire/isakmp.h"
#include "wire/isakmp_builder.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace espgate::client::ike {

using TimePoint = std::chrono::steady_clock::time_point;
using Iv = std::array<std::byte, crypto::longest_block>;

// As hashes and payloads have numbers: in network order.
[[nodiscard]] std::array<std::byte, 4> octets(std::uint32_t value);

// The payloads of one message, at most 64, as views into it.
class Payloads {
 public:
  // Nullopt: malformed.
  [[nodiscard]] static std::optional<Payloads> read(wire::IsakmpPayloadWalk walk);
  [[nodiscard]] const std::vector<wire::IsakmpPayload>& all() const { return all_; }
  // The first of that type; nullopt: there is none.
  [[nodiscard]] std::optional<wire::Bytes> find(wire::IsakmpPayloadType type) const;
  [[nodiscard]] wire::Bytes rest() const { return rest_; }

 private:
  std::vector<wire::IsakmpPayload> all_;
  wire::Bytes rest_;
};

// A message whose encrypted part was deciphered; whether that made sense, its hash has to say.
struct Opened {
  std::vector<std::byte> bytes;  // the header and the plain text; `payloads` points into it
  Payloads payloads;
  Iv next_iv{};
};

// An IKE SA (RFC 2409 §5), or what will be one. Keys lie in secret memory.
struct IkeSa {
  std::uint64_t initiator_cookie = 0, responder_cookie = 0;
  IkeProposal proposal;
  crypto::IkeKeys keys;
  Iv last_block{};  // of phase 1's cipher text (appendix B)
  bool server_knows_dpd = false;
  std::string server_identity;  // as the server says
  TimePoint established{};

  [[nodiscard]] bool is_named_by(const wire::IsakmpMessage& message) const;
  // "CKY-I | CKY-R".
  [[nodiscard]] std::array<std::byte, 16> cookies() const;
  [[nodiscard]] std::size_t block_bytes() const { return crypto::block_bytes(proposal.cipher); }
  // Of the first message of an exchange after phase 1.
  [[nodiscard]] Iv first_iv(std::uint32_t message_id) const;

  // Pads and encrypts; `iv` becomes that of the next message.
  [[nodiscard]] std::vector<std::byte> seal(wire::IsakmpBuilder& builder, Iv& iv) const;
  // Nullopt: no whole blocks, or no chain of payloads comes out, as with a wrong key.
  [[nodiscard]] std::optional<Opened> open(const wire::IsakmpMessage& message, const Iv& iv) const;

  // prf(SKEYID_a, message id | prefix | what follows the HASH payload): RFC 2409 §5.5, §5.7.
  [[nodiscard]] bool has_right_hash(const Opened& message, std::uint32_t message_id,
                                    wire::Bytes prefix = {}) const;
  // Fills in the HASH payload, which stands first and was put in with zeros.
  void fill_hash(wire::IsakmpBuilder& builder, std::uint32_t message_id, wire::Bytes prefix = {}) const;
  [[nodiscard]] std::vector<std::byte> empty_hash() const;
};

}  // namespace espgate::client::ike
