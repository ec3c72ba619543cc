// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "wire/isakmp.h"

using namespace espgate;

// Every payload lies inside of what is walked, in order, and the walk ends.
static void require_sound_walk(wire::IsakmpPayloadWalk walk, wire::Bytes bytes, unsigned depth) {
  std::size_t taken = 0;
  for (;;) {
    const auto payload = walk.next();
    fuzz::require_inside(walk.rest(), bytes);
    if (!payload) {
      const auto after = walk.next();
      fuzz::require(after && !*after);
      return;
    }
    if (!*payload) return;
    fuzz::require_inside((*payload)->body, bytes.subspan(taken + 4));
    fuzz::require((*payload)->type != wire::IsakmpPayloadType::none);
    taken += 4 + (*payload)->body.size();
    fuzz::require(taken <= bytes.size() && walk.rest().data() == bytes.data() + taken);
    // Proposals and transforms are chained in the same way.
    if (depth > 0) require_sound_walk({(*payload)->type, (*payload)->body}, (*payload)->body, depth - 1);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  require_sound_walk({wire::IsakmpPayloadType::sa, input}, input, 2);
  const auto message = wire::IsakmpMessage::parse(input);
  if (!message) return 0;
  fuzz::require_layout(input, sizeof(wire::IsakmpHeader), message->payload());
  fuzz::require(message->header().length.host() == sizeof(wire::IsakmpHeader) + message->payload().size());
  require_sound_walk(message->payloads(), message->payload(), 2);
  return 0;
}
