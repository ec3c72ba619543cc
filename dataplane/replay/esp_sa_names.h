// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/suite.h"
#include "dataplane/replay/error.h"
#include "dataplane/replay/key_file_algorithms.h"

#include <string_view>

namespace espgate::replay {

// The algorithms of Wireshark's esp_sa table. Both columns are needed for either, since "AES-GCM [RFC4106]"
// leaves the ICV's length to the authentication column. The choices come without keys. Error: at the column,
// with what is supported.
[[nodiscard]] Expected<CipherChoice> esp_sa_cipher(const KeyText& file, std::string_view encryption,
                                                   std::string_view authentication);
[[nodiscard]] Expected<IntegrityChoice> esp_sa_integrity(const KeyText& file, std::string_view encryption,
                                                         std::string_view authentication);

// What Wireshark calls them. Every suite has such names.
[[nodiscard]] std::string_view esp_sa_cipher_name(const crypto::Suite& suite);
[[nodiscard]] std::string_view esp_sa_integrity_name(const crypto::Suite& suite);

}  // namespace espgate::replay
