// SPDX-License-Identifier: Apache-2.0
// Any message through both sides' looks at the handshake. The first byte says how many descriptors came with
// it. What is taken must be ours in every number.
#include "channel/handshake.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate;
  using fuzz::require;
  if (size == 0) return 0;
  const std::size_t descriptors = data[0] % 8;
  const auto message = fuzz::as_bytes(data + 1, size - 1);
  const auto hello = channel::check_hello(message);
  require(hello || !hello.error().empty());
  require(!hello || std::ranges::equal(message, channel::message_bytes(channel::Hello())));
  const auto handover = channel::check_handover(message, descriptors);
  require(!handover || (descriptors == 1 && message.size() == sizeof(channel::StateHandover)));
  const auto welcome = channel::parse_welcome(message, descriptors);
  if (!welcome) {
    require(std::ranges::all_of(welcome.error(), [](char c) { return c >= ' ' && c <= '~'; }));
    return 0;
  }
  require(welcome->workers >= 1 && welcome->workers <= channel::Welcome::most_workers);
  require(welcome->slots >= 1 && welcome->slots <= channel::Welcome::most_slots);
  require(descriptors == 4 || descriptors == 5);
  require(!hello && !handover);
  return 0;
}
