// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/isakmp_builder.h"
#include "wire/isakmp_sa.h"

#include <cstdint>

namespace espgate::control::ike {

// Calls `take` with type and value of each attribute of a transform, in order; 0 stands for a value that is
// no number. False: they are malformed.
template <typename Take>
[[nodiscard]] bool for_each_attribute(wire::Bytes attributes, Take&& take) {
  wire::IsakmpAttributeWalk walk(attributes);
  for (;;) {
    const auto next = walk.next();
    if (!next) return false;
    if (!*next) return true;
    take((*next)->type, (*next)->number().value_or(0));
  }
}

// Appends the attributes of an offered transform as they came, each in its form: the answer must not change
// them (RFC 2408 §4.2). They have been walked through before.
inline void repeat_attributes(wire::IsakmpSaBuilder& builder, wire::Bytes attributes) {
  wire::IsakmpAttributeWalk walk(attributes);
  for (auto next = walk.next(); next && *next; next = walk.next()) {
    const wire::IsakmpAttribute& attribute = **next;
    if (attribute.short_form) {
      builder.attribute(attribute.type, attribute.number().value_or(0));
    } else {
      builder.attribute_bytes(attribute.type, attribute.value);
    }
  }
}

}  // namespace espgate::control::ike
