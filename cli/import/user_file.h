// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/old_dial_in.h"
#include "cli/import/source_files.h"

#include <filesystem>
#include <string>

#include <tl/expected.hpp>

namespace espgate::openswan {

// Reads a chap-secrets file with the parser that the gateway has, and tells of every line that the gateway
// would not take as pppd did. Its text, as it is: that file serves on. Error: it can't be read, or is none.
[[nodiscard]] tl::expected<crypto::SecretBytes, std::string> read_user_file(const std::filesystem::path& file,
                                                                            const SourceFiles& files,
                                                                            OldDialIn& old,
                                                                            const GatewayDraft& draft,
                                                                            Notes& notes);

}  // namespace espgate::openswan
