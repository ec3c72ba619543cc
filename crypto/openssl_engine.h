// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"

#include <array>
#include <memory>

#include <openssl/evp.h>

namespace espgate::crypto {

// Frees any of OpenSSL's EVP objects.
struct EvpDelete {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

template <typename T>
using EvpPointer = std::unique_ptr<T, EvpDelete>;

// Every suite by way of OpenSSL's EVP, packet by packet: the portable engine, and the oracle of the other
// one's tests.
//
// Contexts keep their expanded keys, and ciphers are fetched once, so a packet costs no fetch, no key
// expansion and no allocation.
class OpensslEngine final : public Engine {
 public:
  // Error: OpenSSL's default provider is missing altogether.
  static tl::expected<std::unique_ptr<OpensslEngine>, std::string> make();

  [[nodiscard]] std::string_view name() const override { return "openssl"; }
  [[nodiscard]] std::string description() const override;
  [[nodiscard]] std::string_view does(SuiteId) const override { return name(); }
  [[nodiscard]] tl::expected<std::unique_ptr<Key>, std::string> make_key(
      SuiteId suite, std::span<const std::byte> cipher_key,
      std::span<const std::byte> integrity_key) override;
  void decrypt(std::span<Job> jobs) noexcept override;
  void encrypt(std::span<Job> jobs) noexcept override;

  // One packet, for an engine that leaves single suites to this one.
  bool decrypt_one(const Job& job) noexcept;
  bool encrypt_one(const Job& job) noexcept;

 private:
  OpensslEngine() = default;

  // By SuiteId; null where the provider lacks the algorithm, or the suite has none.
  std::array<EvpPointer<EVP_CIPHER>, 64> ciphers_;
};

}  // namespace espgate::crypto
