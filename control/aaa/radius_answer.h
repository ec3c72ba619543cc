// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/aaa/radius_messages.h"
#include "control/aaa/radius_packet.h"

namespace espgate::control::radius {

// What an authentic Access-Accept, Access-Reject or Access-Challenge says to that request. A yes that the
// client could not use, as MS-CHAPv2 without the server's own proof, is a no with a problem.
[[nodiscard]] AccessAnswer understand(const Reply& reply, const AccessRequest& request);

// What the client is told when no server could be asked.
[[nodiscard]] AccessAnswer no_answer(const AccessRequest& request, std::string problem);

}  // namespace espgate::control::radius
