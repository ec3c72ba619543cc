// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "wire/ppp_options.h"

#include <algorithm>

using namespace espgate;

// Options follow one another; what is copied from them is the same again.
static void require_sound_options(wire::Bytes bytes) {
  wire::PppOptionWalk walk(bytes);
  wire::PppOptionList copy;
  for (;;) {
    const auto option = walk.next();
    if (!option) return;
    if (!*option) break;
    fuzz::require_inside((*option)->whole, bytes);
    fuzz::require((*option)->whole.size() == (*option)->data.size() + 2);
    fuzz::require((*option)->number16().has_value() == ((*option)->data.size() == 2));
    fuzz::require((*option)->number32().has_value() == ((*option)->data.size() == 4));
    copy.copy(**option);
  }
  fuzz::require(std::ranges::equal(copy.bytes(), bytes));
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  require_sound_options(input);
  if (const auto packet = wire::PppPacket::parse(input)) {
    fuzz::require_layout(input, 4, packet->data);
    const auto frame = wire::ppp_frame(wire::ppp_lcp, packet->code, packet->id, packet->data);
    fuzz::require(std::ranges::equal(std::span(frame).subspan(2), input.first(4 + packet->data.size())));
    require_sound_options(packet->data);
  }
  if (const auto value = wire::ChapValue::parse(input))
    fuzz::require(1 + value->value.size() + value->name.size() == size);
  if (const auto request = wire::PapRequest::parse(input)) {
    fuzz::require_inside(request->password, input);
    fuzz::require(2 + request->user.size() + request->password.size() <= size);
  }
  return 0;
}
