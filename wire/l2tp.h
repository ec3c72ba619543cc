// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/big_endian.h"
#include "wire/parse.h"

#include <cassert>
#include <optional>

namespace espgate::wire {

// The first 16 bits of an L2TPv2 header (RFC 2661 §3.1):
//   T L x x S x O P x x x x Ver
inline constexpr unsigned l2tp_flag_control = 0x8000;
inline constexpr unsigned l2tp_flag_length = 0x4000;
inline constexpr unsigned l2tp_flag_sequence = 0x0800;
inline constexpr unsigned l2tp_flag_offset = 0x0200;
inline constexpr unsigned l2tp_flag_priority = 0x0100;
inline constexpr unsigned l2tp_version_mask = 0x000f;
inline constexpr unsigned l2tp_version = 2;

inline constexpr std::size_t l2tp_control_header_length = 12;
inline constexpr std::size_t l2tp_longest_data_header = 14;  // before the offset padding
// Where Ns stands in a header that has it.
[[nodiscard]] constexpr std::size_t l2tp_ns_offset(bool length_field) { return length_field ? 8 : 6; }

//   flags/version | [length] | tunnel id | session id | [Ns | Nr] | [offset size | offset padding]
//
// Each is 16 bits but the padding. Bits marked x are ignored, as §3.1 asks. AVPs are not looked at.
class L2tpHeader {
 public:
  // bad_version: L2F (1) or L2TPv3 (3). unsupported: a control message without L or S, or with O or P.
  [[nodiscard]] static Expected<L2tpHeader> parse(Bytes datagram) {
    if (datagram.size() < 6) return fail(ParseError::truncated);
    const unsigned flags = load_big_endian<std::uint16_t>(datagram.data());
    if ((flags & l2tp_version_mask) != l2tp_version) return fail(ParseError::bad_version);
    if ((flags & l2tp_flag_control) != 0 && (flags & control_mask) != control_flags) {
      return fail(ParseError::unsupported);
    }
    std::size_t end = datagram.size();
    std::size_t ids_at = 2;
    if ((flags & l2tp_flag_length) != 0) {
      ids_at = 4;
      end = load_big_endian<std::uint16_t>(datagram.data() + 2);
      if (end > datagram.size()) return fail(ParseError::truncated);
    }
    // Without a length field, `end` is what was received; too little of it is truncation.
    const ParseError too_short = ids_at == 4 ? ParseError::bad_length : ParseError::truncated;
    std::size_t header_length = ids_at + 4 + ((flags & l2tp_flag_sequence) != 0 ? 4u : 0u);
    if ((flags & l2tp_flag_offset) != 0) {
      header_length += 2;
      if (header_length > end) return fail(too_short);
      header_length += load_big_endian<std::uint16_t>(datagram.data() + header_length - 2);
      if (header_length > end) return fail(ParseError::bad_header_length);
    }
    if (header_length > end) return fail(too_short);
    return L2tpHeader(datagram.first(end), flags, ids_at, header_length);
  }

  [[nodiscard]] bool is_control() const { return (flags_ & l2tp_flag_control) != 0; }
  [[nodiscard]] bool has_length() const { return (flags_ & l2tp_flag_length) != 0; }
  [[nodiscard]] bool has_sequence() const { return (flags_ & l2tp_flag_sequence) != 0; }
  [[nodiscard]] bool has_offset() const { return (flags_ & l2tp_flag_offset) != 0; }
  [[nodiscard]] bool priority() const { return (flags_ & l2tp_flag_priority) != 0; }
  [[nodiscard]] std::uint16_t tunnel_id() const { return id_word(0); }
  [[nodiscard]] std::uint16_t session_id() const { return id_word(1); }
  // Only if has_sequence().
  [[nodiscard]] std::uint16_t ns() const { return id_word(2); }
  [[nodiscard]] std::uint16_t nr() const { return id_word(3); }
  // With offset size and offset padding.
  [[nodiscard]] std::size_t header_length() const { return header_length_; }
  // Up to the length field where there is one, else all that was received.
  [[nodiscard]] Bytes payload() const { return message_.subspan(header_length_); }

 private:
  static constexpr unsigned control_flags = l2tp_flag_control | l2tp_flag_length | l2tp_flag_sequence;
  static constexpr unsigned control_mask = control_flags | l2tp_flag_offset | l2tp_flag_priority;

  L2tpHeader(Bytes message, unsigned flags, std::size_t ids_at, std::size_t header_length)
      : message_(message),
        header_length_(static_cast<std::uint32_t>(header_length)),
        flags_(static_cast<std::uint16_t>(flags)),
        ids_at_(static_cast<std::uint16_t>(ids_at)) {}

  [[nodiscard]] std::uint16_t id_word(std::size_t index) const {
    return load_big_endian<std::uint16_t>(message_.data() + ids_at_ + 2 * index);
  }

  Bytes message_;
  std::uint32_t header_length_;  // up to 14 + 65535
  std::uint16_t flags_;
  std::uint16_t ids_at_;
};

struct L2tpSequence {
  std::uint16_t ns = 0;
  std::uint16_t nr = 0;  // reserved in data messages, 0 when sent
  friend bool operator==(const L2tpSequence&, const L2tpSequence&) = default;
};

struct L2tpDataFields {
  std::uint16_t tunnel_id = 0;
  std::uint16_t session_id = 0;
  bool length_field = false;
  bool priority = false;
  std::optional<L2tpSequence> sequence = std::nullopt;
  std::optional<std::uint16_t> offset = std::nullopt;  // bytes of offset padding
};

struct L2tpControlFields {
  std::uint16_t tunnel_id = 0;
  std::uint16_t session_id = 0;
  std::uint16_t ns = 0;
  std::uint16_t nr = 0;
};

// Both write a header for a payload of `payload_length` bytes and return the header's length; `buffer` has
// room for it. Offset padding is written as zeros, so that nothing of the buffer's past leaves the house.
std::size_t build_l2tp_data(MutableBytes buffer, const L2tpDataFields& fields, std::size_t payload_length);
std::size_t build_l2tp_control(MutableBytes buffer, const L2tpControlFields& fields,
                               std::size_t payload_length);

}  // namespace espgate::wire
