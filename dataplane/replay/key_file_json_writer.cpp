// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file_formats.h"

#include <utility>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

// Nothing that is written needs escapes: addresses, suite names and hexadecimal digits.
void write_sa(SecretText& out, const SaKeys& sa) {
  out.append("  {");
  if (!sa.source.is_any()) out.append(fmt::format(R"("src": "{}", )", sa.source.to_string()));
  if (!sa.destination.is_any()) out.append(fmt::format(R"("dst": "{}", )", sa.destination.to_string()));
  out.append(fmt::format(R"("spi": "0x{:08x}", "suite": "{}")", sa.spi, crypto::suite(sa.suite).name));
  for (auto [name, key] :
       {std::pair("cipher_key", &sa.cipher_key), std::pair("integrity_key", &sa.integrity_key)}) {
    if (key->empty()) continue;
    out.append(fmt::format(R"(, "{}": ")", name));
    out.append_hex(key->bytes());
    out.append("\"");
  }
  if (sa.mode != SaKeys::Mode::any) {
    out.append(fmt::format(R"(, "mode": "{}")", sa.mode == SaKeys::Mode::tunnel ? "tunnel" : "transport"));
  }
  if (sa.udp_encapsulation) {
    out.append(fmt::format(R"(, "encap": {{"type": "espinudp", "sport": {}, "dport": {}}})",
                           sa.encapsulation_source_port, sa.encapsulation_destination_port));
  }
  if (sa.esn) out.append(R"(, "esn": true)");
  if (sa.esn && sa.sequence_high != 0) out.append(fmt::format(R"(, "sequence_high": {})", sa.sequence_high));
  if (sa.replay_window != 0) out.append(fmt::format(R"(, "replay_window": {})", sa.replay_window));
  out.append("}");
}

}  // namespace

void write_json(SecretText& out, std::span<const SaKeys> sas) {
  out.append("{\"esp_sas\": [\n");
  for (std::size_t i = 0; i < sas.size(); ++i) {
    write_sa(out, sas[i]);
    out.append(i + 1 < sas.size() ? ",\n" : "\n");
  }
  out.append("]}\n");
}

}  // namespace espgate::replay
