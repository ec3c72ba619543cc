// SPDX-License-Identifier: Apache-2.0
#include "cli/import/source_kind.h"

#include <string>

namespace espgate::openswan {

std::optional<SourceKind> source_kind(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  // A file of options may be called "options.xl2tpd", and some have called it "ppp-options.conf".
  if (has("options")) return SourceKind::ppp_options;
  if (has("chap")) return SourceKind::chap_secrets;
  // Passwords of PAP alone, and secrets of tunnels, are other files.
  if (has("pap-secrets") || has("l2tp-secrets")) return std::nullopt;
  if (has("secret")) return SourceKind::ipsec_secrets;
  if (has("l2tpd")) return SourceKind::xl2tpd_conf;
  if (has("conf")) return SourceKind::ipsec_conf;
  return std::nullopt;
}

}  // namespace espgate::openswan
