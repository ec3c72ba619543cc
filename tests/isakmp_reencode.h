// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/isakmp.h"
#include "wire/parse.h"

#include <cstddef>
#include <vector>

namespace espgate::test {

// Parses an IKEv1 message down to the last attribute and builds it again out of what the parsers said, with
// the builders of wire/isakmp_builder.h. What a peer has written comes out byte for byte, unless it set
// reserved bits. `payloads` is what lies behind the header, decrypted; bytes behind the last payload are kept
// as they are. Payloads without fields (KE, NONCE, HASH, VID, NAT-D and those not known) are copied.
// The error is that of the parser that refused.
[[nodiscard]] wire::Expected<std::vector<std::byte>> reencode(const wire::IsakmpHeader& header,
                                                              wire::Bytes payloads);

}  // namespace espgate::test
