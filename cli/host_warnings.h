// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/host.h"
#include "config/problem.h"

namespace espgate::cli {

// What a good configuration would do to this very host that it should not: take the interface of the default
// route, or cores that are not there. Warnings only: the file may be meant for another machine.
void add_host_warnings(const config::Config& config, const Host& host, config::Problems& problems);

// The interface of `host` that a port would take, by af_packet or with its PCI device; empty: none.
[[nodiscard]] std::string interface_taken(const config::Port& port, const Host& host);

}  // namespace espgate::cli
