// SPDX-License-Identifier: Apache-2.0
#include "crypto/ike_cipher.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>

#include <openssl/evp.h>

namespace espgate::crypto {
namespace {

struct FreeContext {
  // Wipes the key schedule.
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};

// Fetched once: a search through the providers takes longer than the message. Lives as long as the process.
const EVP_CIPHER* fetch(const char* name) {
  const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  if (cipher == nullptr) throw std::runtime_error(std::string("OpenSSL has no ") + name);
  return cipher;
}

const EVP_CIPHER* evp_cipher(IkeCipher cipher, std::size_t key_bytes) {
  if (cipher == IkeCipher::des3_cbc) {
    static const EVP_CIPHER* const des3 = fetch("DES-EDE3-CBC");
    return des3;
  }
  static const std::array aes = {fetch("AES-128-CBC"), fetch("AES-192-CBC"), fetch("AES-256-CBC")};
  return aes.at(key_bytes / 8 - 2);
}

const unsigned char* octets(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

void run(IkeCipher cipher, std::span<const std::byte> key, std::span<const std::byte> iv,
         std::span<std::byte> data, bool encrypt) {
  assert(data.size() <= std::numeric_limits<int>::max());
  const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  if (!context) throw std::bad_alloc();
  auto* in_place = reinterpret_cast<unsigned char*>(data.data());
  int written = 0;
  const bool done =
      EVP_CipherInit_ex2(context.get(), evp_cipher(cipher, key.size()), octets(key), octets(iv),
                         encrypt ? 1 : 0, nullptr) == 1 &&
      EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
      EVP_CipherUpdate(context.get(), in_place, &written, in_place, static_cast<int>(data.size())) == 1;
  // CBC without padding fails for want of memory only; a message half encrypted must not go out.
  if (!done || static_cast<std::size_t>(written) != data.size())
    throw std::runtime_error("OpenSSL refuses CBC");
}

bool whole_blocks(IkeCipher cipher, std::span<const std::byte> data) {
  return !data.empty() && data.size() % block_bytes(cipher) == 0;
}

}  // namespace

std::string_view to_string(IkeCipher cipher) { return cipher == IkeCipher::aes_cbc ? "aes" : "3des"; }

void ike_encrypt(IkeCipher cipher, std::span<const std::byte> key, std::span<std::byte> iv,
                 std::span<std::byte> data) {
  assert(is_key_length(cipher, key.size()) && iv.size() == block_bytes(cipher) && whole_blocks(cipher, data));
  run(cipher, key, iv, data, true);
  std::ranges::copy(data.last(block_bytes(cipher)), iv.begin());
}

bool ike_decrypt(IkeCipher cipher, std::span<const std::byte> key, std::span<std::byte> iv,
                 std::span<std::byte> data) {
  assert(is_key_length(cipher, key.size()) && iv.size() == block_bytes(cipher));
  if (!whole_blocks(cipher, data)) return false;
  std::array<std::byte, longest_block> last{};
  std::ranges::copy(data.last(block_bytes(cipher)), last.begin());
  run(cipher, key, iv, data, false);
  std::ranges::copy(std::span(last).first(block_bytes(cipher)), iv.begin());
  return true;
}

}  // namespace espgate::crypto
