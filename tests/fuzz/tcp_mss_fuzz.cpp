// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "wire/checksum.h"
#include "wire/tcp_mss.h"

#include <algorithm>
#include <vector>

using namespace espgate;

// The input is the maximum (2 bytes) and a TCP segment.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const wire::Bytes input = fuzz::as_bytes(data, size);
  const auto max = wire::load_big_endian<std::uint16_t>(input.data());
  const wire::Bytes before = input.subspan(2);
  std::vector<std::byte> segment(before.begin(), before.end());

  const bool changed = wire::clamp_tcp_mss(segment, max);
  fuzz::require(changed == !std::ranges::equal(segment, before));
  if (!changed) return 0;
  fuzz::require((segment[13] & std::byte{0x02}) != std::byte{0});
  // Nothing but checksum and options changes, and the sum over the whole stays (0 and 0xffff are one to it).
  fuzz::require(std::equal(segment.begin(), segment.begin() + 16, before.begin()));
  fuzz::require(wire::internet_checksum(segment) % 0xffff == wire::internet_checksum(before) % 0xffff);
  fuzz::require(!wire::clamp_tcp_mss(segment, max));
  return 0;
}
