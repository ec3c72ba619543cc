// SPDX-License-Identifier: Apache-2.0
#include "crypto/ipsec_mb_gcm.h"

#include "crypto/ipsec_mb_key.h"
#include "wire/big_endian.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace espgate::crypto {
namespace {

constexpr std::uint32_t esp_header_bytes = 8;
constexpr std::uint32_t iv_bytes = 8;
constexpr std::uint32_t icv_bytes = 16;
constexpr std::uint32_t around_text_bytes = esp_header_bytes + iv_bytes + icv_bytes;

// How many packets ahead a key is asked for: some 300 cycles of short packets, which is what memory takes.
constexpr std::size_t prefetch_distance = 4;

std::uint8_t* raw(std::byte* bytes) { return reinterpret_cast<std::uint8_t*>(bytes); }

const GcmKey& key_of(const Job& job) { return static_cast<const GcmKey&>(*job.key); }
std::byte* icv_of(const Job& job) { return job.esp + job.length - icv_bytes; }

// In time that does not depend on the bytes.
bool equal_icvs(const std::byte* a, const std::uint8_t* b) {
  std::array<std::uint64_t, 2> left;
  std::array<std::uint64_t, 2> right;
  std::memcpy(left.data(), a, icv_bytes);
  std::memcpy(right.data(), b, icv_bytes);
  return ((left[0] ^ right[0]) | (left[1] ^ right[1])) == 0;
}

}  // namespace

IpsecMbGcm::IpsecMbGcm(IMB_MGR& manager) : manager_(manager) {
  assert(suites().size() <= functions_.size());
  for (std::size_t id = 0; id < suites().size(); ++id) {
    if (!does(static_cast<SuiteId>(id))) continue;
    switch (suites()[id].cipher_key_bytes) {
      case 16:
        functions_[id] = {manager.gcm128_dec, manager.gcm128_enc};
        break;
      case 24:
        functions_[id] = {manager.gcm192_dec, manager.gcm192_enc};
        break;
      default:
        functions_[id] = {manager.gcm256_dec, manager.gcm256_enc};
    }
  }
}

bool IpsecMbGcm::does(SuiteId id) { return suite(id).cipher == Cipher::aes_gcm; }

std::unique_ptr<Key> IpsecMbGcm::make_key(SuiteId id, std::span<const std::byte> cipher_key) const {
  const std::size_t key_bytes = suite(id).cipher_key_bytes;
  std::unique_ptr<GcmKey> key(new GcmKey((key_bytes / 4 + 7) * 16));  // FIPS 197 §5: rounds + 1
  const auto expand = key_bytes == 16   ? manager_.gcm128_pre
                      : key_bytes == 24 ? manager_.gcm192_pre
                                        : manager_.gcm256_pre;
  expand(cipher_key.data(), &key->expanded);
  std::copy_n(cipher_key.begin() + static_cast<std::ptrdiff_t>(key_bytes), key->salt.size(),
              key->salt.begin());
  return key;
}

// Nonces are salt | IV (RFC 4106 §4). Associated data are SPI | sequence as they lie in the packet, or SPI |
// upper half | lower half (§5).
void IpsecMbGcm::prepare(std::span<Job* const> jobs) noexcept {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Job& job = *jobs[i];
    std::memcpy(nonces_[i].salt_and_iv.data(), key_of(job).salt.data(), 4);
    std::memcpy(nonces_[i].salt_and_iv.data() + 4, job.esp + esp_header_bytes, iv_bytes);
    if (!job.esn) continue;
    std::byte* associated = associated_[i].bytes.data();
    std::memcpy(associated, job.esp, 4);
    wire::store_big_endian(associated + 4, job.sequence_high);
    std::memcpy(associated + 8, job.esp + 4, 4);
  }
}

void IpsecMbGcm::run(std::size_t index, const Job& job, aes_gcm_enc_dec_t function,
                     std::uint8_t* tag) noexcept {
  std::uint8_t* text = raw(job.esp + esp_header_bytes + iv_bytes);
  const std::byte* associated = job.esn ? associated_[index].bytes.data() : job.esp;
  function(&key_of(job).expanded, &context_, text, text, job.length - around_text_bytes,
           nonces_[index].salt_and_iv.data(), reinterpret_cast<const std::uint8_t*>(associated),
           job.esn ? 12 : 8, tag, icv_bytes);
}

void IpsecMbGcm::decrypt(std::span<Job* const> jobs) noexcept {
  prepare(jobs);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (i + prefetch_distance < jobs.size()) key_of(*jobs[i + prefetch_distance]).prefetch();
    run(i, *jobs[i], functions_[jobs[i]->suite].decrypt, tags_[i].bytes.data());
  }
  for (std::size_t i = 0; i < jobs.size(); ++i)
    jobs[i]->ok = equal_icvs(icv_of(*jobs[i]), tags_[i].bytes.data());
}

void IpsecMbGcm::encrypt(std::span<Job* const> jobs) noexcept {
  prepare(jobs);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (i + prefetch_distance < jobs.size()) key_of(*jobs[i + prefetch_distance]).prefetch();
    run(i, *jobs[i], functions_[jobs[i]->suite].encrypt, raw(icv_of(*jobs[i])));
    jobs[i]->ok = true;
  }
}

}  // namespace espgate::crypto
