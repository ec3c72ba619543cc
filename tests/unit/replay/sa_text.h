// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/sa_keys.h"

#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace espgate::replay {

// An SA in one line, so that a test can compare and a failure shows what differs. The keys of tests are no
// secret.
inline std::string keys_text(const SaKeys& sa) {
  std::string text = fmt::format("spi 0x{:08x} {} cipher ", sa.spi, crypto::suite(sa.suite).name);
  for (const std::byte byte : sa.cipher_key.bytes())
    text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  text += " integrity ";
  for (const std::byte byte : sa.integrity_key.bytes())
    text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text + (sa.esn ? " esn" : "");
}

// Everything but the window and `where`.
inline std::string sa_text(const SaKeys& sa) {
  constexpr const char* modes[] = {"any", "transport", "tunnel"};
  return fmt::format("{} > {} {} mode {} encap {} {} {} high {}", sa.source.to_string(),
                     sa.destination.to_string(), keys_text(sa), modes[static_cast<int>(sa.mode)],
                     sa.udp_encapsulation, sa.encapsulation_source_port, sa.encapsulation_destination_port,
                     sa.sequence_high);
}

inline std::string full_text(const SaKeys& sa) {
  return fmt::format("{} window {}", sa_text(sa), sa.replay_window);
}

template <typename Text>
std::vector<std::string> texts(std::span<const SaKeys> sas, Text text) {
  std::vector<std::string> lines;
  for (const SaKeys& sa : sas) lines.push_back(text(sa));
  return lines;
}

}  // namespace espgate::replay
