// SPDX-License-Identifier: Apache-2.0
// Any memory as a predecessor's state segment, and any blob as its state. What is taken comes back the same.
#include "control/ike/peer_record.h"
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

// The same memory with the sum of each block made right, so that what lies behind them is reached: a block
// for the header, then blocks of a sum, generation, id, index, count, length and the content.
std::vector<std::byte> with_sums(std::span<const std::byte> memory) {
  constexpr std::size_t block_bytes = control::StateSegment::block_bytes;
  constexpr std::size_t length_at = 56, content_at = 64, sum_bytes = 32;
  std::vector<std::byte> summed(memory.begin(), memory.end());
  for (std::size_t at = block_bytes; at + block_bytes <= summed.size(); at += block_bytes) {
    const auto block = std::span(summed).subspan(at, block_bytes);
    std::uint32_t length = 0;
    std::memcpy(&length, block.data() + length_at, sizeof length);
    length = std::min<std::uint32_t>(length, block_bytes - content_at);
    const control::Digest sum = control::digest(
        {block.subspan(sum_bytes, content_at - sum_bytes), block.subspan(content_at, length)});
    std::ranges::copy(sum, block.begin());
  }
  return summed;
}

void read_memory(std::span<const std::byte> memory) {
  const auto records = control::read_state(memory);
  if (!records) {
    require(!records.error().empty());
    return;
  }
  for (const auto& [id, record] : *records) {
    require(record.size() <= memory.size());
    read_blob(record.bytes());
    if (const auto peer = control::ike::decode_peer(record.bytes())) {
      // What is taken is written the same way again.
      const auto once = control::ike::encode_peer(*peer);
      const auto back = control::ike::decode_peer(once.result());
      require(back != nullptr);
      const auto twice = control::ike::encode_peer(*back);
      require(std::ranges::equal(once.result(), twice.result()));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::as_bytes(data, size);
  read_blob(input);
  read_memory(input);
  read_memory(with_sums(input));
  return 0;
}
