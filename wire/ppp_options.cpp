// SPDX-License-Identifier: Apache-2.0
#include "wire/ppp_options.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace espgate::wire {
namespace {

constexpr std::size_t packet_header_length = 4;
constexpr std::size_t option_header_length = 2;

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Takes a field with a length byte before it off the front.
Expected<Bytes> take_counted(Bytes& rest) {
  if (rest.empty()) return fail(ParseError::truncated);
  const auto length = std::to_integer<std::size_t>(rest.front());
  if (rest.size() < 1 + length) return fail(ParseError::truncated);
  const Bytes field = rest.subspan(1, length);
  rest = rest.subspan(1 + length);
  return field;
}

}  // namespace

Expected<PppPacket> PppPacket::parse(Bytes payload) {
  if (payload.size() < packet_header_length) return fail(ParseError::truncated);
  const std::size_t length = load_big_endian<std::uint16_t>(payload.data() + 2);
  if (length < packet_header_length) return fail(ParseError::bad_length);
  if (length > payload.size()) return fail(ParseError::truncated);
  return PppPacket{std::to_integer<std::uint8_t>(payload[0]), std::to_integer<std::uint8_t>(payload[1]),
                   payload.first(length).subspan(packet_header_length)};
}

std::optional<std::uint16_t> PppOption::number16() const {
  if (data.size() != 2) return std::nullopt;
  return load_big_endian<std::uint16_t>(data.data());
}

std::optional<std::uint32_t> PppOption::number32() const {
  if (data.size() != 4) return std::nullopt;
  return load_big_endian<std::uint32_t>(data.data());
}

Expected<std::optional<PppOption>> PppOptionWalk::next() {
  if (rest_.empty()) return std::optional<PppOption>();
  if (rest_.size() < option_header_length) return fail(ParseError::truncated);
  const auto length = std::to_integer<std::size_t>(rest_[1]);
  if (length < option_header_length) return fail(ParseError::bad_length);
  if (length > rest_.size()) return fail(ParseError::truncated);
  const Bytes whole = rest_.first(length);
  rest_ = rest_.subspan(length);
  return std::optional(
      PppOption{std::to_integer<std::uint8_t>(whole[0]), whole.subspan(option_header_length), whole});
}

PppOptionList& PppOptionList::add(std::uint8_t type, Bytes data) {
  assert(data.size() <= 255 - option_header_length);
  bytes_.push_back(std::byte(type));
  bytes_.push_back(std::byte(option_header_length + data.size()));
  bytes_.insert(bytes_.end(), data.begin(), data.end());
  return *this;
}

PppOptionList& PppOptionList::number16(std::uint8_t type, std::uint16_t value) {
  std::array<std::byte, 2> bytes{};
  store_big_endian(bytes.data(), value);
  return add(type, bytes);
}

PppOptionList& PppOptionList::number32(std::uint8_t type, std::uint32_t value) {
  std::array<std::byte, 4> bytes{};
  store_big_endian(bytes.data(), value);
  return add(type, bytes);
}

PppOptionList& PppOptionList::copy(const PppOption& option) { return add(option.type, option.data); }

Expected<ChapValue> ChapValue::parse(Bytes data) {
  const auto value = take_counted(data);
  if (!value) return fail(value.error());
  return ChapValue{*value, text_of(data)};
}

Expected<PapRequest> PapRequest::parse(Bytes data) {
  const auto user = take_counted(data);
  if (!user) return fail(user.error());
  const auto password = take_counted(data);
  if (!password) return fail(password.error());
  return PapRequest{text_of(*user), *password};
}

std::vector<std::byte> ppp_frame(std::uint16_t protocol, std::uint8_t code, std::uint8_t id, Bytes data) {
  const std::size_t length = packet_header_length + data.size();
  assert(length <= 0xffff);
  std::vector<std::byte> frame(2 + length);
  store_big_endian(frame.data(), protocol);
  frame[2] = std::byte(code);
  frame[3] = std::byte(id);
  store_big_endian(frame.data() + 4, static_cast<std::uint16_t>(length));
  std::ranges::copy(data, frame.begin() + 6);
  return frame;
}

std::vector<std::byte> ppp_frame(std::uint16_t protocol, PppCode code, std::uint8_t id, Bytes data) {
  return ppp_frame(protocol, static_cast<std::uint8_t>(code), id, data);
}

}  // namespace espgate::wire
