// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/error.h"

#include <string>

namespace espgate::replay {

struct InspectOptions {
  std::string input;
  std::string key_file;  // empty: none; only tells which SAs could be decrypted
  bool json = false;
};

// `espgate-replay inspect`: what a capture shows without decrypting it, onto standard output. Needs no DPDK.
// An input that breaks off is worked up to where it does; its error comes afterwards.
[[nodiscard]] Expected<void> run_inspect(const InspectOptions& options);

}  // namespace espgate::replay
