// SPDX-License-Identifier: Apache-2.0
#include "control/l2tp/control_message.h"

#include "control/l2tp/avp_table.h"
#include "control/l2tp/hidden_avp.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace espgate::control::l2tp {
namespace {

using wire::L2tpAttribute;
using wire::L2tpMessageType;

constexpr std::size_t longest_note = 200;

std::string name_of(const wire::L2tpAvp& avp) {
  if (avp.vendor != 0) return fmt::format("AVP {} of vendor {}", avp.type, avp.vendor);
  const AvpRule* rule = find_avp_rule(avp.type);
  return rule != nullptr ? fmt::format("{} AVP", rule->name) : fmt::format("AVP {}", avp.type);
}

std::string_view name_of_stop(std::uint16_t result) {
  constexpr std::array<std::string_view, 8> names = {"reserved",      "cleared",        "general error",
                                                     "already there", "not authorized", "bad version",
                                                     "shutting down", "state machine"};
  return result < names.size() ? names.at(result) : "unknown";
}

std::string_view name_of_call(std::uint16_t result) {
  constexpr std::array<std::string_view, 12> names = {
      "reserved",      "lost carrier",        "general error", "administrative", "no facilities now",
      "no facilities", "invalid destination", "no carrier",    "busy",           "no dial tone",
      "timeout",       "no framing"};
  return result < names.size() ? names.at(result) : "unknown";
}

std::string_view name_of_error(std::uint16_t error) {
  constexpr std::array<std::string_view, 9> names = {
      "none",           "no control connection", "wrong length", "out of range",         "no resources",
      "bad session id", "vendor specific",       "try another",  "unknown mandatory AVP"};
  return error < names.size() ? names.at(error) : "unknown";
}

}  // namespace

std::string printable(wire::Bytes bytes, std::size_t most) {
  std::string text;
  for (const std::byte byte : bytes.first(std::min(bytes.size(), most))) {
    const char c = std::to_integer<char>(byte);
    text += c >= ' ' && c <= '~' ? c : '?';
  }
  return text;
}

std::string ResultCode::to_string(bool of_call) const {
  std::string text =
      fmt::format("result {} ({})", result, of_call ? name_of_call(result) : name_of_stop(result));
  if (error != 0) text += fmt::format(", error {} ({})", error, name_of_error(error));
  if (!message.empty()) text += ": " + message;
  return text;
}

std::vector<std::byte> ResultCode::encode() const {
  std::vector<std::byte> value;
  for (const std::uint16_t number : {result, error}) {
    value.push_back(std::byte(number >> 8));
    value.push_back(std::byte(number & 0xff));
  }
  for (const char c : std::string_view(message).substr(0, longest_note)) value.push_back(std::byte(c));
  return value;
}

ControlMessage ControlMessage::parse(wire::Bytes avps, wire::Bytes secret) {
  ControlMessage message;
  wire::L2tpAvpWalk walk(avps);
  for (bool first = true;; first = false) {
    const auto avp = walk.next();
    if (!avp) {
      message.refuse(true, ErrorCode::wrong_length,
                     fmt::format("an AVP is {}", wire::to_string(avp.error())));
      return message;
    }
    if (!*avp) break;
    // §4.4.1: the Message Type is the first AVP and never hidden.
    const bool is_type = (*avp)->vendor == 0 && (*avp)->type == 0;
    if (first != is_type || (first && ((*avp)->value.size() != 2 || (*avp)->hidden))) {
      message.refuse(true, ErrorCode::out_of_range, "the Message Type is not the first AVP, or not a number");
      return message;
    }
    if (first) {
      message.type_ = L2tpMessageType{wire::load_big_endian<std::uint16_t>((*avp)->value.data())};
      message.mandatory_ = (*avp)->mandatory;
    } else {
      message.take(**avp, secret);
    }
  }
  message.check_required();
  return message;
}

void ControlMessage::take(const wire::L2tpAvp& avp, wire::Bytes secret) {
  const AvpRule* rule = avp.vendor == 0 && !avp.reserved ? find_avp_rule(avp.type) : nullptr;
  if (rule == nullptr)
    return refuse(avp.mandatory, ErrorCode::unknown_mandatory_avp, name_of(avp) + " is not known");
  if (!rule->allowed.contains(type_)) {
    ignored_ =
        ignored_.size() < longest_note ? ignored_ + name_of(avp) + " does not belong here; " : ignored_;
    return;
  }
  std::vector<std::byte> value(avp.value.begin(), avp.value.end());
  if (avp.hidden) {
    if (secret.empty() || !random_vector_ || !rule->may_hide) {
      return refuse(
          avp.mandatory, ErrorCode::unknown_mandatory_avp,
          name_of(avp) + (secret.empty() ? " is hidden and there is no secret" : " is hidden wrongly"));
    }
    auto revealed = reveal_avp(avp.type, avp.value, *random_vector_, secret);
    if (!revealed)
      return refuse(avp.mandatory, ErrorCode::wrong_length,
                    name_of(avp) + " does not decipher: another secret?");
    value = std::move(*revealed);
  }
  if (value.size() < rule->least || value.size() > rule->most) {
    return refuse(avp.mandatory, ErrorCode::wrong_length,
                  fmt::format("{} has {} bytes", name_of(avp), value.size()));
  }
  if (rule->type == L2tpAttribute::random_vector) {
    random_vector_ = std::move(value);  // for those that follow (§4.3)
  } else {
    values_.try_emplace(rule->type, std::move(value));
  }
}

void ControlMessage::refuse(bool mandatory, ErrorCode code, std::string text) {
  if (!mandatory) {
    if (ignored_.size() < longest_note) ignored_ += text + "; ";
  } else if (!fault_) {
    fault_ = MessageFault{code, std::move(text)};
  }
}

void ControlMessage::check_required() {
  if (type_ == L2tpMessageType{})
    return refuse(true, ErrorCode::out_of_range, "the Message Type is missing or 0");
  for (const AvpRule& rule : avp_table()) {
    if (rule.type == L2tpAttribute::message_type || !rule.required.contains(type_) || has(rule.type))
      continue;
    refuse(true, ErrorCode::vendor_specific, fmt::format("the {} AVP is missing", rule.name));
  }
}

bool ControlMessage::is_known() const { return wire::to_string(type_) != "unknown"; }

wire::Bytes ControlMessage::bytes(L2tpAttribute type) const {
  const auto found = values_.find(type);
  return found == values_.end() ? wire::Bytes() : wire::Bytes(found->second);
}

std::uint16_t ControlMessage::number16(L2tpAttribute type) const {
  const auto value = bytes(type);
  return value.size() < 2 ? std::uint16_t{0} : wire::load_big_endian<std::uint16_t>(value.data());
}

std::uint32_t ControlMessage::number32(L2tpAttribute type) const {
  const auto value = bytes(type);
  return value.size() < 4 ? 0 : wire::load_big_endian<std::uint32_t>(value.data());
}

std::string ControlMessage::text(L2tpAttribute type) const { return printable(bytes(type)); }

ResultCode ControlMessage::result() const {
  const auto value = bytes(L2tpAttribute::result_code);
  ResultCode code;
  if (value.size() >= 2) code.result = wire::load_big_endian<std::uint16_t>(value.data());
  if (value.size() >= 4) {
    code.error = wire::load_big_endian<std::uint16_t>(value.data() + 2);
    code.message = printable(value.subspan(4));
  }
  return code;
}

}  // namespace espgate::control::l2tp
