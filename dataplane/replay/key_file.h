// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"
#include "dataplane/replay/error.h"
#include "dataplane/replay/sa_keys.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::replay {

// docs/key-files.md describes them.
enum class KeyFormat : std::uint8_t {
  xfrm,      // what `ip xfrm state` prints
  ip_batch,  // `ip -batch` commands that install the SAs
  esp_sa,    // Wireshark's table of ESP SAs
  json,      // ours
};

// Reads a key file of any format; which it is shows in its first character. "-" is standard input. Of two SAs
// with the same destination and SPI the last counts (of Wireshark's table the first, as there). Error: input,
// with file:line:column, what was expected and what came; never a key.
[[nodiscard]] Expected<std::vector<SaKeys>> read_key_file(const std::string& path);

// The same on text in memory; `name` is what messages call it.
[[nodiscard]] Expected<std::vector<SaKeys>> read_keys(std::string_view text, std::string_view name);

// Writes the SAs, readable by the owner only (0600); an existing file is replaced, "-" is standard output.
// What a format has no field for is left out. Error: output.
[[nodiscard]] Expected<void> write_key_file(const std::string& path, KeyFormat format,
                                            std::span<const SaKeys> sas);

// The file's text, in memory that is wiped.
[[nodiscard]] crypto::SecretBytes format_keys(KeyFormat format, std::span<const SaKeys> sas);

// "xfrm", "ip_batch", "esp_sa", "json".
[[nodiscard]] Expected<KeyFormat> parse_key_format(std::string_view text);

}  // namespace espgate::replay
