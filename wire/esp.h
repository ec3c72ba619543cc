// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/big_endian.h"
#include "wire/parse.h"

#include <array>
#include <cassert>

namespace espgate::wire {

struct EspHeader {  // RFC 4303 §2
  be32 spi;
  be32 sequence;
};
static_assert(sizeof(EspHeader) == 8 && alignof(EspHeader) == 1);

// An ESP header; the IV, the ciphertext and the ICV behind it are the suite's business.
[[nodiscard]] inline Expected<EspHeader> parse_esp_header(Bytes packet) {
  if (packet.size() < sizeof(EspHeader)) return fail(ParseError::truncated);
  return load_header<EspHeader>(packet.data());
}

// What a datagram on the port of NAT traversal is (RFC 3948 §2).
enum class NattKind : std::uint8_t { esp, ike, keepalive, malformed };

inline constexpr std::size_t natt_marker_length =
    4;  // four zero bytes before an IKE message, where ESP has an SPI

// `ike` promises the marker only, not that a message follows it.
[[nodiscard]] inline NattKind classify_natt(Bytes udp_payload) {
  if (udp_payload.size() >= natt_marker_length && load_big_endian<std::uint32_t>(udp_payload.data()) == 0) {
    return NattKind::ike;
  }
  if (udp_payload.size() >= sizeof(EspHeader)) return NattKind::esp;
  const bool keepalive = udp_payload.size() == 1 && udp_payload[0] == std::byte{0xff};
  return keepalive ? NattKind::keepalive : NattKind::malformed;
}

struct EspTrailer {  // follows the padding
  std::uint8_t pad_length;
  std::uint8_t next_header;
};
static_assert(sizeof(EspTrailer) == 2 && alignof(EspTrailer) == 1);

inline constexpr std::uint8_t esp_next_header_dummy = 59;  // traffic flow confidentiality, RFC 4303 §2.6

// The default contents of the padding: 1, 2, 3, … (RFC 4303 §2.4).
inline constexpr std::array<std::byte, 255> esp_pad_bytes = [] {
  std::array<std::byte, 255> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte(i + 1);
  return bytes;
}();

enum class PadCheck : std::uint8_t {
  monotonic,    // the padding must be 1, 2, 3, …
  length_only,  // it may be anything, as some peers send; after the ICV nobody else can have written it
};

// Whether the `pad_length` bytes before `end` are 1, 2, 3, …; `available` bytes lie before `end`. Padding is
// nearly always shorter than 16: then two words are compared at once, those that are no padding masked out.
[[nodiscard]] inline bool esp_padding_is_monotonic(const std::byte* end, std::size_t available,
                                                   std::size_t pad_length) {
  if (pad_length > 16 || available < 16) [[unlikely]]
    return std::memcmp(end - pad_length, esp_pad_bytes.data(), pad_length) == 0;
  // Little more than a shift: byte i of `expected` is what byte i of the 16 before `end` must be, `mask` says
  // whether.
  struct Block {
    std::uint64_t low, high;
  };
  static constexpr auto table = [] {
    std::array<std::array<std::array<std::uint8_t, 16>, 2>, 17> blocks{};
    for (std::size_t length = 0; length <= 16; ++length)
      for (std::size_t i = 16 - length; i < 16; ++i) {
        blocks[length][0][i] = static_cast<std::uint8_t>(i - (16 - length) + 1);
        blocks[length][1][i] = 0xff;
      }
    return blocks;
  }();
  Block found, expected, mask;
  std::memcpy(&found, end - 16, 16);
  std::memcpy(&expected, table[pad_length][0].data(), 16);
  std::memcpy(&mask, table[pad_length][1].data(), 16);
  return (((found.low & mask.low) ^ expected.low) | ((found.high & mask.high) ^ expected.high)) == 0;
}

struct EspPayload {
  Bytes payload;
  std::uint8_t next_header;
  std::uint8_t pad_length;
};

// `plaintext` is payload | padding | pad length | next header, decrypted and with a good ICV. bad_length:
// more padding is announced than there is; unsupported: the padding is not 1, 2, 3, …
[[nodiscard]] inline Expected<EspPayload> parse_esp_trailer(Bytes plaintext,
                                                            PadCheck check = PadCheck::monotonic) {
  if (plaintext.size() < sizeof(EspTrailer)) return fail(ParseError::truncated);
  const std::size_t before_trailer = plaintext.size() - sizeof(EspTrailer);
  const auto trailer = load_header<EspTrailer>(plaintext.data() + before_trailer);
  if (trailer.pad_length > before_trailer) return fail(ParseError::bad_length);
  const std::size_t payload_length = before_trailer - trailer.pad_length;
  if (check == PadCheck::monotonic &&
      !esp_padding_is_monotonic(plaintext.data() + before_trailer, before_trailer, trailer.pad_length)) {
    return fail(ParseError::unsupported);
  }
  return EspPayload{plaintext.first(payload_length), trailer.next_header, trailer.pad_length};
}

// How much padding brings payload, padding and trailer to a multiple of `alignment`: the cipher's block size
// and at least 4 (RFC 4303 §2.4), a power of two.
[[nodiscard]] constexpr std::size_t esp_padding(std::size_t payload_length, std::size_t alignment) {
  assert(std::has_single_bit(alignment) && alignment >= 4 && alignment <= 256);
  return (0 - (payload_length + sizeof(EspTrailer))) & (alignment - 1);
}

// Writes padding and trailer, pad_length + 2 bytes, to `at`, where the payload ends.
inline void write_esp_trailer(std::byte* at, std::size_t pad_length, std::uint8_t next_header) {
  assert(pad_length <= esp_pad_bytes.size());
  std::memcpy(at, esp_pad_bytes.data(), pad_length);
  store_header(at + pad_length, EspTrailer{static_cast<std::uint8_t>(pad_length), next_header});
}

}  // namespace espgate::wire
