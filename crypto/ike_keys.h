// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/ike_hash.h"
#include "crypto/secret.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace espgate::crypto {

// The keys of an IKE SA (RFC 2409 §5 and appendix B).
struct IkeKeys {
  SecretBytes skeyid_d;    // for the keys of other SAs
  SecretBytes skeyid_a;    // authenticates messages under the SA
  SecretBytes skeyid_e;    // encrypts them, by way of:
  SecretBytes cipher_key;  // skeyid_e cut or stretched to the cipher's length
};

// prf(pre-shared key, Ni_b | Nr_b). The nonces are bodies of payloads, without their headers.
[[nodiscard]] SecretBytes skeyid_psk(IkeHash prf, std::span<const std::byte> psk,
                                     std::span<const std::byte> ni, std::span<const std::byte> nr);

// `g_xy` as DhKeyPair::shared() gives it; cookies as numbers in host order. 3DES takes 24 bytes of cipher
// key.
[[nodiscard]] IkeKeys derive_ike_keys(IkeHash prf, std::span<const std::byte> skeyid,
                                      std::span<const std::byte> g_xy, std::uint64_t cky_i,
                                      std::uint64_t cky_r, std::size_t cipher_key_bytes);

// KEYMAT of one ESP or AH SA (RFC 2409 §5.5): `protocol` 3 is ESP, `spi` the one that the SA's receiver
// chose, in host order. `g_qm_xy` is empty without PFS. `bytes`: cipher key, salt and integrity key in a row.
[[nodiscard]] SecretBytes derive_keymat(IkeHash prf, std::span<const std::byte> skeyid_d,
                                        std::span<const std::byte> g_qm_xy, std::uint8_t protocol,
                                        std::uint32_t spi, std::span<const std::byte> ni,
                                        std::span<const std::byte> nr, std::size_t bytes);

// IV of the first encrypted message of phase 1: HASH(g^xi | g^xr) (appendix B). The first block_bytes() of
// the value are the IV.
[[nodiscard]] HashValue phase1_iv(IkeHash hash, std::span<const std::byte> g_xi,
                                  std::span<const std::byte> g_xr);
// IV of the first message of every later exchange: HASH(last block of phase 1's ciphertext | message id).
[[nodiscard]] HashValue phase2_iv(IkeHash hash, std::span<const std::byte> last_phase1_block,
                                  std::uint32_t message_id);

}  // namespace espgate::crypto
