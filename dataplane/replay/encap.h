// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/encap_options.h"
#include "dataplane/replay/error.h"

namespace espgate::replay {

// `espgate-replay encap`: a capture's IP packets through the outbound stages, as the L2TP/IPsec of made-up
// clients, into a file with their keys beside it. The report goes onto standard output, or standard error
// where one of the files does. An input that breaks off is worked up to where it does; its error comes
// afterwards.
[[nodiscard]] Expected<void> run_encap(const EncapOptions& options);

}  // namespace espgate::replay
