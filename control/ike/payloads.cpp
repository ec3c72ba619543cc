// SPDX-License-Identifier: Apache-2.0
#include "control/ike/payloads.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::ike {

Expected<Payloads> Payloads::read(wire::IsakmpPayloadWalk walk) {
  Payloads payloads;
  for (;;) {
    const auto next = walk.next();
    if (!next)
      return refuse(Reason::malformed, fmt::format("a payload is {}", wire::to_string(next.error())));
    if (!*next) break;
    if (payloads.all_.size() == most)
      return refuse(Reason::malformed, fmt::format("more than {} payloads", most));
    payloads.all_.push_back(**next);
  }
  payloads.rest_ = walk.rest();
  return payloads;
}

const wire::IsakmpPayload* Payloads::find(wire::IsakmpPayloadType type) const {
  const auto found = std::ranges::find(all_, type, &wire::IsakmpPayload::type);
  return found == all_.end() ? nullptr : &*found;
}

Expected<wire::Bytes> Payloads::one(wire::IsakmpPayloadType type, const char* name) const {
  const auto count = std::ranges::count(all_, type, &wire::IsakmpPayload::type);
  if (count != 1) {
    return refuse(Reason::malformed, fmt::format("{} {} payloads instead of one",
                                                 count == 0 ? "no" : std::to_string(count), name));
  }
  return find(type)->body;
}

}  // namespace espgate::control::ike
