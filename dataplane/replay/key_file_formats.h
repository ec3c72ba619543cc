// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/error.h"
#include "dataplane/replay/key_file_fields.h"
#include "dataplane/replay/sa_keys.h"
#include "dataplane/replay/secret_text.h"

#include <span>
#include <vector>

namespace espgate::replay {

// One reader and one writer for each format of key_file.h. Readers keep duplicates.
[[nodiscard]] Expected<std::vector<SaKeys>> read_xfrm(const KeyText& file);
[[nodiscard]] Expected<std::vector<SaKeys>> read_esp_sa(const KeyText& file);
[[nodiscard]] Expected<std::vector<SaKeys>> read_json(const KeyText& file);

void write_xfrm(SecretText& out, std::span<const SaKeys> sas);
void write_ip_batch(SecretText& out, std::span<const SaKeys> sas);
void write_esp_sa(SecretText& out, std::span<const SaKeys> sas);
void write_json(SecretText& out, std::span<const SaKeys> sas);

}  // namespace espgate::replay
