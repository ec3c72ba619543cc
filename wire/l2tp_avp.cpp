// SPDX-License-Identifier: Apache-2.0
#include "wire/l2tp_avp.h"

#include <array>
#include <cassert>

namespace espgate::wire {
namespace {

constexpr unsigned avp_mandatory = 0x8000;
constexpr unsigned avp_hidden = 0x4000;
constexpr unsigned avp_reserved = 0x3c00;
constexpr unsigned avp_length_mask = 0x03ff;

constexpr std::size_t length_at = 2, ns_at = 8,
                      nr_at = 10;  // in a control header, which always has all fields

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

}  // namespace

std::string_view to_string(L2tpMessageType type) {
  switch (type) {
    case L2tpMessageType::sccrq:
      return "SCCRQ";
    case L2tpMessageType::sccrp:
      return "SCCRP";
    case L2tpMessageType::scccn:
      return "SCCCN";
    case L2tpMessageType::stopccn:
      return "StopCCN";
    case L2tpMessageType::hello:
      return "HELLO";
    case L2tpMessageType::ocrq:
      return "OCRQ";
    case L2tpMessageType::ocrp:
      return "OCRP";
    case L2tpMessageType::occn:
      return "OCCN";
    case L2tpMessageType::icrq:
      return "ICRQ";
    case L2tpMessageType::icrp:
      return "ICRP";
    case L2tpMessageType::iccn:
      return "ICCN";
    case L2tpMessageType::cdn:
      return "CDN";
    case L2tpMessageType::wen:
      return "WEN";
    case L2tpMessageType::sli:
      return "SLI";
  }
  return "unknown";
}

Expected<std::optional<L2tpAvp>> L2tpAvpWalk::next() {
  if (rest_.empty()) return std::optional<L2tpAvp>();
  if (rest_.size() < l2tp_avp_header_length) return fail(ParseError::truncated);
  const unsigned word = load_big_endian<std::uint16_t>(rest_.data());
  const std::size_t length = word & avp_length_mask;
  if (length < l2tp_avp_header_length) return fail(ParseError::bad_length);
  if (length > rest_.size()) return fail(ParseError::truncated);
  L2tpAvp avp;
  avp.mandatory = (word & avp_mandatory) != 0;
  avp.hidden = (word & avp_hidden) != 0;
  avp.reserved = (word & avp_reserved) != 0;
  avp.vendor = load_big_endian<std::uint16_t>(rest_.data() + 2);
  avp.type = load_big_endian<std::uint16_t>(rest_.data() + 4);
  avp.value = rest_.first(length).subspan(l2tp_avp_header_length);
  rest_ = rest_.subspan(length);
  return std::optional(avp);
}

L2tpMessageBuilder::L2tpMessageBuilder(std::uint16_t tunnel_id, std::uint16_t session_id,
                                       L2tpMessageType type)
    : message_(l2tp_control_header_length) {
  build_l2tp_control(message_, {tunnel_id, session_id, 0, 0}, 0);
  number16(L2tpAttribute::message_type, true, static_cast<std::uint16_t>(type));
}

L2tpMessageBuilder& L2tpMessageBuilder::avp(L2tpAttribute type, bool mandatory, Bytes value, bool hidden) {
  assert(value.size() <= l2tp_longest_avp_value);
  const std::size_t begin = message_.size();
  const std::size_t length = l2tp_avp_header_length + value.size();
  message_.resize(begin + l2tp_avp_header_length);
  store_big_endian(message_.data() + begin, static_cast<std::uint16_t>((mandatory ? avp_mandatory : 0) |
                                                                       (hidden ? avp_hidden : 0) | length));
  store_big_endian(message_.data() + begin + 2, std::uint16_t{0});
  store_big_endian(message_.data() + begin + 4, static_cast<std::uint16_t>(type));
  message_.insert(message_.end(), value.begin(), value.end());
  return *this;
}

L2tpMessageBuilder& L2tpMessageBuilder::number16(L2tpAttribute type, bool mandatory, std::uint16_t value) {
  std::array<std::byte, 2> bytes{};
  store_big_endian(bytes.data(), value);
  return avp(type, mandatory, bytes);
}

L2tpMessageBuilder& L2tpMessageBuilder::number32(L2tpAttribute type, bool mandatory, std::uint32_t value) {
  std::array<std::byte, 4> bytes{};
  store_big_endian(bytes.data(), value);
  return avp(type, mandatory, bytes);
}

L2tpMessageBuilder& L2tpMessageBuilder::text(L2tpAttribute type, bool mandatory, std::string_view value) {
  return avp(type, mandatory, bytes_of(value));
}

std::vector<std::byte> L2tpMessageBuilder::finish() {
  assert(message_.size() <= 0xffff);
  store_big_endian(message_.data() + length_at, static_cast<std::uint16_t>(message_.size()));
  return std::move(message_);
}

void set_l2tp_numbers(MutableBytes message, L2tpSequence numbers) {
  assert(message.size() >= l2tp_control_header_length);
  store_big_endian(message.data() + ns_at, numbers.ns);
  store_big_endian(message.data() + nr_at, numbers.nr);
}

}  // namespace espgate::wire
