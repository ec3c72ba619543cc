// SPDX-License-Identifier: Apache-2.0
#include "control/l2tp/control_message.h"
#include "control/l2tp/hidden_avp.h"
#include "tests/fuzz/invariant.h"
#include "wire/l2tp_avp.h"

#include <algorithm>
#include <array>

using namespace espgate;
using namespace espgate::control;

// AVPs follow one another and, unless one is refused, fill the bytes.
static void require_sound_walk(wire::Bytes input) {
  wire::L2tpAvpWalk walk(input);
  std::size_t taken = 0;
  for (;;) {
    const auto avp = walk.next();
    if (!avp) return;
    if (!*avp) break;
    taken += wire::l2tp_avp_header_length;
    fuzz::require((*avp)->value.data() == input.data() + taken);
    taken += (*avp)->value.size();
    fuzz::require(taken <= input.size());
  }
  fuzz::require(taken == input.size());
}

static void require_sound_hiding(wire::Bytes input) {
  constexpr std::array<std::byte, 3> secret = {std::byte{1}, std::byte{2}, std::byte{3}};
  const auto vector = input.first(std::min<std::size_t>(input.size(), 4));
  const auto revealed = l2tp::reveal_avp(9, input, vector, secret);
  if (revealed) fuzz::require(revealed->size() + 2 <= input.size());
  if (input.size() > 1000) return;
  const auto again = l2tp::reveal_avp(9, l2tp::hide_avp(9, input, vector, vector, secret), vector, secret);
  fuzz::require(again && std::ranges::equal(*again, input));
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  require_sound_walk(input);
  require_sound_hiding(input);
  for (const bool with_secret : {false, true}) {
    const auto secret = with_secret ? input.first(std::min<std::size_t>(size, 8)) : wire::Bytes();
    const auto message = l2tp::ControlMessage::parse(input, secret);
    fuzz::require(message.fault() || message.type() != wire::L2tpMessageType{});
    for (const auto type : {wire::L2tpAttribute::host_name, wire::L2tpAttribute::vendor_name}) {
      const auto text = message.text(type);
      fuzz::require(text.size() <= 64 &&
                    std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; }));
    }
    fuzz::require(!message.result().to_string(true).empty());
    fuzz::require(message.ignored().size() < 400);
  }
  return 0;
}
