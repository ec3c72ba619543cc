// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/l2tp_avp.h"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace espgate::control::l2tp {

// A set of message types.
class MessageSet {
 public:
  constexpr MessageSet(std::initializer_list<wire::L2tpMessageType> types) {
    for (const auto type : types) bits_ |= bit(type);
  }
  [[nodiscard]] constexpr bool contains(wire::L2tpMessageType type) const { return (bits_ & bit(type)) != 0; }

 private:
  static constexpr std::uint32_t bit(wire::L2tpMessageType type) {
    const auto number = static_cast<unsigned>(type);
    return number < 32 ? std::uint32_t{1} << number : 0;
  }
  std::uint32_t bits_ = 0;
};

// What RFC 2661 §4.4 says of an AVP of vendor 0.
struct AvpRule {
  wire::L2tpAttribute type;
  std::string_view name;
  std::string_view section;
  bool mandatory;             // the M bit that a sender sets
  bool may_hide;              // the H bit may be set
  std::uint16_t least, most;  // bytes of value
  MessageSet allowed;         // where it may be; elsewhere it is ignored
  MessageSet required;        // what can't be understood without it
};

[[nodiscard]] std::span<const AvpRule> avp_table();
// Null: RFC 2661 has no such attribute.
[[nodiscard]] const AvpRule* find_avp_rule(std::uint16_t type);

}  // namespace espgate::control::l2tp
