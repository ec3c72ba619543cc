// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/parse.h"

#include <cstdint>

namespace espgate::replay {

// Tells copies of a packet from other packets: 64-bit FNV-1a. Not for tables that an adversary fills.
[[nodiscard]] inline std::uint64_t fingerprint(wire::Bytes bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
  return hash;
}

}  // namespace espgate::replay
