// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/isakmp_builder.h"
#include "wire/isakmp_sa.h"

namespace espgate::control::ike {

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
