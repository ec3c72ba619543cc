// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/refusal.h"
#include "wire/isakmp.h"

#include <cstddef>
#include <vector>

namespace espgate::control::ike {

// The payloads of one message, in their order.
class Payloads {
 public:
  static constexpr std::size_t most = 64;  // of any real client: about 20

  // Refusal: malformed, the chain is broken or longer than that.
  [[nodiscard]] static Expected<Payloads> read(wire::IsakmpPayloadWalk walk);

  [[nodiscard]] const std::vector<wire::IsakmpPayload>& all() const { return all_; }
  // The first of that type, or nullptr.
  [[nodiscard]] const wire::IsakmpPayload* find(wire::IsakmpPayloadType type) const;
  // Refusal: malformed, there is none, or more than one.
  [[nodiscard]] Expected<wire::Bytes> one(wire::IsakmpPayloadType type, const char* name) const;
  // Behind the last payload: padding.
  [[nodiscard]] wire::Bytes rest() const { return rest_; }

 private:
  std::vector<wire::IsakmpPayload> all_;
  wire::Bytes rest_;
};

}  // namespace espgate::control::ike
