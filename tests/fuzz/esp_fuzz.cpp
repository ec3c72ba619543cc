// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "wire/esp.h"

#include <algorithm>
#include <vector>

using namespace espgate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  const auto header = wire::parse_esp_header(input);
  fuzz::require(header.has_value() == (size >= sizeof(wire::EspHeader)));
  const bool is_esp = wire::classify_natt(input) == wire::NattKind::esp;
  fuzz::require(is_esp == (header && header->spi.host() != 0));

  const auto strict = wire::parse_esp_trailer(input, wire::PadCheck::monotonic);
  const auto lax = wire::parse_esp_trailer(input, wire::PadCheck::length_only);
  fuzz::require(!strict || lax);
  if (!lax) return 0;
  fuzz::require_layout(input, 0, lax->payload);
  fuzz::require(lax->payload.size() + lax->pad_length + sizeof(wire::EspTrailer) == size);

  std::vector<std::byte> built(input.begin(), input.end());
  wire::write_esp_trailer(built.data() + lax->payload.size(), lax->pad_length, lax->next_header);
  fuzz::require(std::ranges::equal(built, input) == strict.has_value());
  fuzz::require(wire::parse_esp_trailer(built, wire::PadCheck::monotonic).has_value());

  const std::size_t padding = wire::esp_padding(size, 16);
  fuzz::require(padding < 16 && (size + padding + sizeof(wire::EspTrailer)) % 16 == 0);
  return 0;
}
