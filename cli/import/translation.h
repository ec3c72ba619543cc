// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/connection.h"
#include "cli/import/gateway_draft.h"
#include "cli/import/ipsec_secrets.h"
#include "cli/import/notes.h"

#include <string_view>
#include <vector>

namespace espgate::openswan {

// Into `draft` goes what the settings of one conn, and of `config setup`, are called here; a note tells of
// each that is always so here or can't be had. `settings` have been resolved and our side is left.
void translate_settings(const Connection& settings, GatewayDraft& draft, Notes& notes);

// Whether a key is one that anybody has thought about. Values of others are not shown: they may be anything.
[[nodiscard]] bool is_known(std::string_view key);

// Once all settings are in: what would not go together is brought within bounds, with a note.
void reconcile(const Connection& settings, GatewayDraft& draft, Notes& notes);

// Pre-shared keys; whom one is for comes from the identities of its line that are not our own. `connection`
// says what ours are; nullptr: that is not known.
void translate_secrets(std::vector<SecretLine> lines, const Connection* connection, GatewayDraft& draft,
                       Notes& notes);

}  // namespace espgate::openswan
