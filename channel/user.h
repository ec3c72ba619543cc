// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/error.h"

#include <string>

#include <sys/types.h>

namespace espgate::channel {

// The number of the user that is called so on this system, or whose number this is ("espgate", "990"). Error:
// there is none.
[[nodiscard]] Expected<uid_t> find_user(const std::string& name_or_number);

}  // namespace espgate::channel
