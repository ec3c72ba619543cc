// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/state/sequence_file.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace espgate::control {

// The largest sequence number of an SA (RFC 4303 §2.2).
[[nodiscard]] constexpr std::uint64_t largest_sequence(bool esn) {
  return esn ? ~std::uint64_t{0} : 0xffff'ffff;
}

// Where SAs with static keys may go on counting, so that no number is sent twice under one key, whatever
// dies.
//
// With a file, outbound numbers are reserved in blocks before they are used, and an SA that starts anew
// begins behind all that was ever reserved. Without one, it begins at a number taken from the clock
// (docs/decisions/0005): that moves forward over restarts, but is a promise good enough for CBC only.
class Sequences {
 public:
  using TimePoint = std::chrono::system_clock::time_point;

  // Without a file.
  Sequences() { table_.salt = random_salt(); }
  // A file that can't be read leaves everything unusable() until restore().
  explicit Sequences(SequenceFile file);

  [[nodiscard]] bool has_file() const { return file_.has_value(); }
  // Error: why no SA may start.
  [[nodiscard]] Expected<void> usable() const;

  // Which SA this is: changes with its key. An AEAD's nonces hang on the key alone (RFC 4106 §4), so of an
  // outbound one only the key counts; else direction and SPI count too.
  [[nodiscard]] Fingerprint identify(const channel::SaAdd& sa, bool aead) const;
  [[nodiscard]] const Salt& salt() const { return table_.salt; }

  // Whether this SA was ever raise()d, and to what; 0: never.
  [[nodiscard]] bool knows(const Fingerprint& sa) const { return table_.entries.contains(sa); }
  [[nodiscard]] std::uint64_t value(const Fingerprint& sa) const;
  // The first number that an outbound SA may send that starts anew. Error: there is none left, or the clock
  // is not set.
  [[nodiscard]] Expected<std::uint64_t> first(const Fingerprint& sa, bool esn, TimePoint now) const;

  // Outbound: reserves the numbers up to `value`, which counts when commit() has succeeded. Inbound: `value`
  // was accepted. Never goes back.
  void raise(const Fingerprint& sa, const channel::SaAdd& what, std::uint64_t value);
  [[nodiscard]] bool has_changed() const { return changed_; }
  // Writes the file if something has changed. Error: what was reserved since the last commit is not.
  [[nodiscard]] Expected<void> commit();

  // Takes over what the control process before us knew. Not `complete`: its file was unusable too, and only
  // the salt helps, to tell what it has pushed.
  void restore(const SequenceTable& predecessor, bool complete);
  [[nodiscard]] const SequenceTable& table() const { return table_; }

 private:
  std::optional<SequenceFile> file_;
  SequenceTable table_;
  bool from_file_ = false;  // the file was there and whole
  std::string problem_;     // why nothing may start
  bool changed_ = false;
  std::vector<std::pair<Fingerprint, std::uint64_t>> undo_;  // outbound values before they were raised
};

}  // namespace espgate::control
