// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"

#include <array>
#include <memory>
#include <span>

#include <intel-ipsec-mb.h>

namespace espgate::crypto {

// AES-GCM (RFC 4106) by libipsec-mb's direct calls: the blocks of one packet fill the vector units, so there
// is nothing to gain from running neighbours side by side.
class IpsecMbGcm {
 public:
  explicit IpsecMbGcm(IMB_MGR& manager);

  // Whether this class has the suite.
  [[nodiscard]] static bool does(SuiteId suite);
  [[nodiscard]] std::unique_ptr<Key> make_key(SuiteId suite, std::span<const std::byte> cipher_key) const;

  // Jobs of suites that this class has.
  void decrypt(std::span<Job* const> jobs) noexcept;
  void encrypt(std::span<Job* const> jobs) noexcept;

 private:
  // The library reads 12 bytes as one vector. Had they just been written in two pieces, that read would stall
  // for the stores to reach the cache, on every packet. So the inputs of the whole batch are written before
  // the first is used, and the tags read after the last.
  struct alignas(16) Nonce {
    std::array<std::uint8_t, 12> salt_and_iv;
  };
  struct alignas(16) AssociatedData {
    std::array<std::byte, 12> bytes;
  };
  struct alignas(16) Tag {
    std::array<std::uint8_t, 16> bytes;
  };
  struct Functions {
    aes_gcm_enc_dec_t decrypt = nullptr;
    aes_gcm_enc_dec_t encrypt = nullptr;
  };

  void prepare(std::span<Job* const> jobs) noexcept;
  void run(std::size_t index, const Job& job, aes_gcm_enc_dec_t function, std::uint8_t* tag) noexcept;

  IMB_MGR& manager_;
  std::array<Functions, 64> functions_{};  // by SuiteId
  gcm_context_data context_{};             // scratch of the library
  std::array<Nonce, max_batch> nonces_{};
  std::array<AssociatedData, max_batch> associated_{};  // of jobs with extended sequence numbers
  std::array<Tag, max_batch> tags_{};
};

}  // namespace espgate::crypto
