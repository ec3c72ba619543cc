// SPDX-License-Identifier: Apache-2.0
#include "wire/isakmp_builder.h"

#include "wire/big_endian.h"

#include <cassert>
#include <concepts>
#include <limits>
#include <utility>

namespace espgate::wire {
namespace {

constexpr std::uint8_t isakmp_version_1 = 0x10;
constexpr std::size_t generic_header_bytes = 4;  // RFC 2408 §3.2

void append(std::vector<std::byte>& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

template <std::unsigned_integral T>
void append_number(std::vector<std::byte>& to, T value) {
  to.resize(to.size() + sizeof value);
  store_big_endian(to.data() + to.size() - sizeof value, value);
}

// A generic header that ends the chain; its length is patched when its payload is whole.
std::size_t append_generic_header(std::vector<std::byte>& to) {
  to.resize(to.size() + generic_header_bytes);
  return to.size() - generic_header_bytes;
}

// The length of the payload that began at `begin` and ends where the bytes do now.
void patch_length(std::vector<std::byte>& bytes, std::size_t begin) {
  const std::size_t length = bytes.size() - begin;
  assert(length <= std::numeric_limits<std::uint16_t>::max());
  store_big_endian(bytes.data() + begin + 2, static_cast<std::uint16_t>(length));
}

void increment(std::byte& count) {
  assert(count != std::byte{255});
  count = static_cast<std::byte>(std::to_integer<unsigned>(count) + 1);
}

}  // namespace

IsakmpBuilder::IsakmpBuilder(std::uint64_t initiator_cookie, std::uint64_t responder_cookie,
                             IsakmpExchange exchange, std::uint8_t flags, std::uint32_t message_id)
    : message_(sizeof(IsakmpHeader)) {
  store_header(message_.data(), IsakmpHeader{.initiator_cookie = be64{initiator_cookie},
                                             .responder_cookie = be64{responder_cookie},
                                             .next_payload = 0,
                                             .version = isakmp_version_1,
                                             .exchange_type = static_cast<std::uint8_t>(exchange),
                                             .flags = flags,
                                             .message_id = be32{message_id},
                                             .length = be32{sizeof(IsakmpHeader)}});
}

IsakmpBuilder& IsakmpBuilder::payload(IsakmpPayloadType type, std::initializer_list<Bytes> parts) {
  assert(type != IsakmpPayloadType::none);
  // The first payload's type is in the message's header, the others' in the payload before.
  const std::size_t type_at = last_begin_ == 0 ? offsetof(IsakmpHeader, next_payload) : last_begin_;
  message_[type_at] = static_cast<std::byte>(type);
  last_begin_ = append_generic_header(message_);
  for (const Bytes part : parts) append(message_, part);
  patch_length(message_, last_begin_);
  set_length();
  return *this;
}

MutableBytes IsakmpBuilder::body_at(std::size_t begin) {
  assert(begin >= sizeof(IsakmpHeader) && begin + generic_header_bytes <= message_.size());
  const auto length = load_big_endian<std::uint16_t>(message_.data() + begin + 2);
  return MutableBytes(message_).subspan(begin + generic_header_bytes, length - generic_header_bytes);
}

std::vector<std::byte> IsakmpBuilder::finish() { return std::exchange(message_, {}); }

std::vector<std::byte> IsakmpBuilder::finish_padded(std::size_t block_bytes) {
  assert(block_bytes > 0);
  const std::size_t payload_bytes = message_.size() - sizeof(IsakmpHeader);
  const std::size_t beyond = payload_bytes % block_bytes;
  if (beyond != 0) message_.resize(message_.size() + block_bytes - beyond);
  set_length();
  return finish();
}

void IsakmpBuilder::set_length() {
  store_big_endian(message_.data() + offsetof(IsakmpHeader, length),
                   static_cast<std::uint32_t>(message_.size()));
}

IsakmpSaBuilder::IsakmpSaBuilder(std::uint32_t doi, std::uint32_t situation) {
  append_number(body_, doi);
  append_number(body_, situation);
}

IsakmpSaBuilder& IsakmpSaBuilder::begin_proposal(std::uint8_t number, IsakmpNumber<std::uint8_t> protocol,
                                                 Bytes spi) {
  assert(spi.size() <= std::numeric_limits<std::uint8_t>::max());
  if (proposal_begin_ != 0) body_[proposal_begin_] = static_cast<std::byte>(IsakmpPayloadType::proposal);
  proposal_begin_ = append_generic_header(body_);
  transform_begin_ = 0;
  append_number(body_, number);
  append_number(body_, protocol.value());
  append_number(body_, static_cast<std::uint8_t>(spi.size()));
  append_number(body_, std::uint8_t{0});  // transforms, counted as they come
  append(body_, spi);
  patch_lengths();
  return *this;
}

IsakmpSaBuilder& IsakmpSaBuilder::begin_transform(std::uint8_t number, IsakmpNumber<std::uint8_t> id) {
  assert(proposal_begin_ != 0);
  if (transform_begin_ != 0) body_[transform_begin_] = static_cast<std::byte>(IsakmpPayloadType::transform);
  increment(body_[proposal_begin_ + generic_header_bytes + 3]);
  transform_begin_ = append_generic_header(body_);
  append_number(body_, number);
  append_number(body_, id.value());
  append_number(body_, std::uint16_t{0});
  patch_lengths();
  return *this;
}

IsakmpSaBuilder& IsakmpSaBuilder::attribute(IsakmpNumber<std::uint16_t> type,
                                            IsakmpNumber<std::uint64_t> value) {
  assert(transform_begin_ != 0 && (type.value() & isakmp_attribute_short_form) == 0);
  if (value.value() > std::numeric_limits<std::uint16_t>::max()) {
    std::byte bytes[8];
    store_big_endian(bytes, value.value());
    const bool four = value.value() <= std::numeric_limits<std::uint32_t>::max();
    return attribute_bytes(type, Bytes(bytes).last(four ? 4 : 8));
  }
  append_number(body_, static_cast<std::uint16_t>(type.value() | isakmp_attribute_short_form));
  append_number(body_, static_cast<std::uint16_t>(value.value()));
  patch_lengths();
  return *this;
}

IsakmpSaBuilder& IsakmpSaBuilder::attribute_bytes(IsakmpNumber<std::uint16_t> type, Bytes value) {
  assert(transform_begin_ != 0 && (type.value() & isakmp_attribute_short_form) == 0);
  assert(value.size() <= std::numeric_limits<std::uint16_t>::max());
  append_number(body_, type.value());
  append_number(body_, static_cast<std::uint16_t>(value.size()));
  append(body_, value);
  patch_lengths();
  return *this;
}

std::vector<std::byte> IsakmpSaBuilder::finish() { return std::exchange(body_, {}); }

void IsakmpSaBuilder::patch_lengths() {
  patch_length(body_, proposal_begin_);
  if (transform_begin_ != 0) patch_length(body_, transform_begin_);
}

std::vector<std::byte> isakmp_identification(IsakmpNumber<std::uint8_t> type, std::uint8_t protocol,
                                             std::uint16_t port, Bytes data) {
  std::vector<std::byte> body;
  append_number(body, type.value());
  append_number(body, protocol);
  append_number(body, port);
  append(body, data);
  return body;
}

std::vector<std::byte> isakmp_notification(IsakmpNumber<std::uint8_t> protocol, Bytes spi,
                                           IsakmpNumber<std::uint16_t> type, Bytes data, std::uint32_t doi) {
  assert(spi.size() <= std::numeric_limits<std::uint8_t>::max());
  std::vector<std::byte> body;
  append_number(body, doi);
  append_number(body, protocol.value());
  append_number(body, static_cast<std::uint8_t>(spi.size()));
  append_number(body, type.value());
  append(body, spi);
  append(body, data);
  return body;
}

std::vector<std::byte> isakmp_delete(IsakmpNumber<std::uint8_t> protocol, std::uint8_t spi_bytes, Bytes spis,
                                     std::uint32_t doi) {
  assert(spi_bytes != 0 && spis.size() % spi_bytes == 0);
  assert(spis.size() / spi_bytes <= std::numeric_limits<std::uint16_t>::max());
  std::vector<std::byte> body;
  append_number(body, doi);
  append_number(body, protocol.value());
  append_number(body, spi_bytes);
  append_number(body, static_cast<std::uint16_t>(spis.size() / spi_bytes));
  append(body, spis);
  return body;
}

std::vector<std::byte> isakmp_nat_oa(const IpAddress& address) {
  std::vector<std::byte> body;
  const bool v4 = address.is_v4();
  append_number(body,
                static_cast<std::uint8_t>(v4 ? IsakmpIdType::ipv4_address : IsakmpIdType::ipv6_address));
  append(body, Bytes(std::vector<std::byte>(3)));
  append(body, Bytes(address.bytes()).last(v4 ? 4 : 16));
  return body;
}

std::vector<std::byte> isakmp_fragment(std::uint16_t id, std::uint8_t index, bool last, Bytes data) {
  std::vector<std::byte> body;
  append_number(body, id);
  append_number(body, index);
  append_number(body, std::uint8_t{last});
  append(body, data);
  return body;
}

}  // namespace espgate::wire
