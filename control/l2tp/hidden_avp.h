// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/parse.h"

#include <cstdint>
#include <vector>

namespace espgate::control::l2tp {

// Hiding of an AVP's value (RFC 2661 §4.3). Before it is enciphered with a stream of MD5 over the secret, a
// value has its length (16 bits) before it and padding behind it.
//
// `type`: of the attribute; `random_vector`: of the Random Vector AVP that came last before it.
//
// truncated: not even the length; bad_length: the length that comes out is more than there is, which a wrong
// secret makes likely too.
[[nodiscard]] wire::Expected<std::vector<std::byte>> reveal_avp(std::uint16_t type, wire::Bytes hidden,
                                                                wire::Bytes random_vector,
                                                                wire::Bytes secret);

// `padding`: bytes behind the value, up to the longest AVP, which asserts.
[[nodiscard]] std::vector<std::byte> hide_avp(std::uint16_t type, wire::Bytes value, wire::Bytes padding,
                                              wire::Bytes random_vector, wire::Bytes secret);

// MD5(id | secret | challenge): `id` is the message type of the message that carries the response (§4.4.3).
[[nodiscard]] std::vector<std::byte> challenge_response(std::uint8_t id, wire::Bytes secret,
                                                        wire::Bytes challenge);

}  // namespace espgate::control::l2tp
