// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/radius_channel.h"

#include "control/aaa/radius_attributes.h"

#include <algorithm>
#include <utility>

namespace espgate::control::radius {

std::optional<std::uint8_t> Channel::next_identifier() const {
  for (std::size_t i = 1; i <= most_exchanges; ++i) {
    const auto identifier = static_cast<std::uint8_t>(last_identifier_ + i);
    if (!exchanges_[identifier]) return identifier;
  }
  return std::nullopt;
}

Exchange& Channel::put(std::uint8_t identifier, std::unique_ptr<Exchange> exchange) {
  last_identifier_ = identifier;
  ++in_flight_;
  exchanges_[identifier] = std::move(exchange);
  return *exchanges_[identifier];
}

std::unique_ptr<Exchange> Channel::take(std::uint8_t identifier) {
  if (exchanges_[identifier]) --in_flight_;
  return std::move(exchanges_[identifier]);
}

bool Channel::believes(const Reply& reply, const Exchange& exchange, bool require_message_authenticator) {
  if (!reply.is_authentic(authenticator_of(exchange.packet), secret())) return false;
  if (service_ == Service::accounting) return true;
  // A server repeats a Proxy-State of the request (RFC 2865 §5.33), and ours has none: somebody has put one
  // in, as the forgery of CVE-2024-3596 does.
  if (std::ranges::any_of(reply.attributes(), [](const Attribute& attribute) {
        return attribute.vendor == 0 && attribute.type == type::proxy_state;
      }))
    return false;
  if (!reply.has_message_authenticator())
    return !require_message_authenticator && !sends_message_authenticator_;
  sends_message_authenticator_ = true;
  return true;
}

bool Channel::is_alive_now() { return std::exchange(dead_until_, std::nullopt).has_value(); }

bool Channel::is_dead_until(TimePoint when) {
  return !std::exchange(dead_until_, std::optional(when)).has_value();
}

}  // namespace espgate::control::radius
