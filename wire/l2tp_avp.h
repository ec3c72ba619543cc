// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/l2tp.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace espgate::wire {

// Control messages of L2TPv2 (RFC 2661 §3.2).
enum class L2tpMessageType : std::uint16_t {
  sccrq = 1,
  sccrp = 2,
  scccn = 3,
  stopccn = 4,
  hello = 6,
  ocrq = 7,
  ocrp = 8,
  occn = 9,
  icrq = 10,
  icrp = 11,
  iccn = 12,
  cdn = 14,
  wen = 15,
  sli = 16,
};
// "SCCRQ" as RFC 2661 writes it; "unknown" for a number without a name.
[[nodiscard]] std::string_view to_string(L2tpMessageType type);

// Attributes of vendor 0 (RFC 2661 §4.4); what each may hold is in control/l2tp/avp_table.h.
enum class L2tpAttribute : std::uint16_t {
  message_type = 0,
  result_code = 1,
  protocol_version = 2,
  framing_capabilities = 3,
  bearer_capabilities = 4,
  tie_breaker = 5,
  firmware_revision = 6,
  host_name = 7,
  vendor_name = 8,
  assigned_tunnel_id = 9,
  receive_window_size = 10,
  challenge = 11,
  q931_cause_code = 12,
  challenge_response = 13,
  assigned_session_id = 14,
  call_serial_number = 15,
  minimum_bps = 16,
  maximum_bps = 17,
  bearer_type = 18,
  framing_type = 19,
  called_number = 21,
  calling_number = 22,
  sub_address = 23,
  tx_connect_speed = 24,
  physical_channel_id = 25,
  initial_received_lcp_confreq = 26,
  last_sent_lcp_confreq = 27,
  last_received_lcp_confreq = 28,
  proxy_authen_type = 29,
  proxy_authen_name = 30,
  proxy_authen_challenge = 31,
  proxy_authen_id = 32,
  proxy_authen_response = 33,
  call_errors = 34,
  accm = 35,
  random_vector = 36,
  private_group_id = 37,
  rx_connect_speed = 38,
  sequencing_required = 39,
};

inline constexpr std::size_t l2tp_avp_header_length = 6;
inline constexpr std::size_t l2tp_longest_avp_value = 1023 - l2tp_avp_header_length;

//   M H reserved (4) length (10) | vendor (16) | type (16) | value …                        RFC 2661 §4.1
struct L2tpAvp {
  bool mandatory = false;
  bool hidden = false;
  bool reserved = false;  // one of the four bits is set: the AVP is to be taken as not known
  std::uint16_t vendor = 0;
  std::uint16_t type = 0;  // L2tpAttribute where vendor is 0
  Bytes value;             // as it lies there: enciphered if hidden
};

// Goes through the AVPs of a control message's payload.
class L2tpAvpWalk {
 public:
  explicit L2tpAvpWalk(Bytes avps) : rest_(avps) {}

  // nullopt at the end. truncated: fewer bytes than a header or than its length says; bad_length: a length
  // below 6. After an error there is no going on.
  [[nodiscard]] Expected<std::optional<L2tpAvp>> next();

 private:
  Bytes rest_;
};

// Builds a control message with Ns and Nr 0, which set_l2tp_numbers() fills in when it is sent.
class L2tpMessageBuilder {
 public:
  // `tunnel_id`, `session_id`: the receiver's.
  L2tpMessageBuilder(std::uint16_t tunnel_id, std::uint16_t session_id, L2tpMessageType type);

  // A value of at most l2tp_longest_avp_value bytes, which asserts.
  L2tpMessageBuilder& avp(L2tpAttribute type, bool mandatory, Bytes value, bool hidden = false);
  L2tpMessageBuilder& number16(L2tpAttribute type, bool mandatory, std::uint16_t value);
  L2tpMessageBuilder& number32(L2tpAttribute type, bool mandatory, std::uint32_t value);
  L2tpMessageBuilder& text(L2tpAttribute type, bool mandatory, std::string_view value);

  // The finished message; the builder is spent.
  [[nodiscard]] std::vector<std::byte> finish();

 private:
  std::vector<std::byte> message_;
};

// Writes Ns and Nr into a control message that build_l2tp_control() or L2tpMessageBuilder has made.
void set_l2tp_numbers(MutableBytes message, L2tpSequence numbers);

}  // namespace espgate::wire
