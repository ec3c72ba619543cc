// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/command.h"

#include <memory>

namespace espgate::replay {

// The grammar of espgate-replay; what it has parsed sets `chosen`, which must outlive it.
[[nodiscard]] std::unique_ptr<CLI::App> make_command_line(Command& chosen);

}  // namespace espgate::replay
