// SPDX-License-Identifier: Apache-2.0
#include "control/l2tp/hidden_avp.h"

#include "crypto/ike_hash.h"
#include "wire/big_endian.h"
#include "wire/l2tp_avp.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace espgate::control::l2tp {
namespace {

constexpr std::size_t block_bytes = 16;

crypto::HashValue first_block(std::uint16_t type, wire::Bytes random_vector, wire::Bytes secret) {
  std::array<std::byte, 2> type_bytes{};
  wire::store_big_endian(type_bytes.data(), type);
  return crypto::hash(crypto::IkeHash::md5, {type_bytes, secret, random_vector});
}

crypto::HashValue next_block(wire::Bytes secret, wire::Bytes cipher_block) {
  return crypto::hash(crypto::IkeHash::md5, {secret, cipher_block});
}

}  // namespace

wire::Expected<std::vector<std::byte>> reveal_avp(std::uint16_t type, wire::Bytes hidden,
                                                  wire::Bytes random_vector, wire::Bytes secret) {
  if (hidden.size() < 2) return wire::fail(wire::ParseError::truncated);
  std::vector<std::byte> clear(hidden.begin(), hidden.end());
  crypto::HashValue block = first_block(type, random_vector, secret);
  for (std::size_t at = 0; at < clear.size(); at += block_bytes) {
    const std::size_t count = std::min(block_bytes, clear.size() - at);
    for (std::size_t i = 0; i < count; ++i) clear[at + i] ^= block.bytes[i];
    block = next_block(secret, hidden.subspan(at, count));
  }
  const std::size_t length = wire::load_big_endian<std::uint16_t>(clear.data());
  if (length > clear.size() - 2) return wire::fail(wire::ParseError::bad_length);
  clear.erase(clear.begin(), clear.begin() + 2);
  clear.resize(length);
  return clear;
}

std::vector<std::byte> hide_avp(std::uint16_t type, wire::Bytes value, wire::Bytes padding,
                                wire::Bytes random_vector, wire::Bytes secret) {
  std::vector<std::byte> hidden(2 + value.size() + padding.size());
  wire::store_big_endian(hidden.data(), static_cast<std::uint16_t>(value.size()));
  std::ranges::copy(value, hidden.begin() + 2);
  std::ranges::copy(padding, hidden.begin() + 2 + static_cast<std::ptrdiff_t>(value.size()));
  assert(hidden.size() <= wire::l2tp_longest_avp_value);
  crypto::HashValue block = first_block(type, random_vector, secret);
  for (std::size_t at = 0; at < hidden.size(); at += block_bytes) {
    const std::size_t count = std::min(block_bytes, hidden.size() - at);
    for (std::size_t i = 0; i < count; ++i) hidden[at + i] ^= block.bytes[i];
    block = next_block(secret, std::span(hidden).subspan(at, count));
  }
  return hidden;
}

std::vector<std::byte> challenge_response(std::uint8_t id, wire::Bytes secret, wire::Bytes challenge) {
  const std::byte id_byte{id};
  const auto value = crypto::hash(crypto::IkeHash::md5, {std::span(&id_byte, 1), secret, challenge});
  return {value.span().begin(), value.span().end()};
}

}  // namespace espgate::control::l2tp
