// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/ike_sa.h"
#include "wire/big_endian.h"
#include "wire/parse.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace espgate::control::ike {

// As the hashes of IKE and its payloads have them: in network order.
[[nodiscard]] inline std::array<std::byte, 4> octets(std::uint32_t value) {
  std::array<std::byte, 4> bytes = {};
  wire::store_big_endian(bytes.data(), value);
  return bytes;
}

// CKY-I | CKY-R.
[[nodiscard]] inline std::array<std::byte, 16> octets(const Cookies& cookies) {
  std::array<std::byte, 16> bytes = {};
  wire::store_big_endian(bytes.data(), cookies.initiator);
  wire::store_big_endian(bytes.data() + 8, cookies.responder);
  return bytes;
}

[[nodiscard]] inline std::vector<std::byte> copy_of(wire::Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace espgate::control::ike
