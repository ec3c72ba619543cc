// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/ike_cipher.h"
#include "crypto/ike_hash.h"
#include "crypto/ike_keys.h"
#include "tests/ike_messages.h"
#include "wire/isakmp.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace espgate::test {

// An IKE SA as a client's log had it: keys.json.
struct RecordedIkeSa {
  std::uint64_t initiator_cookie = 0, responder_cookie = 0;
  std::string g_xy, skeyid, skeyid_d, skeyid_a, skeyid_e, enc_key, initial_iv;  // hexadecimal
};

// An ESP SA as the kernel had it: keys.json.
struct RecordedEspSa {
  std::uint32_t spi = 0;
  std::string key_bytes;  // hexadecimal: the cipher's (with an AEAD's salt), then the integrity algorithm's
};

// What a main mode with a recorded secret was about, and the keys that follow from the PSK, the nonces and
// g^xy.
struct IkeSession {
  std::uint64_t initiator_cookie = 0, responder_cookie = 0;
  RecordedIkeSa recorded;
  crypto::IkeHash hash = crypto::IkeHash::sha1;
  crypto::IkeCipher cipher = crypto::IkeCipher::aes_cbc;
  std::size_t cipher_key_bytes = 0;
  // Bodies of payloads, by the side that sent them: 0 the initiator, 1 the responder.
  std::array<std::vector<std::byte>, 2> sa, key_exchange, nonce, identification, hash_payload;
  crypto::SecretBytes skeyid;
  crypto::IkeKeys keys;
  std::vector<std::byte> first_iv;
};

struct DecryptedMessage {
  IkeDatagram datagram;
  wire::IsakmpHeader header{};
  bool from_initiator = false;  // of the IKE SA
  bool retransmission = false;  // the same bytes have come before
  // Index in DecryptedCapture::sessions. nullopt: nobody wrote this SA's secrets down.
  std::optional<std::size_t> session;
  // What lies behind the header, decrypted where it had to be, with padding. nullopt: there is no key for it.
  std::optional<std::vector<std::byte>> payloads;
};

struct DecryptedCapture {
  std::vector<IkeSession> sessions;
  std::vector<DecryptedMessage> messages;
  std::vector<RecordedEspSa> esp_sas;
};

// Decrypts the IKE messages of one of our captures: `folder` has outer.pcap and keys.json. IVs by RFC 2409
// appendix B. Throws std::runtime_error when the files can't be read or a message can't be decrypted although
// its key is there.
[[nodiscard]] DecryptedCapture decrypt_ike(const std::filesystem::path& folder);

// The first payload of a type, in message order. nullopt: there is none, or the chain is broken before it.
[[nodiscard]] std::optional<wire::Bytes> find_payload(const DecryptedMessage& message,
                                                      wire::IsakmpPayloadType type);

}  // namespace espgate::test
