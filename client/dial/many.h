// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/dial/dial_options.h"
#include "client/options.h"

namespace espgate::client::dial {

// Many clients in one thread, each with its own UDP port and none with a TUN device: dials them all, tells
// how it went, keeps them up, and hangs up at SIGINT or SIGTERM or after --hold. A second signal ends it at
// once. The report goes to standard output. Error: what is missing, or that some have no tunnel.
[[nodiscard]] Expected<void> run_many(const Options& options, const DialOptions& dial);

}  // namespace espgate::client::dial
