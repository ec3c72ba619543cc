// SPDX-License-Identifier: Apache-2.0
#include "crypto/ipsec_mb_engine.h"

#include <cassert>

namespace espgate::crypto {
namespace {

constexpr std::uint64_t needed_features = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;

// What init made of the CPU; empty: all is well.
std::string trouble(IMB_MGR& manager) {
  const std::string prefix = "crypto engine ipsec_mb: ";
  const std::string remedy = "; choose openssl or auto";
  if ((manager.features & needed_features) != needed_features) {
    return prefix + "this CPU has no AES or no carry-less multiplication instructions" + remedy;
  }
  if (const int error = imb_get_errno(&manager); error != 0) {
    return prefix + "libipsec-mb says \"" + imb_get_strerror(error) + "\"" + remedy;
  }
  const bool tested = (manager.features & IMB_FEATURE_SELF_TEST) != 0;
  if (tested && (manager.features & IMB_FEATURE_SELF_TEST_PASS) == 0) {
    return prefix + "the self-test of libipsec-mb failed" + remedy;
  }
  return {};
}

std::string_view architecture_name(std::uint32_t architecture) {
  switch (architecture) {
    case IMB_ARCH_SSE:
      return "SSE";
    case IMB_ARCH_AVX:
      return "AVX";
    case IMB_ARCH_AVX2:
      return "AVX2";
    case IMB_ARCH_AVX512:
      return "AVX512";
    default:
      return "unknown instruction set";
  }
}

}  // namespace

tl::expected<std::unique_ptr<IpsecMbEngine>, std::string> IpsecMbEngine::make() {
  const std::size_t bytes = imb_get_mb_mgr_size();
  Manager manager(imb_set_pointers_mb_mgr(allocate_secret(bytes), 0, 1));
  IMB_ARCH chosen = IMB_ARCH_NONE;
  init_mb_mgr_auto(manager.get(), &chosen);
  if (std::string text = trouble(*manager); !text.empty()) return tl::unexpected(std::move(text));
  auto openssl = OpensslEngine::make();
  if (!openssl) return tl::unexpected(openssl.error());
  return std::unique_ptr<IpsecMbEngine>(new IpsecMbEngine(std::move(manager), std::move(*openssl)));
}

IpsecMbEngine::IpsecMbEngine(Manager manager, std::unique_ptr<OpensslEngine> openssl)
    : manager_(std::move(manager)),
      openssl_(std::move(openssl)),
      gcm_(*manager_),
      chacha_(*manager_),
      hmac_(*manager_) {
  assert(suites().size() <= methods_.size());
  for (std::size_t id = 0; id < suites().size(); ++id) methods_[id] = method_for(static_cast<SuiteId>(id));
}

IpsecMbEngine::Method IpsecMbEngine::method_for(SuiteId id) {
  if (IpsecMbHmac::does(id)) return Method::hmac;
  if (IpsecMbGcm::does(id)) return Method::gcm;
  if (IpsecMbChacha::does(id)) return Method::chacha;
  return Method::openssl;
}

std::string IpsecMbEngine::description() const {
  std::string text = std::string("libipsec-mb ") + imb_get_version_str() + ", ";
  text += architecture_name(manager_->used_arch);
  if ((manager_->features & IMB_FEATURE_VAES) != 0 && manager_->used_arch >= IMB_ARCH_AVX2) text += " VAES";
  if ((manager_->features & IMB_FEATURE_SHANI) != 0) text += " SHA-NI";
  return text;
}

std::string_view IpsecMbEngine::does(SuiteId id) const {
  return methods_.at(id) == Method::openssl ? openssl_->name() : name();
}

tl::expected<std::unique_ptr<Key>, std::string> IpsecMbEngine::make_key(
    SuiteId id, std::span<const std::byte> cipher_key, std::span<const std::byte> integrity_key) {
  if (auto lengths = check_key_lengths(id, cipher_key.size(), integrity_key.size()); !lengths) {
    return tl::unexpected(lengths.error());
  }
  switch (methods_[id]) {
    case Method::hmac:
      return hmac_.make_key(id, cipher_key, integrity_key);
    case Method::gcm:
      return gcm_.make_key(id, cipher_key);
    case Method::chacha:
      return IpsecMbChacha::make_key(id, cipher_key);
    case Method::openssl:
      break;
  }
  return openssl_->make_key(id, cipher_key, integrity_key);
}

template <Direction direction>
void IpsecMbEngine::run(std::span<Job> jobs) noexcept {
  constexpr bool decrypting = direction == Direction::decrypt;
  assert(jobs.size() <= max_batch);
  Waiting for_hmac;
  Waiting for_gcm;
  for (Job& job : jobs) {
    switch (methods_[job.suite]) {
      case Method::hmac:
        for_hmac.add(job);
        break;
      case Method::gcm:
        for_gcm.add(job);
        break;
      case Method::chacha:
        job.ok = decrypting ? chacha_.decrypt(job) : chacha_.encrypt(job);
        break;
      case Method::openssl:
        job.ok = decrypting ? openssl_->decrypt_one(job) : openssl_->encrypt_one(job);
        break;
    }
  }
  if (for_hmac.count != 0) decrypting ? hmac_.decrypt(for_hmac.all()) : hmac_.encrypt(for_hmac.all());
  if (for_gcm.count != 0) decrypting ? gcm_.decrypt(for_gcm.all()) : gcm_.encrypt(for_gcm.all());
}

void IpsecMbEngine::decrypt(std::span<Job> jobs) noexcept { run<Direction::decrypt>(jobs); }

void IpsecMbEngine::encrypt(std::span<Job> jobs) noexcept { run<Direction::encrypt>(jobs); }

}  // namespace espgate::crypto
