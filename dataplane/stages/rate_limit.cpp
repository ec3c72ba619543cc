// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/rate_limit.h"

#include "dataplane/session.h"
#include "dataplane/session_state.h"

namespace espgate::dataplane {
namespace {

void limit(Burst& burst, std::uint64_t now, RateLimit SessionState::* direction) {
  for (const Packet& packet : burst.live()) {
    SessionState* state = packet.session == nullptr ? nullptr : packet.session->state;
    if (state == nullptr) continue;
    if (!(state->*direction).pass(packet.length, now)) burst.drop(packet, DropReason::rate_limited);
  }
}

}  // namespace

void rate_limit_from_client(Burst& burst, std::uint64_t now) {
  limit(burst, now, &SessionState::from_client);
}

void rate_limit_to_client(Burst& burst, std::uint64_t now) { limit(burst, now, &SessionState::to_client); }

}  // namespace espgate::dataplane
