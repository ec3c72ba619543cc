// SPDX-License-Identifier: Apache-2.0
// Any memory as a predecessor's state segment, and any blob as its state. What is taken comes back the same.
#include "control/state/gateway_state.h"
#include "control/state/state_segment.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

using namespace espgate;
using fuzz::require;

void read_blob(std::span<const std::byte> blob) {
  const auto state = control::parse_gateway_state(blob);
  if (!state) {
    require(!state.error().empty());
    return;
  }
  const auto back = control::parse_gateway_state(control::format_gateway_state(*state));
  require(back && *back == *state);
}

// The same memory with the sums of both copies made right, so that what lies behind them is reached: header
// (16 bytes), then for each copy generation, length, sum (48 bytes) and the blob.
std::vector<std::byte> with_sums(std::span<const std::byte> memory) {
  std::vector<std::byte> summed(memory.begin(), memory.end());
  if (memory.size() < 16 + 2 * 48) return summed;
  const std::size_t capacity = (memory.size() - 16) / 2 - 48;
  for (const std::size_t at : {std::size_t{16}, 16 + 48 + capacity}) {
    const auto copy = std::span(summed).subspan(at, 48 + capacity);
    std::uint64_t length = 0;
    std::memcpy(&length, copy.data() + 8, sizeof length);
    length = std::min<std::uint64_t>(length, capacity);
    const control::Digest sum = control::digest({copy.first(16), copy.subspan(48, length)});
    std::ranges::copy(sum, copy.begin() + 16);
  }
  return summed;
}

void read_memory(std::span<const std::byte> memory) {
  const auto blob = control::read_state(memory);
  if (!blob) {
    require(!blob.error().empty());
    return;
  }
  require(blob->size() <= memory.size());
  read_blob(blob->bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::as_bytes(data, size);
  read_blob(input);
  read_memory(input);
  read_memory(with_sums(input));
  return 0;
}
