// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace espgate::control {

// Makes the default logger one on standard error: with time, level and colour for people at a terminal, with
// time and level for files; for systemd's journal with a priority and key=value only, as it has the rest.
void set_up_log(const std::string& level, bool journal);

}  // namespace espgate::control
