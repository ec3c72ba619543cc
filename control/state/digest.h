// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <span>

namespace espgate::control {

// SHA-256: finds what was torn or damaged.
using Digest = std::array<std::byte, 32>;
[[nodiscard]] Digest digest(std::initializer_list<std::span<const std::byte>> parts);

// Names something that contains a key without giving the key away: HMAC-SHA-256 under a random salt, cut to
// 16 bytes.
using Salt = std::array<std::byte, 16>;
using Fingerprint = std::array<std::byte, 16>;
[[nodiscard]] Fingerprint fingerprint(const Salt& salt, std::span<const std::byte> bytes);

[[nodiscard]] Salt random_salt();

}  // namespace espgate::control
