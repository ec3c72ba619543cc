// SPDX-License-Identifier: Apache-2.0
#include "crypto/engine.h"

#include "crypto/openssl_engine.h"
#ifdef ESPGATE_HAVE_IPSEC_MB
#include "crypto/ipsec_mb_engine.h"
#endif

namespace espgate::crypto {
namespace {

tl::expected<std::unique_ptr<Engine>, std::string> make_openssl() {
  return OpensslEngine::make().map([](auto engine) -> std::unique_ptr<Engine> { return engine; });
}

tl::expected<std::unique_ptr<Engine>, std::string> make_ipsec_mb() {
#ifdef ESPGATE_HAVE_IPSEC_MB
  return IpsecMbEngine::make().map([](auto engine) -> std::unique_ptr<Engine> { return engine; });
#else
  return tl::unexpected(std::string(
      "crypto engine ipsec_mb: this program was built without libipsec-mb; choose openssl or auto"));
#endif
}

std::string wrong_length(const Suite& suite, std::string_view what, const std::string& takes,
                         std::size_t got) {
  return std::string(suite.name) + " takes " + std::string(what) + " of " + takes + ", got " +
         std::to_string(got);
}

}  // namespace

tl::expected<void, std::string> check_key_lengths(SuiteId id, std::size_t cipher_key_bytes,
                                                  std::size_t integrity_key_bytes) {
  if (id >= suites().size()) return tl::unexpected("there is no suite of index " + std::to_string(id));
  const Suite& suite = suites()[id];
  const std::size_t with_salt = std::size_t{suite.cipher_key_bytes} + suite.salt_bytes;
  if (cipher_key_bytes != with_salt) {
    std::string takes = std::to_string(with_salt) + " bytes";
    if (suite.salt_bytes != 0) takes += " (the last " + std::to_string(suite.salt_bytes) + " are the salt)";
    return tl::unexpected(wrong_length(suite, "a cipher key", takes, cipher_key_bytes));
  }
  if (integrity_key_bytes != suite.integrity_key_bytes) {
    const std::string takes = std::to_string(suite.integrity_key_bytes) + " bytes";
    return tl::unexpected(wrong_length(suite, "an integrity key", takes, integrity_key_bytes));
  }
  return {};
}

tl::expected<std::unique_ptr<Engine>, std::string> make_engine(EngineChoice choice) {
  if (choice == EngineChoice::openssl) return make_openssl();
  auto fast = make_ipsec_mb();
  if (fast || choice == EngineChoice::ipsec_mb) return fast;
  return make_openssl();
}

tl::expected<EngineChoice, std::string> parse_engine_choice(std::string_view text) {
  if (text == "auto") return EngineChoice::automatic;
  if (text == "ipsec_mb") return EngineChoice::ipsec_mb;
  if (text == "openssl") return EngineChoice::openssl;
  return tl::unexpected("no crypto engine is called \"" + std::string(text) +
                        "\": write auto, ipsec_mb or openssl");
}

}  // namespace espgate::crypto
