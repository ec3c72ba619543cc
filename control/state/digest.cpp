// SPDX-License-Identifier: Apache-2.0
#include "control/state/digest.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace espgate::control {
namespace {

const unsigned char* octets(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// OpenSSL fails here only for lack of memory.
void must(bool worked) {
  if (!worked) throw std::runtime_error("OpenSSL can't compute a digest");
}

}  // namespace

Digest digest(std::initializer_list<std::span<const std::byte>> parts) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Digest result;
  must(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  for (const auto& part : parts) must(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  must(EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(result.data()), nullptr) == 1);
  return result;
}

Fingerprint fingerprint(const Salt& salt, std::span<const std::byte> bytes) {
  Digest whole;
  must(HMAC(EVP_sha256(), salt.data(), static_cast<int>(salt.size()), octets(bytes), bytes.size(),
            reinterpret_cast<unsigned char*>(whole.data()), nullptr) != nullptr);
  Fingerprint result;
  std::copy_n(whole.begin(), result.size(), result.begin());
  return result;
}

Salt random_salt() {
  Salt salt;
  must(RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), static_cast<int>(salt.size())) == 1);
  return salt;
}

}  // namespace espgate::control
