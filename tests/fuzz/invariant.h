// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/parse.h"

#include <cstdint>
#include <cstdlib>
#include <functional>

namespace espgate::fuzz {

// A crash is how libFuzzer learns of a broken invariant; unlike assert it is there in every build.
inline void require(bool holds) {
  if (!holds) std::abort();
}

inline void require_inside(wire::Bytes inner, wire::Bytes outer) {
  const std::less_equal<> at_most;  // a total order of pointers, where <= promises none
  require(at_most(outer.data(), inner.data()));
  require(at_most(inner.data() + inner.size(), outer.data() + outer.size()));
}

// The length of a parsed header, its payload and what is ignored behind them: all of it within the input, in
// order.
inline void require_layout(wire::Bytes input, std::size_t header_length, wire::Bytes payload) {
  require(header_length <= input.size());
  require_inside(payload, input.subspan(header_length));
  require(payload.data() == input.data() + header_length);
}

[[nodiscard]] inline wire::Bytes as_bytes(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

}  // namespace espgate::fuzz
