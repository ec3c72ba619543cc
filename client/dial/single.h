// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/dial/dial_options.h"
#include "client/options.h"

namespace espgate::client::dial {

// One client with a TUN device: dials, carries packets until SIGINT or SIGTERM or until the server hangs up,
// and says goodbye. A second signal ends it at once. Reports go to standard output, everything else to
// standard error. Error: what is missing, or why there is no tunnel (any more).
[[nodiscard]] Expected<void> run_single(const Options& options, const DialOptions& dial);

// As an exit code and a sentence.
[[nodiscard]] Error error_of(const Failure& failure);

}  // namespace espgate::client::dial
