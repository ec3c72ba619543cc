// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/error.h"

#include <filesystem>
#include <optional>

#include <sys/types.h>

namespace espgate::channel {

// Keeps this process's memory to itself: no core dump (RLIMIT_CORE 0), and not readable or traceable by other
// processes of the same user (PR_SET_DUMPABLE 0). For both programs, before a key is read. Afterwards an
// unprivileged process can't open its own /proc/self/{mem,pagemap,fd} either; what needs those comes first.
void protect_process();

// Makes the folder of the sockets (0700; its parent must be there) unless it is there; what is made belongs
// to `owner`, if that is given and we may. Error: it is no folder, belongs to another user, or others may
// write to it.
[[nodiscard]] Expected<void> make_runtime_directory(const std::filesystem::path& directory,
                                                    std::optional<uid_t> owner = std::nullopt);

}  // namespace espgate::channel
