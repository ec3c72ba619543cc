// SPDX-License-Identifier: Apache-2.0
#include "wire/isakmp_payloads.h"

#include "wire/big_endian.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <optional>
#include <utility>

namespace espgate::wire {
namespace {

struct IdentificationHeader {  // RFC 2407 §4.6.2
  std::uint8_t type;
  std::uint8_t protocol;
  be16 port;
};
static_assert(sizeof(IdentificationHeader) == 4 && alignof(IdentificationHeader) == 1);

struct NotificationHeader {  // RFC 2408 §3.14
  be32 doi;
  std::uint8_t protocol;
  std::uint8_t spi_bytes;
  be16 type;
};
static_assert(sizeof(NotificationHeader) == 8 && alignof(NotificationHeader) == 1);

struct DeleteHeader {  // RFC 2408 §3.15
  be32 doi;
  std::uint8_t protocol;
  std::uint8_t spi_bytes;
  be16 count;
};
static_assert(sizeof(DeleteHeader) == 8 && alignof(DeleteHeader) == 1);

struct FragmentHeader {
  be16 id;
  std::uint8_t index;
  std::uint8_t flags;
};
static_assert(sizeof(FragmentHeader) == 4 && alignof(FragmentHeader) == 1);

constexpr std::uint8_t fragment_flag_last = 0x01;

// How many bytes an identification of this type has; nullopt: as many as there are.
std::optional<std::size_t> identification_bytes(IsakmpIdType type) {
  switch (type) {
    case IsakmpIdType::ipv4_address:
      return 4;
    case IsakmpIdType::ipv4_subnet:
    case IsakmpIdType::ipv4_range:
      return 8;
    case IsakmpIdType::ipv6_address:
      return 16;
    case IsakmpIdType::ipv6_subnet:
    case IsakmpIdType::ipv6_range:
      return 32;
    default:
      return std::nullopt;
  }
}

// Exactly `length` bytes, or why not.
Expected<void> require_bytes(Bytes bytes, std::size_t length) {
  if (bytes.size() < length) return fail(ParseError::truncated);
  if (bytes.size() > length) return fail(ParseError::bad_length);
  return {};
}

// Of 4 or of 16 bytes.
IpAddress address_from(Bytes bytes) {
  if (bytes.size() == 4) return IpAddress::v4(load_big_endian<std::uint32_t>(bytes.data()));
  std::array<std::byte, 16> all{};
  std::ranges::copy(bytes, all.begin());
  return IpAddress(all);
}

}  // namespace

Expected<IsakmpIdentification> IsakmpIdentification::parse(Bytes body) {
  if (body.size() < sizeof(IdentificationHeader)) return fail(ParseError::truncated);
  const auto header = load_header<IdentificationHeader>(body.data());
  const Bytes data = body.subspan(sizeof header);
  if (const auto length = identification_bytes(IsakmpIdType{header.type})) {
    if (const auto fits = require_bytes(data, *length); !fits) return fail(fits.error());
  }
  return IsakmpIdentification{header.type, header.protocol, header.port.host(), data};
}

std::optional<IpAddress> IsakmpIdentification::address() const {
  if (type != IsakmpIdType::ipv4_address && type != IsakmpIdType::ipv6_address) return std::nullopt;
  return address_from(data);
}

Expected<IsakmpNotification> IsakmpNotification::parse(Bytes body) {
  if (body.size() < sizeof(NotificationHeader)) return fail(ParseError::truncated);
  const auto header = load_header<NotificationHeader>(body.data());
  const Bytes behind = body.subspan(sizeof header);
  if (header.spi_bytes > behind.size()) return fail(ParseError::truncated);
  return IsakmpNotification{header.doi.host(), header.protocol, behind.first(header.spi_bytes),
                            header.type.host(), behind.subspan(header.spi_bytes)};
}

Expected<IsakmpDelete> IsakmpDelete::parse(Bytes body) {
  if (body.size() < sizeof(DeleteHeader)) return fail(ParseError::truncated);
  const auto header = load_header<DeleteHeader>(body.data());
  if (header.spi_bytes == 0) return fail(ParseError::bad_length);
  const Bytes spis = body.subspan(sizeof header);
  const std::size_t length = std::size_t{header.spi_bytes} * header.count.host();
  if (const auto fits = require_bytes(spis, length); !fits) return fail(fits.error());
  return IsakmpDelete{header.doi.host(), header.protocol, header.spi_bytes, header.count.host(), spis};
}

Bytes IsakmpDelete::spi(std::size_t index) const {
  assert(index < count);
  return spis.subspan(index * spi_bytes, spi_bytes);
}

Expected<IsakmpNatOa> IsakmpNatOa::parse(Bytes body) {
  constexpr std::size_t header_bytes = 4;
  if (body.size() < header_bytes) return fail(ParseError::truncated);
  const IsakmpIdType type{std::to_integer<std::uint8_t>(body[0])};
  if (type != IsakmpIdType::ipv4_address && type != IsakmpIdType::ipv6_address) {
    return fail(ParseError::unsupported);
  }
  const Bytes address = body.subspan(header_bytes);
  if (const auto fits = require_bytes(address, *identification_bytes(type)); !fits) return fail(fits.error());
  return IsakmpNatOa{address_from(address)};
}

Expected<IsakmpFragment> IsakmpFragment::parse(Bytes body) {
  if (body.size() < sizeof(FragmentHeader)) return fail(ParseError::truncated);
  const auto header = load_header<FragmentHeader>(body.data());
  if (header.index == 0) return fail(ParseError::bad_length);
  return IsakmpFragment{header.id.host(), header.index, (header.flags & fragment_flag_last) != 0,
                        body.subspan(sizeof header)};
}

std::string_view to_string(IsakmpNotifyType type) {
  struct Name {
    IsakmpNotifyType type;
    std::string_view name;
  };
  using enum IsakmpNotifyType;
  static constexpr Name names[] = {
      {invalid_payload_type, "INVALID-PAYLOAD-TYPE"},
      {doi_not_supported, "DOI-NOT-SUPPORTED"},
      {situation_not_supported, "SITUATION-NOT-SUPPORTED"},
      {invalid_cookie, "INVALID-COOKIE"},
      {invalid_major_version, "INVALID-MAJOR-VERSION"},
      {invalid_minor_version, "INVALID-MINOR-VERSION"},
      {invalid_exchange_type, "INVALID-EXCHANGE-TYPE"},
      {invalid_flags, "INVALID-FLAGS"},
      {invalid_message_id, "INVALID-MESSAGE-ID"},
      {invalid_protocol_id, "INVALID-PROTOCOL-ID"},
      {invalid_spi, "INVALID-SPI"},
      {invalid_transform_id, "INVALID-TRANSFORM-ID"},
      {attributes_not_supported, "ATTRIBUTES-NOT-SUPPORTED"},
      {no_proposal_chosen, "NO-PROPOSAL-CHOSEN"},
      {bad_proposal_syntax, "BAD-PROPOSAL-SYNTAX"},
      {payload_malformed, "PAYLOAD-MALFORMED"},
      {invalid_key_information, "INVALID-KEY-INFORMATION"},
      {invalid_id_information, "INVALID-ID-INFORMATION"},
      {invalid_cert_encoding, "INVALID-CERT-ENCODING"},
      {invalid_certificate, "INVALID-CERTIFICATE"},
      {cert_type_unsupported, "CERT-TYPE-UNSUPPORTED"},
      {invalid_cert_authority, "INVALID-CERT-AUTHORITY"},
      {invalid_hash_information, "INVALID-HASH-INFORMATION"},
      {authentication_failed, "AUTHENTICATION-FAILED"},
      {invalid_signature, "INVALID-SIGNATURE"},
      {address_notification, "ADDRESS-NOTIFICATION"},
      {notify_sa_lifetime, "NOTIFY-SA-LIFETIME"},
      {certificate_unavailable, "CERTIFICATE-UNAVAILABLE"},
      {unsupported_exchange_type, "UNSUPPORTED-EXCHANGE-TYPE"},
      {unequal_payload_lengths, "UNEQUAL-PAYLOAD-LENGTHS"},
      {connected, "CONNECTED"},
      {responder_lifetime, "RESPONDER-LIFETIME"},
      {replay_status, "REPLAY-STATUS"},
      {initial_contact, "INITIAL-CONTACT"},
      {r_u_there, "R-U-THERE"},
      {r_u_there_ack, "R-U-THERE-ACK"},
  };
  const auto* found = std::ranges::find(names, type, &Name::type);
  return found == std::end(names) ? "unknown" : found->name;
}

}  // namespace espgate::wire
