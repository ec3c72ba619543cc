// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace espgate::crypto {

// The ciphers of IKE's own messages (RFC 2409 appendix A, RFC 3602 §5.1).
enum class IkeCipher : std::uint8_t { aes_cbc, des3_cbc };

inline constexpr std::size_t longest_block = 16;

[[nodiscard]] constexpr std::size_t block_bytes(IkeCipher cipher) {
  return cipher == IkeCipher::aes_cbc ? 16 : 8;
}
// 16, 24 or 32 for AES; 24 for 3DES.
[[nodiscard]] constexpr bool is_key_length(IkeCipher cipher, std::size_t bytes) {
  return bytes == 24 || (cipher == IkeCipher::aes_cbc && (bytes == 16 || bytes == 32));
}
// "aes", "3des".
[[nodiscard]] std::string_view to_string(IkeCipher cipher);

// CBC in place. `iv` has block_bytes(); on return it is the last block of ciphertext, which RFC 2409 appendix
// B makes the next message's IV. The key must satisfy is_key_length(), `data` must be whole blocks; both are
// for the caller to see to, as we build these messages ourselves. Any thread.
void ike_encrypt(IkeCipher cipher, std::span<const std::byte> key, std::span<std::byte> iv,
                 std::span<std::byte> data);

// The other way round. false: `data` is empty or not whole blocks; nothing has been touched then.
[[nodiscard]] bool ike_decrypt(IkeCipher cipher, std::span<const std::byte> key, std::span<std::byte> iv,
                               std::span<std::byte> data);

}  // namespace espgate::crypto
