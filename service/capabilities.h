// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>
#include <tl/expected.hpp>

namespace espgate::service {

// Sets of Linux capabilities: bit n is capability n of linux/capability.h.
using CapabilitySet = std::uint64_t;
[[nodiscard]] constexpr CapabilitySet capability(unsigned number) { return CapabilitySet{1} << number; }

// Leaves every thread of this process, those of libraries included, with `keep` at most, for good: permitted,
// effective, inheritable, ambient and, where that is allowed, bounding set, and no program that it executes
// gets more (no_new_privs). Threads that are made later inherit that. Sends SIGRTMAX-1 to each thread, so
// system calls may be interrupted. Error: a thread that still has more, or did not answer.
[[nodiscard]] tl::expected<void, std::string> keep_capabilities(CapabilitySet keep);

// What a thread of this process may do now (CapEff); everything if that can't be known, nothing if it has
// ended.
[[nodiscard]] CapabilitySet effective_capabilities(pid_t thread);

// The names of a set, "CAP_NET_RAW", in order.
[[nodiscard]] std::vector<std::string> capability_names(CapabilitySet set);

// Memory may be locked without limit, as far as this process may say so (CAP_SYS_RESOURCE): keys are locked,
// and the right to do that beyond the limit is about to go.
void raise_locked_memory();

// Makes this process, which is root, that user with his groups, before it has threads. Nothing if it is that
// user already. Error: no such user number, or not allowed.
[[nodiscard]] tl::expected<void, std::string> become_user(uid_t user);

}  // namespace espgate::service
