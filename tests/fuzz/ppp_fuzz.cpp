// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "wire/ppp.h"

#include <algorithm>
#include <array>

using namespace espgate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  const auto frame = wire::PppFrame::parse(input);
  if (!frame) return 0;
  fuzz::require_layout(input, frame->header_length(), frame->payload());
  fuzz::require(frame->payload().size() == size - frame->header_length());

  std::array<std::byte, 4> header;
  const std::size_t length = wire::build_ppp(
      header, {frame->protocol(), frame->address_control_present(), frame->protocol_compressed()});
  fuzz::require(std::ranges::equal(wire::Bytes(header).first(length), input.first(frame->header_length())));
  return 0;
}
