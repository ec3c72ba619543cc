// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/encap_random.h"

#include <algorithm>
#include <stdexcept>

#include <openssl/rand.h>

namespace espgate::replay {

EncapRandom::EncapRandom(std::optional<std::uint64_t> seed) {
  if (seed) seeded_.emplace(*seed);
}

void EncapRandom::fill(std::span<std::byte> bytes) {
  if (seeded_) {
    std::ranges::generate(bytes, [&] { return static_cast<std::byte>((*seeded_)() >> 56); });
    return;
  }
  if (RAND_priv_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("OpenSSL gives no random bytes for keys");
}

// A remainder of 64 bits is as good as fair below 2^32.
std::uint32_t EncapRandom::between(std::uint32_t least, std::uint32_t most) {
  return least + static_cast<std::uint32_t>(number() % (std::uint64_t{most} - least + 1));
}

std::uint64_t EncapRandom::number() {
  std::uint64_t value = 0;
  fill(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

}  // namespace espgate::replay
