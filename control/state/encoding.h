// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/secret_allocator.h"
#include "control/state/digest.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::control {

// Writes numbers (little-endian), fixed arrays and short texts one behind the other.
template <typename Allocator>
class BasicEncoder {
 public:
  template <std::unsigned_integral Number>
  void number(Number value) {
    for (std::size_t i = 0; i < sizeof value; ++i) bytes_.push_back(std::byte(value >> (8 * i) & 0xff));
  }
  void bytes(std::span<const std::byte> value) { bytes_.insert(bytes_.end(), value.begin(), value.end()); }
  // At most 65535 bytes of it.
  void text(std::string_view value) {
    const std::string_view kept = value.substr(0, 65535);
    number(static_cast<std::uint16_t>(kept.size()));
    bytes(std::as_bytes(std::span(kept)));
  }
  // With its length before it; at most 65535 bytes.
  void blob(std::span<const std::byte> value) {
    number(static_cast<std::uint16_t>(value.size()));
    bytes(value);
  }
  [[nodiscard]] const std::vector<std::byte, Allocator>& result() const { return bytes_; }

 private:
  std::vector<std::byte, Allocator> bytes_;
};
// What holds no keys, and what does.
using Encoder = BasicEncoder<std::allocator<std::byte>>;
using SecretEncoder = BasicEncoder<channel::SecretAllocator<std::byte>>;

// Reads the same back. Past the end everything is zero and empty; ok() tells.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <std::unsigned_integral Number>
  [[nodiscard]] Number number() {
    std::uint64_t value = 0;
    const auto part = take(sizeof(Number));
    for (std::size_t i = 0; i < part.size(); ++i) value |= std::to_integer<std::uint64_t>(part[i]) << (8 * i);
    return static_cast<Number>(value);
  }
  template <std::size_t Size>
  [[nodiscard]] std::array<std::byte, Size> array() {
    std::array<std::byte, Size> value = {};
    std::ranges::copy(take(Size), value.begin());
    return value;
  }
  [[nodiscard]] std::string text() {
    const auto part = take(number<std::uint16_t>());
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  [[nodiscard]] std::span<const std::byte> blob() { return take(number<std::uint16_t>()); }
  [[nodiscard]] std::span<const std::byte> rest() const { return rest_; }
  // Nothing was missing so far.
  [[nodiscard]] bool ok() const { return ok_; }
  // Nothing was missing, nothing is left.
  [[nodiscard]] bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::span<const std::byte> take(std::size_t size) {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return {};
    const auto part = rest_.first(size);
    rest_ = rest_.subspan(size);
    return part;
  }
  std::span<const std::byte> rest_;
  bool ok_ = true;
};

}  // namespace espgate::control
