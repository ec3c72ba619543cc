// SPDX-License-Identifier: Apache-2.0
#pragma once

// From the algorithms that a key file names to a suite of ours.

#include "crypto/suite.h"
#include "dataplane/replay/error.h"
#include "dataplane/replay/key_file_fields.h"
#include "dataplane/replay/sa_keys.h"

#include <cstdint>
#include <string_view>

namespace espgate::replay {

// An algorithm as a key file gives it. `name` and `key` are views into the file, for messages.
struct CipherChoice {
  crypto::Cipher cipher = crypto::Cipher::null;
  std::uint8_t aead_icv_bytes = 0;  // AEADs only
  std::string_view name;
  std::string_view key;
};
struct IntegrityChoice {
  crypto::Integrity integrity = crypto::Integrity::none;
  std::string_view name;
  std::string_view key;
};

// Finds the suite of these algorithms, whose keys are already in `sa`, and checks the keys' lengths. Error at
// the name or key that is to blame.
[[nodiscard]] Expected<void> choose_suite(const KeyText& file, const CipherChoice& cipher,
                                          const IntegrityChoice& integrity, SaKeys& sa);
// Checks both keys of `sa` against sa.suite. The views are where the keys came from.
[[nodiscard]] Expected<void> check_key_lengths(const KeyText& file, std::string_view cipher_key,
                                               std::string_view integrity_key, const SaKeys& sa);

// By the kernel's names ("cbc(aes)", or its alias "aes"). `icv_bits`: truncation as the file gives it, 0 for
// the kernel's default. Error at `name`: not one of ours, or not with that truncation.
[[nodiscard]] Expected<CipherChoice> cipher_from_xfrm(const KeyText& file, std::string_view name);
[[nodiscard]] Expected<CipherChoice> aead_from_xfrm(const KeyText& file, std::string_view name,
                                                    unsigned icv_bits);
[[nodiscard]] Expected<IntegrityChoice> integrity_from_xfrm(const KeyText& file, std::string_view name,
                                                            unsigned icv_bits);

}  // namespace espgate::replay
