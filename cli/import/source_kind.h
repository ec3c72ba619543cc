// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

namespace espgate::openswan {

// The kinds of files that are imported.
enum class SourceKind : unsigned char { ipsec_conf, ipsec_secrets, xl2tpd_conf, ppp_options, chap_secrets };

// Which kind a file is, by its name as such gateways have them: "ipsec.conf", "options.xl2tpd",
// "old-chap-secrets". nullopt: its name does not say.
[[nodiscard]] std::optional<SourceKind> source_kind(const std::filesystem::path& file);

}  // namespace espgate::openswan
