// SPDX-License-Identifier: Apache-2.0
// The first byte chooses a link type, the rest is a frame of it.
#include "dataplane/replay/link_layer.h"
#include "tests/fuzz/invariant.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate::replay;
  static constexpr std::array link_types = {1, 12, 101, 228, 229, 113, 276, 0, 108, 14};
  if (size == 0) return 0;
  const auto link_layer = LinkLayer::for_link_type(link_types.at(data[0] % link_types.size()));
  espgate::fuzz::require(link_layer.has_value());
  // A buffer of exactly that size, so that a byte too far is noticed.
  std::vector<std::byte> frame(size - 1);
  if (size > 1) std::memcpy(frame.data(), data + 1, frame.size());
  const auto packet = link_layer->locate(frame);
  espgate::fuzz::require(!packet || packet->offset <= frame.size());
  return 0;
}
