// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/own_addresses.h"
#include "dataplane/packet.h"

namespace espgate::dataplane {

// What comes from the private side: checks the IPv4 header with its checksum against what is there, cuts link
// padding, takes out what is for ourselves (echo_request, local, neighbour). Only unicast goes on. In: behind
// link_pull.
void inside_input(Burst& burst, const OwnAddresses& own);

}  // namespace espgate::dataplane
