// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "crypto/ipsec_mb_key.h"

#include <array>
#include <cstdint>
#include <span>

#include <intel-ipsec-mb.h>

namespace espgate::crypto {

// AES-CBC (or no cipher) with HMAC-SHA, many packets side by side in the lanes of libipsec-mb.
//
// Hashing and ciphering are bursts of their own instead of chained jobs: that is faster here, spares
// decryption what has a wrong ICV, and lets suites share lanes. Packets of one hash go into one hash burst
// whatever their cipher, and those of one key length into one cipher burst whatever their hash, because a
// burst with few packets leaves lanes empty.
class IpsecMbHmac {
 public:
  explicit IpsecMbHmac(IMB_MGR& manager);

  // Whether this class has the suite.
  [[nodiscard]] static bool does(SuiteId suite);
  [[nodiscard]] std::unique_ptr<Key> make_key(SuiteId suite, std::span<const std::byte> cipher_key,
                                              std::span<const std::byte> integrity_key) const;

  // At least one job, of suites that this class has. The pointers are moved about.
  void decrypt(std::span<Job*> jobs) noexcept;
  void encrypt(std::span<Job*> jobs) noexcept;

 private:
  static constexpr std::size_t longest_tag = 64;

  // What a batch needs to know of a suite, so that it need not look into the keys.
  struct Plan {
    IMB_HASH_ALG hash = IMB_AUTH_NULL;
    std::uint8_t tag_bytes = 0;  // untruncated
    std::uint8_t icv_bytes = 0;
    std::uint8_t iv_bytes = 0;
    std::uint8_t cipher_key_bytes = 0;  // 0: no cipher
    std::uint8_t hash_first = 0;        // orders suites by hash, then key length
    std::uint8_t cipher_first = 0;      // orders suites by key length, then hash
    HmacKeyLayout layout{0, 0};

    [[nodiscard]] std::uint32_t text_bytes(const Job& job) const;
    [[nodiscard]] bool whole_blocks(const Job& job) const;
  };
  struct Hash;
  static Hash hash_of(Integrity integrity);
  static Plan make_plan(const Suite& suite);
  void expand_hmac(const Hash& hash, std::span<const std::byte> secret, std::byte pad,
                   std::byte* state) const;

  // Neighbours of one suite.
  struct Stretch {
    const Plan* plan;
    std::span<Job* const> jobs;
  };
  static constexpr std::size_t hash_ranks = 7;  // values of Integrity
  static constexpr std::size_t key_ranks = 5;   // none, and up to four times 64 bits
  static constexpr std::size_t ranks = hash_ranks * key_ranks;
  // A batch, ordered so that what may share a burst is side by side.
  struct Arrangement {
    std::array<Stretch, ranks> stretches;  // one a suite
    std::size_t count = 0;
    std::span<const Stretch> all() const { return {stretches.data(), count}; }
  };
  void arrange(std::span<Job*> jobs, std::uint8_t Plan::* rank, Arrangement& into) const noexcept;
  // Calls work(stretches) for neighbours that agree in `member`.
  template <typename Member, typename Work>
  static void for_each_group(std::span<const Stretch> stretches, Member Plan::* member, Work work) noexcept;

  // Asks for all that a direction needs of the keys, so that their cache misses overlap instead of following
  // each other.
  static void prefetch_keys(const Arrangement& arrangement, Direction direction) noexcept;
  // One hash burst: untruncated tags of stretches of one hash into tags_[0], tags_[1], … False: libipsec-mb
  // failed.
  bool hash(std::span<const Stretch> stretches) noexcept;
  void verify(const Stretch& stretch, std::size_t first_tag) noexcept;
  void verify_and_decipher(const Stretch& stretch, std::size_t first_tag) noexcept;
  void write_icvs(const Stretch& stretch, std::size_t first_tag) noexcept;
  // One cipher burst: stretches of one key length.
  void encipher(std::span<const Stretch> stretches) noexcept;

  IMB_MGR& manager_;
  std::array<Plan, 64> plans_{};  // by SuiteId
  std::array<IMB_JOB, max_batch> descriptors_{};
  alignas(64) std::array<std::array<std::byte, longest_tag>, max_batch> tags_{};
  // The bytes in whose place the upper sequence half was hashed.
  std::array<std::uint32_t, max_batch> displaced_{};
};

}  // namespace espgate::crypto
