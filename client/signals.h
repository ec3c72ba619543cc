// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/file_descriptor.h"

namespace espgate::client {

// From now on SIGINT and SIGTERM end nothing by themselves, and make this readable. Not open: errno says why.
[[nodiscard]] FileDescriptor take_signals();
// How many have come since the last call.
[[nodiscard]] unsigned pending_signals(const FileDescriptor& signals);

}  // namespace espgate::client
