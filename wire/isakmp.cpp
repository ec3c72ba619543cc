// SPDX-License-Identifier: Apache-2.0
#include "wire/isakmp.h"

#include <utility>

namespace espgate::wire {
namespace {

struct GenericHeader {  // RFC 2408 §3.2
  std::uint8_t next_payload;
  std::uint8_t reserved;  // version 2 has its critical bit here
  be16 length;
};
static_assert(sizeof(GenericHeader) == 4 && alignof(GenericHeader) == 1);

}  // namespace

Expected<std::optional<IsakmpPayload>> IsakmpPayloadWalk::next() {
  if (next_ == IsakmpPayloadType::none) return std::nullopt;
  const IsakmpPayloadType type = std::exchange(next_, IsakmpPayloadType::none);
  if (rest_.size() < sizeof(GenericHeader)) return fail(ParseError::truncated);
  const auto header = load_header<GenericHeader>(rest_.data());
  // At least the header's 4, so that every step takes bytes and the walk ends.
  const std::size_t length = header.length.host();
  if (length < sizeof(GenericHeader)) return fail(ParseError::bad_length);
  if (length > rest_.size()) return fail(ParseError::truncated);
  const IsakmpPayload payload{type, rest_.first(length).subspan(sizeof(GenericHeader))};
  next_ = IsakmpPayloadType{header.next_payload};
  rest_ = rest_.subspan(length);
  return payload;
}

Expected<IsakmpMessage> IsakmpMessage::parse(Bytes datagram) {
  if (datagram.size() < sizeof(IsakmpHeader)) return fail(ParseError::truncated);
  const auto header = load_header<IsakmpHeader>(datagram.data());
  const unsigned major = header.version >> 4u;
  if (major != 1 && major != 2) return fail(ParseError::bad_version);
  const std::size_t length = header.length.host();
  if (length < sizeof(IsakmpHeader)) return fail(ParseError::bad_length);
  if (length > datagram.size()) return fail(ParseError::truncated);
  return IsakmpMessage(datagram.first(length));
}

bool IsakmpMessage::is_encrypted() const {
  if (major_version() == 1) return (header_.flags & isakmp_flag_encryption) != 0;
  const IsakmpPayloadType first{header_.next_payload};
  return first == IsakmpPayloadType::ikev2_encrypted || first == IsakmpPayloadType::ikev2_encrypted_fragment;
}

}  // namespace espgate::wire
