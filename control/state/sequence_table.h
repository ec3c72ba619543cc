// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "control/error.h"
#include "control/state/digest.h"
#include "control/state/encoding.h"

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace espgate::control {

// How far one SA with a static key has counted.
struct SequenceEntry {
  channel::Direction direction = channel::Direction::inbound;
  std::uint32_t spi = 0;  // for people; the fingerprint decides
  // Outbound: every number up to it is reserved and may have been sent. Inbound: the highest that was
  // accepted.
  std::uint64_t value = 0;

  friend bool operator==(const SequenceEntry&, const SequenceEntry&) = default;
};

// All SAs with static keys, also those of peers that are no longer configured: they may come back with the
// same key.
struct SequenceTable {
  Salt salt{};
  std::map<Fingerprint, SequenceEntry> entries;

  friend bool operator==(const SequenceTable&, const SequenceTable&) = default;
};

// As bytes, without a checksum of its own, and back. A reader that fails is no longer ok().
void encode(Encoder& encoder, const SequenceTable& table);
[[nodiscard]] SequenceTable decode_sequence_table(Decoder& decoder);

// The content of a sequence file: magic, version, table, SHA-256 of all before.
[[nodiscard]] std::vector<std::byte> format_sequence_file(const SequenceTable& table);
// Error: what is wrong with it.
[[nodiscard]] Expected<SequenceTable> parse_sequence_file(std::span<const std::byte> content);

}  // namespace espgate::control
