// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>

namespace espgate::replay {

// Where made-up clients get their keys and numbers from: OpenSSL's generator, or a seed that makes every run
// the same (and its keys worthless).
class EncapRandom {
 public:
  explicit EncapRandom(std::optional<std::uint64_t> seed);

  // Throws std::runtime_error where the system has no entropy.
  void fill(std::span<std::byte> bytes);
  // From `least` to `most`, both included.
  [[nodiscard]] std::uint32_t between(std::uint32_t least, std::uint32_t most);

 private:
  [[nodiscard]] std::uint64_t number();

  std::optional<std::mt19937_64> seeded_;
};

}  // namespace espgate::replay
