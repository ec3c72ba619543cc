// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/l2tp_avp.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace espgate::control::l2tp {

// Result codes of StopCCN and CDN, and error codes (RFC 2661 §4.4.2).
enum class StopResult : std::uint16_t {
  clear = 1,
  general_error = 2,
  already_exists = 3,
  not_authorized = 4,
  bad_version = 5,
  shutting_down = 6,
  state_machine = 7,
};
enum class CallResult : std::uint16_t {
  lost_carrier = 1,
  general_error = 2,
  administrative = 3,
  no_facilities_now = 4,
  no_facilities = 5,
  invalid_destination = 6,
  no_carrier = 7,
  busy = 8,
  no_dial_tone = 9,
  timeout = 10,
  no_framing = 11,
};
enum class ErrorCode : std::uint16_t {
  none = 0,
  no_connection = 1,
  wrong_length = 2,
  out_of_range = 3,
  no_resources = 4,
  bad_session_id = 5,
  vendor_specific = 6,
  try_another = 7,
  unknown_mandatory_avp = 8,
};

struct MessageFault {
  ErrorCode code = ErrorCode::none;
  std::string text;
};

struct ResultCode {
  std::uint16_t result = 0;
  std::uint16_t error = 0;
  std::string message;  // printable

  // "result 2 (general error), error 8 (unknown mandatory AVP): text"
  [[nodiscard]] std::string to_string(bool of_call) const;
  // The value of a Result Code AVP, with at most 200 bytes of the message.
  [[nodiscard]] std::vector<std::byte> encode() const;
};

// A control message, checked AVP by AVP against avp_table(), hidden ones revealed.
class ControlMessage {
 public:
  // `avps`: the payload, not empty. `secret` may be empty: then a mandatory hidden AVP is a fault.
  [[nodiscard]] static ControlMessage parse(wire::Bytes avps, wire::Bytes secret);

  // 0 if not even the Message Type could be read.
  [[nodiscard]] wire::L2tpMessageType type() const { return type_; }
  // RFC 2661 lists the type.
  [[nodiscard]] bool is_known() const;
  // The M bit of the Message Type AVP: an unknown message with it ends the tunnel (§4.4.1).
  [[nodiscard]] bool is_mandatory() const { return mandatory_; }
  // What makes session or tunnel end (§7.1): a mandatory AVP that is unknown or wrong, or one that is
  // missing.
  [[nodiscard]] const std::optional<MessageFault>& fault() const { return fault_; }
  // AVPs that were passed over, for people; empty: none.
  [[nodiscard]] const std::string& ignored() const { return ignored_; }

  [[nodiscard]] bool has(wire::L2tpAttribute type) const { return values_.contains(type); }
  // Empty: not there.
  [[nodiscard]] wire::Bytes bytes(wire::L2tpAttribute type) const;
  // 0: not there; the table has checked its size.
  [[nodiscard]] std::uint16_t number16(wire::L2tpAttribute type) const;
  [[nodiscard]] std::uint32_t number32(wire::L2tpAttribute type) const;
  // With what does not print as '?', at most 64 characters.
  [[nodiscard]] std::string text(wire::L2tpAttribute type) const;
  [[nodiscard]] ResultCode result() const;

 private:
  void take(const wire::L2tpAvp& avp, wire::Bytes secret);
  void refuse(bool mandatory, ErrorCode code, std::string text);
  void check_required();

  wire::L2tpMessageType type_{};
  bool mandatory_ = true;
  std::optional<MessageFault> fault_;
  std::string ignored_;
  std::map<wire::L2tpAttribute, std::vector<std::byte>> values_;
  std::optional<std::vector<std::byte>> random_vector_;
};

// Bytes of a peer's as text for a log line: what does not print as '?', cut at `most` characters.
[[nodiscard]] std::string printable(wire::Bytes bytes, std::size_t most = 64);

}  // namespace espgate::control::l2tp
