// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/crypto/esp_oracle.h"

#include "wire/big_endian.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace espgate::crypto::test {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(std::string("oracle: ") + what);
}

const unsigned char* in(View bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* out(Bytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
int length(View bytes) { return static_cast<int>(bytes.size()); }

const EVP_MD* digest(Integrity integrity) {
  switch (integrity) {
    case Integrity::hmac_md5_96:
      return EVP_md5();
    case Integrity::hmac_sha1_96:
      return EVP_sha1();
    case Integrity::hmac_sha2_256_128:
    case Integrity::hmac_sha2_256_96:
      return EVP_sha256();
    case Integrity::hmac_sha2_384_192:
      return EVP_sha384();
    case Integrity::hmac_sha2_512_256:
      return EVP_sha512();
    case Integrity::none:
      break;
  }
  throw std::logic_error("no digest");
}

const EVP_CIPHER* cbc_cipher(Cipher cipher, std::size_t key_bytes) {
  if (cipher == Cipher::des3_cbc) return EVP_des_ede3_cbc();
  return key_bytes == 16 ? EVP_aes_128_cbc() : key_bytes == 24 ? EVP_aes_192_cbc() : EVP_aes_256_cbc();
}

const EVP_CIPHER* aead_cipher(Cipher cipher, std::size_t key_bytes) {
  if (cipher == Cipher::chacha20_poly1305) return EVP_chacha20_poly1305();
  return key_bytes == 16 ? EVP_aes_128_gcm() : key_bytes == 24 ? EVP_aes_192_gcm() : EVP_aes_256_gcm();
}

Bytes big_endian(std::uint32_t value) {
  Bytes bytes(4);
  wire::store_big_endian(bytes.data(), value);
  return bytes;
}

}  // namespace

Bytes from_hex(std::string_view text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](char c) { return c != ' '; });
  require(digits.size() % 2 == 0, "half a byte of hex");
  Bytes bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    unsigned value = 0;
    const char* end = digits.data() + i + 2;
    require(std::from_chars(digits.data() + i, end, value, 16).ptr == end, "not hex");
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

std::string to_hex(View bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::byte byte : bytes) {
    text += digits[std::to_integer<std::size_t>(byte >> 4)];
    text += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return text;
}

Bytes from_text(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Bytes repeated(unsigned value, std::size_t count) { return Bytes(count, static_cast<std::byte>(value)); }

Bytes counting(unsigned first, std::size_t count) {
  Bytes bytes;
  for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(first + i));
  return bytes;
}

Bytes joined(std::initializer_list<View> parts) {
  Bytes all;
  for (View part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes oracle_hmac(Integrity integrity, View key, View message) {
  Bytes tag(EVP_MAX_MD_SIZE);
  unsigned tag_bytes = 0;
  require(HMAC(digest(integrity), key.data(), length(key), in(message), message.size(), out(tag),
               &tag_bytes) != nullptr,
          "HMAC");
  tag.resize(tag_bytes);
  return tag;
}

Bytes oracle_cbc(Cipher cipher, Direction direction, View key, View iv, View text) {
  const Context context(EVP_CIPHER_CTX_new());
  Bytes result(text.size() + 32);
  int written = 0;
  int rest = 0;
  require(EVP_CipherInit_ex(context.get(), cbc_cipher(cipher, key.size()), nullptr, in(key), in(iv),
                            direction == Direction::encrypt ? 1 : 0) == 1 &&
              EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
              EVP_CipherUpdate(context.get(), out(result), &written, in(text), length(text)) == 1 &&
              EVP_CipherFinal_ex(context.get(), out(result) + written, &rest) == 1,
          "CBC");
  result.resize(text.size());
  return result;
}

Bytes oracle_aead(Cipher cipher, View key, View nonce, View associated, View text) {
  constexpr int tag_bytes = 16;
  const Context context(EVP_CIPHER_CTX_new());
  Bytes result(text.size() + tag_bytes);
  int written = 0;
  require(
      EVP_EncryptInit_ex(context.get(), aead_cipher(cipher, key.size()), nullptr, in(key), in(nonce)) == 1 &&
          EVP_EncryptUpdate(context.get(), nullptr, &written, in(associated), length(associated)) == 1,
      "AEAD init");
  if (!text.empty()) {
    require(EVP_EncryptUpdate(context.get(), out(result), &written, in(text), length(text)) == 1,
            "AEAD text");
  }
  require(EVP_EncryptFinal_ex(context.get(), out(result) + text.size(), &written) == 1 &&
              EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes,
                                  out(result) + text.size()) == 1,
          "AEAD tag");
  return result;
}

Bytes EspPacket::header() const { return joined({big_endian(spi), big_endian(sequence)}); }

Bytes EspPacket::open() const {
  return joined({header(), iv_field, text, repeated(0xee, crypto::suite(suite).icv_bytes)});
}

Bytes EspPacket::sealed() const {
  const Suite& its_suite = crypto::suite(suite);
  if (its_suite.is_aead()) {
    const View key(cipher_key.data(), its_suite.cipher_key_bytes);
    const View salt(cipher_key.data() + key.size(), its_suite.salt_bytes);
    const Bytes high = esn ? big_endian(sequence_high) : Bytes{};
    const Bytes associated = joined({big_endian(spi), high, big_endian(sequence)});
    return joined(
        {header(), iv_field, oracle_aead(its_suite.cipher, key, joined({salt, iv_field}), associated, text)});
  }
  if (its_suite.cipher == Cipher::null) return sealed_with_iv({});
  const Bytes zero = repeated(0, its_suite.iv_bytes);
  return sealed_with_iv(oracle_cbc(its_suite.cipher, Direction::encrypt, cipher_key, zero, iv_field));
}

Bytes EspPacket::sealed_with_iv(View iv) const {
  const Suite& its_suite = crypto::suite(suite);
  Bytes packet = joined({header(), iv,
                         its_suite.cipher == Cipher::null
                             ? text
                             : oracle_cbc(its_suite.cipher, Direction::encrypt, cipher_key, iv, text)});
  const Bytes hashed = esn ? joined({packet, big_endian(sequence_high)}) : packet;
  const Bytes tag = oracle_hmac(its_suite.integrity, integrity_key, hashed);
  return joined({packet, View(tag).first(its_suite.icv_bytes)});
}

Job EspPacket::job(const Key& key, Bytes& buffer) const {
  return {.key = &key,
          .esp = buffer.data(),
          .length = static_cast<std::uint32_t>(buffer.size()),
          .sequence_high = sequence_high,
          .suite = suite,
          .esn = esn,
          .ok = false};
}

std::vector<std::string> engine_names() {
  std::vector<std::string> names = {"openssl"};
  if (make_engine(EngineChoice::ipsec_mb)) names.emplace_back("ipsec_mb");
  return names;
}

std::unique_ptr<Engine> engine_named(std::string_view name) {
  auto engine = make_engine(parse_engine_choice(name).value());
  if (!engine) throw std::runtime_error(engine.error());
  return std::move(*engine);
}

std::unique_ptr<Key> key_for(Engine& engine, const EspPacket& packet) {
  auto key = engine.make_key(packet.suite, packet.cipher_key, packet.integrity_key);
  if (!key) throw std::runtime_error(key.error());
  return std::move(*key);
}

}  // namespace espgate::crypto::test
