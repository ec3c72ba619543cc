// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/ppp.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace espgate::wire {

inline constexpr std::uint16_t ppp_acsp = 0x0235;  // Apple's, no RFC
inline constexpr std::uint16_t ppp_mplscp = 0x8281;
inline constexpr std::uint16_t ppp_acscp = 0x8235;

// Codes of LCP (RFC 1661 §5, RFC 1570); IPCP and other NCPs have 1 to 7 only.
enum class PppCode : std::uint8_t {
  configure_request = 1,
  configure_ack = 2,
  configure_nak = 3,
  configure_reject = 4,
  terminate_request = 5,
  terminate_ack = 6,
  code_reject = 7,
  protocol_reject = 8,
  echo_request = 9,
  echo_reply = 10,
  discard_request = 11,
  identification = 12,
  time_remaining = 13,
};
enum class ChapCode : std::uint8_t { challenge = 1, response = 2, success = 3, failure = 4 };  // RFC 1994 §4
enum class PapCode : std::uint8_t { request = 1, ack = 2, nak = 3 };  // RFC 1334 §2.2

enum class LcpOption : std::uint8_t {  // RFC 1661 §6 and IANA's list
  mru = 1,
  accm = 2,
  authentication = 3,
  quality = 4,
  magic = 5,
  protocol_compression = 7,
  address_compression = 8,
  callback = 13,
  mrru = 17,
  short_sequence = 18,
  endpoint_discriminator = 19,
};
enum class IpcpOption : std::uint8_t {  // RFC 1332 §3, RFC 1877
  addresses = 1,
  compression = 2,
  address = 3,
  dns1 = 129,
  nbns1 = 130,
  dns2 = 131,
  nbns2 = 132,
};

inline constexpr std::uint8_t chap_md5 = 5;         // the algorithm byte of RFC 1994 §3
inline constexpr std::uint8_t chap_mschapv2 = 129;  // RFC 2759 §2

//   code (8) | identifier (8) | length (16) | data …                              RFC 1661 §5, 1994 §4, 1334
//   §2.2
struct PppPacket {
  std::uint8_t code = 0;
  std::uint8_t id = 0;
  Bytes data;  // up to the length field; what follows is padding

  // truncated: less than the length says; bad_length: a length below 4.
  [[nodiscard]] static Expected<PppPacket> parse(Bytes payload);
};

//   type (8) | length (8) | data …                                                           RFC 1661 §6
struct PppOption {
  std::uint8_t type = 0;
  Bytes data;
  Bytes whole;  // with type and length

  // Nullopt: not of that size.
  [[nodiscard]] std::optional<std::uint16_t> number16() const;
  [[nodiscard]] std::optional<std::uint32_t> number32() const;
};

class PppOptionWalk {
 public:
  explicit PppOptionWalk(Bytes options) : rest_(options) {}

  // nullopt at the end. truncated: a length that leads behind the packet; bad_length: one below 2.
  [[nodiscard]] Expected<std::optional<PppOption>> next();

 private:
  Bytes rest_;
};

// A list of options, as the data of a Configure packet.
class PppOptionList {
 public:
  // At most 253 bytes of data, which asserts.
  PppOptionList& add(std::uint8_t type, Bytes data = {});
  PppOptionList& number16(std::uint8_t type, std::uint16_t value);
  PppOptionList& number32(std::uint8_t type, std::uint32_t value);
  PppOptionList& copy(const PppOption& option);

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] Bytes bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

//   value size (8) | value … | name …                            CHAP challenge and response, RFC 1994 §4.1
struct ChapValue {
  Bytes value;
  std::string_view name;  // bytes as they came, not checked to be text

  [[nodiscard]] static Expected<ChapValue> parse(Bytes data);
};

//   length (8) | peer id … | length (8) | password …                               RFC 1334 §2.2.1
struct PapRequest {
  std::string_view user;
  Bytes password;

  [[nodiscard]] static Expected<PapRequest> parse(Bytes data);
};

// A frame as control sends it: the protocol field of two bytes, then the packet. `data` up to 65531 bytes.
[[nodiscard]] std::vector<std::byte> ppp_frame(std::uint16_t protocol, std::uint8_t code, std::uint8_t id,
                                               Bytes data);
[[nodiscard]] std::vector<std::byte> ppp_frame(std::uint16_t protocol, PppCode code, std::uint8_t id,
                                               Bytes data);

}  // namespace espgate::wire
