// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "crypto/ipsec_mb_chacha.h"
#include "crypto/ipsec_mb_gcm.h"
#include "crypto/ipsec_mb_hmac.h"
#include "crypto/openssl_engine.h"
#include "crypto/secret.h"

#include <array>
#include <memory>
#include <string>

#include <intel-ipsec-mb.h>

namespace espgate::crypto {

// The fast engine: libipsec-mb. What is left in use for old peers only, MD5 and 3DES, goes to OpenSSL.
class IpsecMbEngine final : public Engine, public SecretObject {
 public:
  // Error: the CPU lacks what the library needs, its self-test failed, or OpenSSL is broken.
  static tl::expected<std::unique_ptr<IpsecMbEngine>, std::string> make();

  [[nodiscard]] std::string_view name() const override { return "ipsec_mb"; }
  [[nodiscard]] std::string description() const override;
  [[nodiscard]] std::string_view does(SuiteId suite) const override;
  [[nodiscard]] tl::expected<std::unique_ptr<Key>, std::string> make_key(
      SuiteId suite, std::span<const std::byte> cipher_key,
      std::span<const std::byte> integrity_key) override;
  void decrypt(std::span<Job> jobs) noexcept override;
  void encrypt(std::span<Job> jobs) noexcept override;

 private:
  // Sorts the jobs by who does them.
  template <Direction direction>
  void run(std::span<Job> jobs) noexcept;

  // The library's state: its lanes hold round keys and HMAC states of the last packets, so it is secret too.
  struct ManagerDelete {
    void operator()(IMB_MGR* manager) const { release_secret(manager, imb_get_mb_mgr_size()); }
  };
  using Manager = std::unique_ptr<IMB_MGR, ManagerDelete>;

  enum class Method : std::uint8_t { openssl, hmac, gcm, chacha };

  IpsecMbEngine(Manager manager, std::unique_ptr<OpensslEngine> openssl);
  static Method method_for(SuiteId suite);
  // Jobs of a call that are done in one go.
  struct Waiting {
    std::array<Job*, max_batch> jobs;
    std::size_t count = 0;

    void add(Job& job) { jobs[count++] = &job; }
    std::span<Job*> all() { return {jobs.data(), count}; }
  };

  Manager manager_;
  std::unique_ptr<OpensslEngine> openssl_;
  std::array<Method, 64> methods_{};  // by SuiteId
  IpsecMbGcm gcm_;
  IpsecMbChacha chacha_;
  IpsecMbHmac hmac_;
};

}  // namespace espgate::crypto
