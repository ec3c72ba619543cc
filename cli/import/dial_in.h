// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/import.h"

namespace espgate::openswan {

// The files of xl2tpd, pppd and users that `sources` names, into `draft`; nothing if it names none. Error: a
// file that can't be read or is none of its kind.
[[nodiscard]] tl::expected<void, std::string> import_dial_in(const Sources& sources, const SourceFiles& files,
                                                             GatewayDraft& draft, Notes& notes);

}  // namespace espgate::openswan
