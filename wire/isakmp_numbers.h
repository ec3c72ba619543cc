// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace espgate::wire {

// What IKEv1 calls its things in numbers. A parsed message keeps the number as it came, since any may come;
// these compare equal to such a number and stand for one where a builder asks for it.

inline constexpr std::uint32_t isakmp_doi_generic = 0;
inline constexpr std::uint32_t isakmp_doi_ipsec = 1;                // RFC 2407 §4
inline constexpr std::uint32_t isakmp_situation_identity_only = 1;  // RFC 2407 §4.2

enum class IsakmpProtocol : std::uint8_t { isakmp = 1, ah = 2, esp = 3, ipcomp = 4 };  // RFC 2407 §4.4.1

enum class IsakmpTransformId : std::uint8_t { key_ike = 1 };  // RFC 2407 §4.4.2

// RFC 2407 §4.4.4, RFC 3686 §6, RFC 4106 §9, RFC 4309 §8.
enum class EspTransformId : std::uint8_t {
  des = 2,
  des3 = 3,
  blowfish = 7,
  null = 11,
  aes_cbc = 12,
  aes_ctr = 13,
  aes_ccm_8 = 14,
  aes_ccm_12 = 15,
  aes_ccm_16 = 16,
  aes_gcm_8 = 18,
  aes_gcm_12 = 19,
  aes_gcm_16 = 20,
};

// In an attribute's type on the wire: type and value, without a length (RFC 2408 §3.3).
inline constexpr std::uint16_t isakmp_attribute_short_form = 0x8000;

// Attributes of a phase-1 transform, RFC 2409 appendix A.
enum class IkeAttribute : std::uint16_t {
  encryption = 1,
  hash = 2,
  authentication = 3,
  group_description = 4,
  life_type = 11,
  life_duration = 12,
  prf = 13,
  key_length = 14,
};
enum class IkeEncryption : std::uint16_t { des = 1, blowfish = 3, des3 = 5, cast = 6, aes = 7, camellia = 8 };
enum class IkeHash : std::uint16_t { md5 = 1, sha1 = 2, sha2_256 = 4, sha2_384 = 5, sha2_512 = 6 };
enum class IkeAuthentication : std::uint16_t {
  pre_shared_key = 1,
  dss_signature = 2,
  rsa_signature = 3,
  xauth_init_pre_shared_key = 65001,  // draft-beaulieu-ike-xauth-02 §7.2
};

// Attributes of a phase-2 transform, RFC 2407 §4.5; extended_sequence is RFC 4304's.
enum class IpsecAttribute : std::uint16_t {
  life_type = 1,
  life_duration = 2,
  group_description = 3,
  encapsulation_mode = 4,
  authentication_algorithm = 5,
  key_length = 6,
  extended_sequence = 11,
};
enum class EncapsulationMode : std::uint16_t {
  tunnel = 1,
  transport = 2,
  udp_tunnel = 3,  // RFC 3947 §5.1
  udp_transport = 4,
  udp_tunnel_draft = 61443,  // draft-ietf-ipsec-nat-t-ike-02 and -03
  udp_transport_draft = 61444,
};
// RFC 2407 §4.5, RFC 4868 §4.
enum class IpsecAuthentication : std::uint16_t {
  hmac_md5 = 1,
  hmac_sha1 = 2,
  hmac_sha2_256 = 5,
  hmac_sha2_384 = 6,
  hmac_sha2_512 = 7,
  aes_xcbc_mac = 9,
};

enum class LifeType : std::uint16_t { seconds = 1, kilobytes = 2 };  // the same in both phases

// RFC 2407 §4.6.2.1.
enum class IsakmpIdType : std::uint8_t {
  ipv4_address = 1,
  fqdn = 2,
  user_fqdn = 3,
  ipv4_subnet = 4,
  ipv6_address = 5,
  ipv6_subnet = 6,
  ipv4_range = 7,
  ipv6_range = 8,
  der_asn1_dn = 9,
  der_asn1_gn = 10,
  key_id = 11,
};

// RFC 2408 §3.14.1, RFC 2407 §4.6.3, RFC 3706 §5.
enum class IsakmpNotifyType : std::uint16_t {
  invalid_payload_type = 1,
  doi_not_supported = 2,
  situation_not_supported = 3,
  invalid_cookie = 4,
  invalid_major_version = 5,
  invalid_minor_version = 6,
  invalid_exchange_type = 7,
  invalid_flags = 8,
  invalid_message_id = 9,
  invalid_protocol_id = 10,
  invalid_spi = 11,
  invalid_transform_id = 12,
  attributes_not_supported = 13,
  no_proposal_chosen = 14,
  bad_proposal_syntax = 15,
  payload_malformed = 16,
  invalid_key_information = 17,
  invalid_id_information = 18,
  invalid_cert_encoding = 19,
  invalid_certificate = 20,
  cert_type_unsupported = 21,
  invalid_cert_authority = 22,
  invalid_hash_information = 23,
  authentication_failed = 24,
  invalid_signature = 25,
  address_notification = 26,
  notify_sa_lifetime = 27,
  certificate_unavailable = 28,
  unsupported_exchange_type = 29,
  unequal_payload_lengths = 30,
  connected = 16384,
  responder_lifetime = 24576,
  replay_status = 24577,
  initial_contact = 24578,
  r_u_there = 36136,
  r_u_there_ack = 36137,
};

template <typename T, typename... Ts>
concept OneOf = (std::same_as<T, Ts> || ...);

template <typename T>
concept IsakmpEnumeration =
    OneOf<T, IsakmpProtocol, IsakmpTransformId, EspTransformId, IkeAttribute, IkeEncryption, IkeHash,
          IkeAuthentication, IpsecAttribute, EncapsulationMode, IpsecAuthentication, LifeType, IsakmpIdType,
          IsakmpNotifyType>;

template <std::unsigned_integral Number, IsakmpEnumeration Enumeration>
[[nodiscard]] constexpr bool operator==(Number number, Enumeration enumerator) {
  return number == static_cast<std::underlying_type_t<Enumeration>>(enumerator);
}

// A builder's argument: the number itself or an enumerator that fits into it.
template <std::unsigned_integral T>
class IsakmpNumber {
 public:
  constexpr IsakmpNumber(T value) : value_(value) {}
  template <IsakmpEnumeration Enumeration>
    requires(sizeof(Enumeration) <= sizeof(T))
  constexpr IsakmpNumber(Enumeration value)
      : value_(static_cast<std::underlying_type_t<Enumeration>>(value)) {}

  [[nodiscard]] constexpr T value() const { return value_; }

 private:
  T value_;
};

}  // namespace espgate::wire
