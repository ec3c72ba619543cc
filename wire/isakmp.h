// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/big_endian.h"
#include "wire/parse.h"

#include <optional>

namespace espgate::wire {

struct IsakmpHeader {  // RFC 2408 §3.1; RFC 7296 §3.1 keeps the layout and calls the cookies SPIs
  be64 initiator_cookie;
  be64 responder_cookie;  // 0 in the first message
  std::uint8_t next_payload;
  std::uint8_t version;  // major 4 bits, minor 4 bits
  std::uint8_t exchange_type;
  std::uint8_t flags;
  be32 message_id;  // 0 in phase 1
  be32 length;      // with this header
};
static_assert(sizeof(IsakmpHeader) == 28 && alignof(IsakmpHeader) == 1);

inline constexpr std::uint8_t isakmp_flag_encryption = 0x01;           // version 1
inline constexpr std::uint8_t isakmp_flag_commit = 0x02;               // version 1
inline constexpr std::uint8_t isakmp_flag_authentication_only = 0x04;  // version 1
inline constexpr std::uint8_t isakmp_flag_response = 0x20;             // version 2, RFC 7296 §3.1

// The exchange types of RFC 2408 §3.1, RFC 2409 §5 and RFC 7296 §3.1.
enum class IsakmpExchange : std::uint8_t {
  base = 1,
  identity_protection = 2,  // IKE's main mode
  authentication_only = 3,
  aggressive = 4,
  informational = 5,
  transaction = 6,  // XAUTH and mode config
  quick_mode = 32,
  new_group_mode = 33,
  ike_sa_init = 34,  // this and what follows: version 2
  ike_auth = 35,
  create_child_sa = 36,
  ikev2_informational = 37,
};

// RFC 2408 §3.1 up to vendor_id, RFC 3947 §3.2 and §5.2, RFC 7296 §3.2 what is named ikev2_.
enum class IsakmpPayloadType : std::uint8_t {
  none = 0,
  sa = 1,
  proposal = 2,
  transform = 3,
  key_exchange = 4,
  identification = 5,
  certificate = 6,
  certificate_request = 7,
  hash = 8,
  signature = 9,
  nonce = 10,
  notification = 11,
  delete_payload = 12,
  vendor_id = 13,
  nat_d_bad_drafts = 15,  // draft-ietf-ipsec-nat-t-ike-04 to -08 and old Apple clients: RFC 3547's numbers
  nat_oa_bad_drafts = 16,
  nat_d = 20,
  nat_oa = 21,
  ikev2_vendor_id = 43,
  ikev2_encrypted = 46,
  ikev2_encrypted_fragment = 53,
  nat_d_draft = 130,  // draft-ietf-ipsec-nat-t-ike-00 to -03
  nat_oa_draft = 131,
  fragment = 132,  // Cisco's and Microsoft's; in no RFC
};

// One payload: type and what lies behind its generic header.
struct IsakmpPayload {
  IsakmpPayloadType type;
  Bytes body;
};

//   next payload (8) | reserved (8) | payload length (16), with this header | body …      RFC 2408 §3.2
//
// The proposals of an SA payload and the transforms of a proposal are chained the same way and walked by the
// same class.
class IsakmpPayloadWalk {
 public:
  IsakmpPayloadWalk(IsakmpPayloadType first, Bytes bytes) : next_(first), rest_(bytes) {}

  // nullopt when the chain has ended. truncated: a payload reaches beyond the bytes; bad_length: its length
  // is below its header's. After an error there is nothing more.
  [[nodiscard]] Expected<std::optional<IsakmpPayload>> next();
  // Behind the last payload that next() has given; padding, once the chain has ended.
  [[nodiscard]] Bytes rest() const { return rest_; }

 private:
  IsakmpPayloadType next_;
  Bytes rest_;
};

// An IKE message of version 1 or 2 whose length field agrees with the bytes there.
class IsakmpMessage {
 public:
  // `datagram` begins with the header: on port 4500 behind the non-ESP marker. Bytes beyond the length field
  // are ignored. bad_version: neither 1 nor 2.
  [[nodiscard]] static Expected<IsakmpMessage> parse(Bytes datagram);

  [[nodiscard]] const IsakmpHeader& header() const { return header_; }
  [[nodiscard]] unsigned major_version() const { return header_.version >> 4u; }
  [[nodiscard]] IsakmpExchange exchange() const { return IsakmpExchange{header_.exchange_type}; }
  // Version 1 encrypts everything behind the header; version 2 has payloads for that, the first if the
  // message has any.
  [[nodiscard]] bool is_encrypted() const;
  [[nodiscard]] Bytes payload() const { return message_.subspan(sizeof(IsakmpHeader)); }
  // Only of use when not is_encrypted().
  [[nodiscard]] IsakmpPayloadWalk payloads() const {
    return {IsakmpPayloadType{header_.next_payload}, payload()};
  }

 private:
  explicit IsakmpMessage(Bytes message)
      : message_(message), header_(load_header<IsakmpHeader>(message.data())) {}

  Bytes message_;
  IsakmpHeader header_;
};

}  // namespace espgate::wire
