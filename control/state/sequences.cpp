// SPDX-License-Identifier: Apache-2.0
#include "control/state/sequences.h"

#include "crypto/secret.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace espgate::control {
namespace {

// 2025-01-01 00:00 UTC. Eight numbers a second last until the year 2042 (docs/decisions/0005).
constexpr std::chrono::sys_seconds clock_epoch = std::chrono::sys_days(std::chrono::year(2025) / 1 / 1);
constexpr std::uint64_t numbers_a_second = 8;

}  // namespace

Sequences::Sequences(SequenceFile file) : file_(std::move(file)) {
  auto read = file_->read();
  if (!read) {
    problem_ = read.error();
  } else if (*read) {
    table_ = std::move(**read);
    from_file_ = true;
  }
  if (!from_file_) table_.salt = random_salt();
}

Expected<void> Sequences::usable() const {
  if (problem_.empty()) return {};
  return tl::unexpected(problem_);
}

Fingerprint Sequences::identify(const channel::SaAdd& sa, bool aead) const {
  const channel::SaKeys& keys = sa.keys;
  const bool key_alone = aead && sa.direction == channel::Direction::outbound;
  constexpr std::size_t before_keys = 1 + sizeof sa.spi;
  crypto::SecretBytes text(before_keys + keys.cipher_key.size() + keys.integrity_key.size());
  if (!key_alone) {
    text.data()[0] = std::byte(1 + static_cast<unsigned>(sa.direction));
    std::memcpy(text.data() + 1, &sa.spi, sizeof sa.spi);
    std::memcpy(text.data() + before_keys + keys.cipher_key.size(), keys.integrity_key.data(),
                keys.integrity_key_bytes);
  }
  std::memcpy(text.data() + before_keys, keys.cipher_key.data(), keys.cipher_key_bytes);
  return fingerprint(table_.salt, text.bytes());
}

std::uint64_t Sequences::value(const Fingerprint& sa) const {
  const auto found = table_.entries.find(sa);
  return found == table_.entries.end() ? 0 : found->second.value;
}

Expected<std::uint64_t> Sequences::first(const Fingerprint& sa, bool esn, TimePoint now) const {
  const std::uint64_t used = value(sa);
  const std::uint64_t largest = largest_sequence(esn);
  if (used >= largest)
    return tl::unexpected(std::string("its sequence numbers are used up; give it a new key"));
  if (has_file()) return used + 1;
  if (now < clock_epoch) {
    return tl::unexpected(std::string(
        "its sequence numbers start from the clock, which is not set; set it, or runtime.state_directory"));
  }
  // Even with extended numbers the upper half starts at 0: a receiver follows no further (RFC 4303 §A2).
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - clock_epoch).count();
  const std::uint64_t from_clock = 1 + static_cast<std::uint64_t>(seconds) * numbers_a_second;
  if (from_clock >= largest_sequence(false)) {
    return tl::unexpected(
        std::string("no sequence number can be taken from the clock any more; set runtime.state_directory"));
  }
  return std::max(from_clock, used + 1);
}

void Sequences::raise(const Fingerprint& sa, const channel::SaAdd& what, std::uint64_t value) {
  auto [found, is_new] = table_.entries.try_emplace(sa, SequenceEntry{what.direction, what.spi, 0});
  SequenceEntry& entry = found->second;
  if (value <= entry.value && !is_new) return;
  if (what.direction == channel::Direction::outbound) undo_.emplace_back(sa, entry.value);
  entry.value = std::max(entry.value, value);
  entry.spi = what.spi;
  changed_ = true;
}

Expected<void> Sequences::commit() {
  if (auto can = usable(); !can) return can;
  if (!changed_) return {};
  if (file_) {
    if (auto written = file_->write(table_); !written) {
      for (const auto& [sa, before] : undo_)
        table_.entries[sa].value = std::min(table_.entries[sa].value, before);
      undo_.clear();
      return written;
    }
  }
  changed_ = false;
  undo_.clear();
  return {};
}

// The same salt means the same table at two times. Another one: the file was missing or unreadable when we
// started, and the predecessor's table is what it would hold; or someone has put another file there, which
// then counts.
void Sequences::restore(const SequenceTable& predecessor, bool complete) {
  if (!complete) {
    if (!problem_.empty()) table_.salt = predecessor.salt;
    return;
  }
  if (predecessor.salt == table_.salt) {
    for (const auto& [sa, entry] : predecessor.entries) {
      SequenceEntry& ours = table_.entries.try_emplace(sa, entry).first->second;
      ours.value = std::max(ours.value, entry.value);
    }
  } else if (!from_file_) {
    table_ = predecessor;
    problem_.clear();
  } else {
    return;
  }
  changed_ = true;
}

}  // namespace espgate::control
