// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/error.h"

namespace espgate::control {

// Leaves all threads of this process, and those to come, with the system calls that control makes once it has
// started, for good: files it is allowed, unix and UDP sockets, memory, threads of its own, timers. Refused
// with EPERM, and told to the kernel's audit log: other programs (execve) and processes (fork, ptrace),
// memory that is both made and executed, other kinds of sockets, other users and rights, mounts, modules, and
// all that is not known here. EPERM and no kill, because a C library that tries something new first has
// another way, and a gateway that dies of it has none. Error: the kernel has no such filters.
[[nodiscard]] Expected<void> filter_system_calls();

// Whether this program can be filtered at all: one with a sanitizer makes calls of its own.
[[nodiscard]] bool can_filter_system_calls();

}  // namespace espgate::control
