// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"

#include <memory>
#include <span>

#include <intel-ipsec-mb.h>

namespace espgate::crypto {

// ChaCha20-Poly1305 (RFC 7634), one packet after the other.
//
// By libipsec-mb's job interface, which makes Poly1305's key and the first blocks of keystream at one go; its
// direct calls (init, update, finalize) do not. The manager's queue must be empty, which it is where nothing
// else submits to it; this cipher runs within the call, so the job that goes in comes out.
class IpsecMbChacha {
 public:
  explicit IpsecMbChacha(IMB_MGR& manager) : manager_(manager) {}

  // Whether this class has the suite.
  [[nodiscard]] static bool does(SuiteId suite);
  [[nodiscard]] static std::unique_ptr<Key> make_key(SuiteId suite, std::span<const std::byte> cipher_key);

  // False: the ICV was wrong.
  bool decrypt(const Job& job) noexcept;
  // False: the library failed.
  bool encrypt(const Job& job) noexcept;

 private:
  bool run(const Job& job, IMB_CIPHER_DIRECTION direction, std::byte* tag) noexcept;

  IMB_MGR& manager_;
};

}  // namespace espgate::crypto
