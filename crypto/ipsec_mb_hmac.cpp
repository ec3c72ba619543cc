// SPDX-License-Identifier: Apache-2.0
#include "crypto/ipsec_mb_hmac.h"

#include "wire/big_endian.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <type_traits>

namespace espgate::crypto {
namespace {

constexpr std::uint32_t esp_header_bytes = 8;
constexpr std::uint32_t aes_block_bytes = 16;
constexpr std::uint32_t sequence_high_bytes = 4;
// With a zero IV the block in the IV field, unique under the key, comes out as the IV of the rest.
alignas(aes_block_bytes) constexpr std::array<std::uint8_t, aes_block_bytes> zero_iv{};

std::uint8_t* raw(std::byte* bytes) { return reinterpret_cast<std::uint8_t*>(bytes); }
const std::uint8_t* raw(const std::byte* bytes) { return reinterpret_cast<const std::uint8_t*>(bytes); }

// In time that depends on the length only. ICVs are whole words.
template <std::size_t bytes>
bool equal_tags(const std::byte* a, const std::byte* b) {
  std::array<std::uint32_t, bytes / 4> left;
  std::array<std::uint32_t, bytes / 4> right;
  std::memcpy(left.data(), a, bytes);
  std::memcpy(right.data(), b, bytes);
  std::uint32_t difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) difference |= left[i] ^ right[i];
  return difference == 0;
}

// Calls work(length) with a length that the compiler knows: a memcpy or a comparison of known length is a few
// instructions, one of unknown length is a call.
template <typename Work>
void with_icv_bytes(std::size_t bytes, Work work) {
  switch (bytes) {
    case 12:
      return work(std::integral_constant<std::size_t, 12>{});
    case 16:
      return work(std::integral_constant<std::size_t, 16>{});
    case 24:
      return work(std::integral_constant<std::size_t, 24>{});
    case 32:
      return work(std::integral_constant<std::size_t, 32>{});
    default:
      assert(false);
  }
}

const HmacKey& key_of(const Job& job) { return static_cast<const HmacKey&>(*job.key); }

}  // namespace

IpsecMbHmac::IpsecMbHmac(IMB_MGR& manager) : manager_(manager) {
  assert(suites().size() <= plans_.size());
  for (std::size_t id = 0; id < suites().size(); ++id) {
    if (does(static_cast<SuiteId>(id))) plans_[id] = make_plan(suites()[id]);
  }
  for (std::size_t i = 0; i < max_batch; ++i) descriptors_[i].auth_tag_output = raw(tags_[i].data());
}

std::uint32_t IpsecMbHmac::Plan::text_bytes(const Job& job) const {
  return job.length - esp_header_bytes - iv_bytes - icv_bytes;
}

bool IpsecMbHmac::Plan::whole_blocks(const Job& job) const {
  return cipher_key_bytes == 0 || text_bytes(job) % aes_block_bytes == 0;
}

void IpsecMbHmac::decrypt(std::span<Job*> jobs) noexcept {
  Arrangement by_hash;
  arrange(jobs, &Plan::hash_first, by_hash);
  prefetch_keys(by_hash, Direction::decrypt);
  for_each_group(by_hash.all(), &Plan::hash, [this](std::span<const Stretch> same_hash) {
    const bool hashed = hash(same_hash);
    assert(hashed);
    std::size_t first_tag = 0;
    for (const Stretch& stretch : same_hash) {
      if (hashed) {
        verify_and_decipher(stretch, first_tag);
      } else {
        for (Job* job : stretch.jobs) job->ok = false;
      }
      first_tag += stretch.jobs.size();
    }
  });
}

void IpsecMbHmac::encrypt(std::span<Job*> jobs) noexcept {
  // The lanes would run past the end of a text that is not whole blocks.
  for (Job* job : jobs) job->ok = plans_[job->suite].whole_blocks(*job);
  const auto end = std::remove_if(jobs.begin(), jobs.end(), [](const Job* job) { return !job->ok; });
  jobs = {jobs.begin(), end};
  if (jobs.empty()) return;

  Arrangement arrangement;
  arrange(jobs, &Plan::cipher_first, arrangement);
  prefetch_keys(arrangement, Direction::encrypt);
  for_each_group(arrangement.all(), &Plan::cipher_key_bytes,
                 [this](std::span<const Stretch> same_cipher) { encipher(same_cipher); });
  if (arrangement.count > 1) arrange(jobs, &Plan::hash_first, arrangement);
  for_each_group(arrangement.all(), &Plan::hash, [this](std::span<const Stretch> same_hash) {
    const bool hashed = hash(same_hash);
    assert(hashed);
    std::size_t first_tag = 0;
    for (const Stretch& stretch : same_hash) {
      write_icvs(stretch, first_tag);
      first_tag += stretch.jobs.size();
      for (Job* job : stretch.jobs) job->ok = hashed;
    }
  });
}

void IpsecMbHmac::arrange(std::span<Job*> jobs, std::uint8_t Plan::* rank, Arrangement& into) const noexcept {
  const SuiteId first = jobs.front()->suite;
  const bool one_suite =
      std::all_of(jobs.begin(), jobs.end(), [&](const Job* job) { return job->suite == first; });
  into.count = 1;
  into.stretches[0] = {&plans_[first], jobs};
  if (one_suite) return;

  // Counting sort: no two suites have the same rank.
  std::array<std::uint8_t, ranks + 1> begin{};
  for (const Job* job : jobs) ++begin[plans_[job->suite].*rank + 1U];
  for (std::size_t i = 1; i < begin.size(); ++i)
    begin[i] = static_cast<std::uint8_t>(begin[i] + begin[i - 1]);
  std::array<Job*, max_batch> sorted;
  for (Job* job : jobs) sorted[begin[plans_[job->suite].*rank]++] = job;
  std::copy_n(sorted.begin(), jobs.size(), jobs.begin());

  into.count = 0;
  for (std::size_t start = 0, end = 0; start < jobs.size(); start = end) {
    while (end < jobs.size() && jobs[end]->suite == jobs[start]->suite) ++end;
    into.stretches[into.count++] = {&plans_[jobs[start]->suite], jobs.subspan(start, end - start)};
  }
}

void IpsecMbHmac::prefetch_keys(const Arrangement& arrangement, Direction direction) noexcept {
  for (const auto& [plan, jobs] : arrangement.all()) {
    const bool decrypting = direction == Direction::decrypt;
    const std::size_t begin = decrypting ? HmacKeyLayout::decrypt : plan->layout.inner / 64U * 64U;
    const std::size_t end = decrypting ? plan->layout.encrypt : plan->layout.end;
    for (const Job* job : jobs) {
      for (std::size_t line = begin; line < end; line += 64) prefetch_line(key_of(*job).at(line));
    }
  }
}

template <typename Member, typename Work>
void IpsecMbHmac::for_each_group(std::span<const Stretch> stretches, Member Plan::* member,
                                 Work work) noexcept {
  while (!stretches.empty()) {
    std::size_t end = 1;
    while (end < stretches.size() && stretches[end].plan->*member == stretches[0].plan->*member) ++end;
    work(stretches.first(end));
    stretches = stretches.subspan(end);
  }
}

// libipsec-mb hashes contiguous bytes only, so the upper half of an extended sequence number, which RFC 4303
// §2.2.1 puts behind the packet without sending it, takes the ICV's place meanwhile.
bool IpsecMbHmac::hash(std::span<const Stretch> stretches) noexcept {
  std::uint32_t count = 0;
  for (const auto& [plan, jobs] : stretches) {
    for (const Job* job : jobs) {
      std::uint32_t bytes = job->length - plan->icv_bytes;
      if (job->esn) {
        std::memcpy(&displaced_[count], job->esp + bytes, sequence_high_bytes);
        wire::store_big_endian(job->esp + bytes, job->sequence_high);
        bytes += sequence_high_bytes;
      }
      IMB_JOB& descriptor = descriptors_[count++];
      descriptor.src = raw(job->esp);
      descriptor.msg_len_to_hash_in_bytes = bytes;
      descriptor.auth_tag_output_len_in_bytes = plan->tag_bytes;
      descriptor.u.HMAC._hashed_auth_key_xor_ipad = raw(key_of(*job).at(plan->layout.inner));
      descriptor.u.HMAC._hashed_auth_key_xor_opad = raw(key_of(*job).at(plan->layout.outer));
    }
  }
  return IMB_SUBMIT_HASH_BURST_NOCHECK(&manager_, descriptors_.data(), count, stretches[0].plan->hash) ==
         count;
}

// Packets with a wrong ICV are left out of the cipher burst, so they cost no decryption.
void IpsecMbHmac::verify_and_decipher(const Stretch& stretch, std::size_t first_tag) noexcept {
  verify(stretch, first_tag);
  const Plan& plan = *stretch.plan;
  if (plan.cipher_key_bytes == 0) return;
  std::uint32_t count = 0;
  for (const Job* job : stretch.jobs) {
    const std::uint32_t text_bytes = plan.text_bytes(*job);
    if (!job->ok || text_bytes == 0) continue;
    std::byte* iv = job->esp + esp_header_bytes;
    IMB_JOB& descriptor = descriptors_[count++];
    descriptor.dec_keys = key_of(*job).at(HmacKeyLayout::decrypt);
    descriptor.src = raw(iv + aes_block_bytes);
    descriptor.dst = raw(iv + aes_block_bytes);
    descriptor.iv = raw(iv);
    descriptor.msg_len_to_cipher_in_bytes = text_bytes;
  }
  if (count == 0) return;
  IMB_SUBMIT_CIPHER_BURST_NOCHECK(&manager_, descriptors_.data(), count, IMB_CIPHER_CBC, IMB_DIR_DECRYPT,
                                  static_cast<IMB_KEY_SIZE_BYTES>(plan.cipher_key_bytes));
}

void IpsecMbHmac::verify(const Stretch& stretch, std::size_t first_tag) noexcept {
  const Plan& plan = *stretch.plan;
  with_icv_bytes(plan.icv_bytes, [&](auto icv_bytes) {
    for (std::size_t i = 0; i < stretch.jobs.size(); ++i) {
      Job& job = *stretch.jobs[i];
      std::byte* icv = job.esp + job.length - icv_bytes;
      if (job.esn) std::memcpy(icv, &displaced_[first_tag + i], sequence_high_bytes);
      job.ok = equal_tags<icv_bytes>(icv, tags_[first_tag + i].data()) && plan.whole_blocks(job);
    }
  });
}

void IpsecMbHmac::write_icvs(const Stretch& stretch, std::size_t first_tag) noexcept {
  with_icv_bytes(stretch.plan->icv_bytes, [&](auto icv_bytes) {
    for (std::size_t i = 0; i < stretch.jobs.size(); ++i) {
      Job& job = *stretch.jobs[i];
      std::memcpy(job.esp + job.length - icv_bytes, tags_[first_tag + i].data(), icv_bytes);
    }
  });
}

void IpsecMbHmac::encipher(std::span<const Stretch> stretches) noexcept {
  const std::uint8_t key_bytes = stretches[0].plan->cipher_key_bytes;
  if (key_bytes == 0) return;
  std::uint32_t count = 0;
  for (const auto& [plan, jobs] : stretches) {
    for (const Job* job : jobs) {
      std::uint8_t* iv_and_text = raw(job->esp + esp_header_bytes);
      IMB_JOB& descriptor = descriptors_[count++];
      descriptor.enc_keys = key_of(*job).at(plan->layout.encrypt);
      descriptor.src = iv_and_text;
      descriptor.dst = iv_and_text;
      descriptor.iv = zero_iv.data();
      descriptor.msg_len_to_cipher_in_bytes = aes_block_bytes + plan->text_bytes(*job);
    }
  }
  IMB_SUBMIT_CIPHER_BURST_NOCHECK(&manager_, descriptors_.data(), count, IMB_CIPHER_CBC, IMB_DIR_ENCRYPT,
                                  static_cast<IMB_KEY_SIZE_BYTES>(key_bytes));
}

}  // namespace espgate::crypto
