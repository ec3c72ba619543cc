// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/error.h"
#include "client/options.h"

namespace espgate::client {

// espgate-client: reads the gateway's configuration, takes the named static peer's part, sets up numbers,
// socket, TUN device and routes, and carries packets until SIGINT or SIGTERM. What it has set up goes with
// it. Reports go to standard output, everything else to standard error. Error: what is missing, and the
// remedy.
[[nodiscard]] Expected<void> run_client(const Options& options);

}  // namespace espgate::client
