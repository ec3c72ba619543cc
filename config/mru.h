// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/suite.h"

namespace espgate::config {

// The largest inner packet, in bytes, that fits into one outer packet of at most `outer_mtu` bytes:
//
//   | IP 20 | UDP 8 | ESP 8 | IV | UDP 8 | L2TP 6 | PPP 4 | inner packet | padding | pad length, next header
//   2 | ICV |
//
// 0: not even an empty one does.
[[nodiscard]] unsigned largest_mru(const crypto::Suite& suite, unsigned outer_mtu);

}  // namespace espgate::config
