// SPDX-License-Identifier: Apache-2.0
#include "crypto/openssl_engine.h"

#include "crypto/openssl_hmac.h"
#include "crypto/secret.h"
#include "wire/big_endian.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include <openssl/crypto.h>

namespace espgate::crypto {
namespace {

constexpr std::size_t esp_header_bytes = 8;
constexpr std::size_t nonce_bytes = 12;

const char* cipher_name(const Suite& suite) {
  switch (suite.cipher) {
    case Cipher::null:
      return nullptr;
    case Cipher::des3_cbc:
      return "DES-EDE3-CBC";
    case Cipher::aes_cbc:
      return suite.cipher_key_bytes == 16   ? "AES-128-CBC"
             : suite.cipher_key_bytes == 24 ? "AES-192-CBC"
                                            : "AES-256-CBC";
    case Cipher::aes_gcm:
      return suite.cipher_key_bytes == 16   ? "AES-128-GCM"
             : suite.cipher_key_bytes == 24 ? "AES-192-GCM"
                                            : "AES-256-GCM";
    case Cipher::chacha20_poly1305:
      return "ChaCha20-Poly1305";
  }
  return nullptr;
}

const unsigned char* in(const std::byte* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }
unsigned char* out(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

// Without padding: ESP has its own (RFC 4303 §2.4).
EvpPointer<EVP_CIPHER_CTX> keyed_context(EVP_CIPHER* cipher, const std::byte* key, int encrypt) {
  EvpPointer<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
  if (context == nullptr ||
      EVP_CipherInit_ex(context.get(), cipher, nullptr, in(key), nullptr, encrypt) != 1 ||
      EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1) {
    return nullptr;
  }
  return context;
}

// In place. An update of nothing is no update: OpenSSL takes it for the end of some ciphers.
bool update(EVP_CIPHER_CTX* context, std::byte* data, std::size_t bytes) {
  int written = 0;
  return bytes == 0 || EVP_CipherUpdate(context, out(data), &written, in(data), static_cast<int>(bytes)) == 1;
}

}  // namespace

// OpenSSL's contexts lie in its own heap, outside our secret memory; OpenSSL wipes them when they are freed.
class OpensslKey final : public Key, public SecretObject {
 public:
  OpensslKey(const Suite& its_suite, std::span<const std::byte> integrity_key)
      : suite(its_suite), hmac(its_suite.integrity, integrity_key) {}

  [[nodiscard]] std::span<const std::byte> hot_memory() const override {
    return {reinterpret_cast<const std::byte*>(this), sizeof *this};
  }

  [[nodiscard]] std::array<std::byte, nonce_bytes> nonce(const std::byte* iv) const {
    std::array<std::byte, nonce_bytes> made;
    std::memcpy(made.data(), salt.data(), salt.size());
    std::memcpy(made.data() + salt.size(), iv, nonce_bytes - salt.size());
    return made;
  }

  const Suite& suite;
  EvpPointer<EVP_CIPHER_CTX> decrypt;
  EvpPointer<EVP_CIPHER_CTX> encrypt;
  std::array<std::byte, 4> salt{};
  OpensslHmac hmac;
};

namespace {

const OpensslKey& key_of(const Job& job) {
  assert(&static_cast<const OpensslKey*>(job.key)->suite == &suite(job.suite));
  return static_cast<const OpensslKey&>(*job.key);
}

// The parts of a packet under a suite.
struct Layout {
  Layout(const Job& job, const Suite& suite)
      : iv(job.esp + esp_header_bytes),
        text(iv + suite.iv_bytes),
        icv(job.esp + job.length - suite.icv_bytes),
        text_bytes(job.length - esp_header_bytes - suite.iv_bytes - suite.icv_bytes) {
    assert(job.length >= esp_header_bytes + suite.iv_bytes + suite.icv_bytes);
  }

  std::byte* iv;
  std::byte* text;
  std::byte* icv;
  std::size_t text_bytes;
};

// SPI | sequence, or SPI | upper half | lower half (RFC 4106 §5, RFC 7634 §2.1).
bool add_associated_data(EVP_CIPHER_CTX* context, const Job& job) {
  std::array<std::byte, 12> data;
  std::memcpy(data.data(), job.esp, 4);
  wire::store_big_endian(data.data() + 4, job.sequence_high);
  std::memcpy(data.data() + (job.esn ? 8 : 4), job.esp + 4, 4);
  int written = 0;
  return EVP_CipherUpdate(context, nullptr, &written, in(data.data()), job.esn ? 12 : 8) == 1;
}

bool decrypt_aead(const OpensslKey& key, const Job& job) {
  const Layout packet(job, key.suite);
  EVP_CIPHER_CTX* context = key.decrypt.get();
  const auto nonce = key.nonce(packet.iv);
  int written = 0;
  std::array<unsigned char, 1> rest;
  return EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, in(nonce.data()), -1) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, key.suite.icv_bytes, packet.icv) == 1 &&
         add_associated_data(context, job) && update(context, packet.text, packet.text_bytes) &&
         EVP_CipherFinal_ex(context, rest.data(), &written) == 1;
}

bool encrypt_aead(const OpensslKey& key, const Job& job) {
  const Layout packet(job, key.suite);
  EVP_CIPHER_CTX* context = key.encrypt.get();
  const auto nonce = key.nonce(packet.iv);
  int written = 0;
  std::array<unsigned char, 1> rest;
  return EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, in(nonce.data()), -1) == 1 &&
         add_associated_data(context, job) && update(context, packet.text, packet.text_bytes) &&
         EVP_CipherFinal_ex(context, rest.data(), &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, key.suite.icv_bytes, packet.icv) == 1;
}

bool whole_blocks(const Suite& suite, std::size_t bytes) {
  return suite.cipher == Cipher::null || bytes % suite.iv_bytes == 0;
}

bool decrypt_cbc(const OpensslKey& key, const Layout& packet) {
  if (key.suite.cipher == Cipher::null) return true;
  EVP_CIPHER_CTX* context = key.decrypt.get();
  return EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, in(packet.iv), -1) == 1 &&
         update(context, packet.text, packet.text_bytes);
}

// With a zero IV the first block, which is the unique one, comes out as the IV of the rest.
bool encrypt_cbc(const OpensslKey& key, const Layout& packet) {
  if (key.suite.cipher == Cipher::null) return true;
  constexpr std::array<unsigned char, 16> zero_iv{};
  EVP_CIPHER_CTX* context = key.encrypt.get();
  return EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, zero_iv.data(), -1) == 1 &&
         update(context, packet.iv, key.suite.iv_bytes + packet.text_bytes);
}

using Tag = std::array<std::byte, longest_hmac>;

// The upper half of an extended sequence number goes behind the packet without being sent (RFC 4303 §2.2.1).
Tag authenticate(const OpensslKey& key, const Job& job) {
  const wire::be32 sequence_high(job.sequence_high);
  const auto behind = std::as_bytes(std::span(&sequence_high, job.esn ? 1 : 0));
  Tag tag;
  key.hmac.tag({job.esp, job.length - key.suite.icv_bytes}, behind, tag);
  return tag;
}

}  // namespace

tl::expected<std::unique_ptr<OpensslEngine>, std::string> OpensslEngine::make() {
  std::unique_ptr<OpensslEngine> engine(new OpensslEngine);
  assert(suites().size() <= engine->ciphers_.size());
  for (std::size_t id = 0; id < suites().size(); ++id) {
    const char* wanted = cipher_name(suites()[id]);
    if (wanted != nullptr) engine->ciphers_[id].reset(EVP_CIPHER_fetch(nullptr, wanted, nullptr));
  }
  const auto have_one = [](const auto& cipher) { return cipher != nullptr; };
  if (std::none_of(engine->ciphers_.begin(), engine->ciphers_.end(), have_one)) {
    return tl::unexpected(
        std::string("crypto engine openssl: no cipher at all; is its default provider installed?"));
  }
  return engine;
}

std::string OpensslEngine::description() const { return OpenSSL_version(OPENSSL_VERSION); }

tl::expected<std::unique_ptr<Key>, std::string> OpensslEngine::make_key(
    SuiteId id, std::span<const std::byte> cipher_key, std::span<const std::byte> integrity_key) {
  if (auto lengths = check_key_lengths(id, cipher_key.size(), integrity_key.size()); !lengths) {
    return tl::unexpected(lengths.error());
  }
  const Suite& its_suite = suite(id);
  const auto refuse = [&](const char* what) {
    return tl::unexpected(std::string(its_suite.name) + ": OpenSSL offers no " + what +
                          "; its configuration or FIPS mode may exclude it");
  };
  std::unique_ptr<OpensslKey> key(new OpensslKey(its_suite, integrity_key));
  if (const char* wanted = cipher_name(its_suite)) {
    if (ciphers_[id] == nullptr) return refuse(wanted);
    key->decrypt = keyed_context(ciphers_[id].get(), cipher_key.data(), 0);
    key->encrypt = keyed_context(ciphers_[id].get(), cipher_key.data(), 1);
    if (key->decrypt == nullptr || key->encrypt == nullptr) return refuse(wanted);
    std::copy_n(cipher_key.end() - its_suite.salt_bytes, its_suite.salt_bytes, key->salt.begin());
  }
  return key;
}

bool OpensslEngine::decrypt_one(const Job& job) noexcept {
  const OpensslKey& key = key_of(job);
  if (key.suite.is_aead()) return decrypt_aead(key, job);
  const Layout packet(job, key.suite);
  if (!whole_blocks(key.suite, packet.text_bytes)) return false;
  const Tag tag = authenticate(key, job);
  const std::size_t icv_bytes = key.suite.icv_bytes;
  return equal_in_constant_time({tag.data(), icv_bytes}, {packet.icv, icv_bytes}) && decrypt_cbc(key, packet);
}

bool OpensslEngine::encrypt_one(const Job& job) noexcept {
  const OpensslKey& key = key_of(job);
  if (key.suite.is_aead()) return encrypt_aead(key, job);
  const Layout packet(job, key.suite);
  if (!whole_blocks(key.suite, packet.text_bytes) || !encrypt_cbc(key, packet)) return false;
  const Tag tag = authenticate(key, job);
  std::memcpy(packet.icv, tag.data(), key.suite.icv_bytes);
  return true;
}

void OpensslEngine::decrypt(std::span<Job> jobs) noexcept {
  for (Job& job : jobs) job.ok = decrypt_one(job);
}

void OpensslEngine::encrypt(std::span<Job> jobs) noexcept {
  for (Job& job : jobs) job.ok = encrypt_one(job);
}

}  // namespace espgate::crypto
