// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <tl/expected.hpp>

namespace espgate::wire {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

// Why a view could not be made. What a packet path does about it (a drop reason, a message) is the caller's
// business.
enum class ParseError : std::uint8_t {
  truncated,          // fewer bytes than the fixed header, or than a length field promises
  bad_version,        // a version or type field names another protocol
  bad_header_length,  // a header length field below its minimum or beyond the packet
  bad_length,         // a total length field that contradicts the header or the packet
  unsupported,        // well-formed, but a form that we do not take
};

[[nodiscard]] std::string_view to_string(ParseError error);

template <typename T>
using Expected = tl::expected<T, ParseError>;

[[nodiscard]] inline tl::unexpected<ParseError> fail(ParseError error) {
  return tl::unexpected<ParseError>(error);
}

}  // namespace espgate::wire
