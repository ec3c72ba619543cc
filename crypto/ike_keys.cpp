// SPDX-License-Identifier: Apache-2.0
#include "crypto/ike_keys.h"

#include "wire/big_endian.h"

#include <algorithm>
#include <array>

namespace espgate::crypto {
namespace {

using Bytes = std::span<const std::byte>;

template <std::unsigned_integral T>
std::array<std::byte, sizeof(T)> big_endian(T value) {
  std::array<std::byte, sizeof(T)> bytes{};
  wire::store_big_endian(bytes.data(), value);
  return bytes;
}

// Appends what fits of `block`; returns how much of `result` is filled then.
std::size_t append(SecretBytes& result, std::size_t filled, Bytes block) {
  const std::size_t count = std::min(block.size(), result.size() - filled);
  std::ranges::copy(block.first(count), result.data() + filled);
  return filled + count;
}

// Appendix B: the most significant bits of SKEYID_e or, when it has too few, of Ka = K1 | K2 | …, where K1 =
// prf(SKEYID_e, 0) with a single byte of zero and K(n+1) = prf(SKEYID_e, Kn).
SecretBytes cipher_key(IkeHash algorithm, Bytes skeyid_e, std::size_t bytes) {
  if (skeyid_e.size() >= bytes) return SecretBytes(skeyid_e.first(bytes));
  constexpr std::array zero = {std::byte{0}};
  SecretBytes key(bytes);
  SecretBytes block = prf(algorithm, skeyid_e, {zero});
  for (std::size_t filled = append(key, 0, block.bytes()); filled < bytes;) {
    block = prf(algorithm, skeyid_e, {block.bytes()});
    filled = append(key, filled, block.bytes());
  }
  return key;
}

}  // namespace

SecretBytes skeyid_psk(IkeHash algorithm, Bytes psk, Bytes ni, Bytes nr) {
  return prf(algorithm, psk, {ni, nr});
}

IkeKeys derive_ike_keys(IkeHash algorithm, Bytes skeyid, Bytes g_xy, std::uint64_t cky_i, std::uint64_t cky_r,
                        std::size_t cipher_key_bytes) {
  const auto initiator = big_endian(cky_i);
  const auto responder = big_endian(cky_r);
  const auto next = [&](Bytes before, std::uint8_t number) {
    const std::array last = {std::byte{number}};
    return prf(algorithm, skeyid, {before, g_xy, initiator, responder, last});
  };
  IkeKeys keys;
  keys.skeyid_d = next({}, 0);
  keys.skeyid_a = next(keys.skeyid_d.bytes(), 1);
  keys.skeyid_e = next(keys.skeyid_a.bytes(), 2);
  keys.cipher_key = cipher_key(algorithm, keys.skeyid_e.bytes(), cipher_key_bytes);
  return keys;
}

// RFC 2409 §5.5: KEYMAT = K1 | K2 | …, every K over the one before it and the same rest.
SecretBytes derive_keymat(IkeHash algorithm, Bytes skeyid_d, Bytes g_qm_xy, std::uint8_t protocol,
                          std::uint32_t spi, Bytes ni, Bytes nr, std::size_t bytes) {
  const std::array protocol_byte = {std::byte{protocol}};
  const auto spi_bytes = big_endian(spi);
  SecretBytes keymat(bytes);
  SecretBytes block;
  for (std::size_t filled = 0; filled < bytes;) {
    block = prf(algorithm, skeyid_d, {block.bytes(), g_qm_xy, protocol_byte, spi_bytes, ni, nr});
    filled = append(keymat, filled, block.bytes());
  }
  return keymat;
}

HashValue phase1_iv(IkeHash algorithm, Bytes g_xi, Bytes g_xr) { return hash(algorithm, {g_xi, g_xr}); }

HashValue phase2_iv(IkeHash algorithm, Bytes last_phase1_block, std::uint32_t message_id) {
  const auto id = big_endian(message_id);
  return hash(algorithm, {last_phase1_block, id});
}

}  // namespace espgate::crypto
