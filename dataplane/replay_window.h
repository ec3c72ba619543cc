// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

namespace espgate::dataplane {

// The anti-replay window of one inbound SA (RFC 4303 §3.4.3), as a ring of 64-bit words (RFC 6479): moving it
// ahead clears whole words and shifts nothing. check() before decryption, commit() after the ICV has passed;
// commit() checks again, so that of duplicates inside one burst only the first wins. The ring always has a
// word more than the window.
class ReplayWindow {
 public:
  static constexpr std::uint32_t min_packets = 32;
  static constexpr std::uint32_t max_packets = 4096;

  enum class Verdict : std::uint8_t { fresh, zero, seen, too_old };

  // `packets` is clamped to [min_packets, max_packets]. Allocates when the window is larger than 192.
  explicit ReplayWindow(std::uint32_t packets = 128);
  ReplayWindow(ReplayWindow&& other) noexcept;
  ReplayWindow& operator=(ReplayWindow&&) = delete;
  ~ReplayWindow();

  [[nodiscard]] Verdict check(std::uint64_t sequence) const {
    if (sequence > highest_) return Verdict::fresh;
    if (sequence == 0) return Verdict::zero;
    if (highest_ - sequence >= packets_) return Verdict::too_old;
    return (words()[word_of(sequence)] >> (sequence & 63) & 1) != 0 ? Verdict::seen : Verdict::fresh;
  }

  // Marks `sequence` as seen. Anything but fresh: nothing was changed.
  Verdict commit(std::uint64_t sequence) {
    if (sequence <= highest_) [[unlikely]] {
      if (const Verdict verdict = check(sequence); verdict != Verdict::fresh) return verdict;
    } else {
      if (sequence >> 6 != highest_ >> 6) clear_words_up_to(sequence);
      highest_ = sequence;
    }
    words()[word_of(sequence)] |= std::uint64_t{1} << (sequence & 63);
    return Verdict::fresh;
  }

  // Marks `sequence` whatever check() says of it: only for benchmarks that send one capture again and again.
  void mark(std::uint64_t sequence) {
    if (sequence > highest_) return void(commit(sequence));
    if (highest_ - sequence >= packets_) return;
    words()[word_of(sequence)] |= std::uint64_t{1} << (sequence & 63);
  }

  // The 64-bit sequence number that a received lower half most likely stands for (RFC 4303 appendix A2.1); 0
  // where that would lie before the first number, which check() then refuses.
  [[nodiscard]] std::uint64_t extend(std::uint32_t low) const {
    const auto highest_low = static_cast<std::uint32_t>(highest_);
    const std::uint64_t highest_high = highest_ >> 32;
    const std::uint32_t bottom = highest_low - packets_ + 1;  // wraps in case B
    const bool one_subspace = highest_low >= packets_ - 1;    // case A: the window lies within one 2^32 space
    std::uint64_t high = highest_high;
    if (one_subspace) {
      if (low < bottom) ++high;
    } else if (low >= bottom) {
      if (highest_high == 0) return 0;
      --high;
    }
    return high << 32 | low;
  }

  [[nodiscard]] std::uint64_t highest() const { return highest_; }
  [[nodiscard]] std::uint32_t packets() const { return packets_; }
  // Everything up to `sequence` counts as seen: a restart (sequence = what was stored), or an ESN capture
  // that begins in the middle.
  void start_behind(std::uint64_t sequence);

 private:
  static constexpr std::uint32_t inline_words = 4;

  [[nodiscard]] bool is_inline() const { return word_mask_ < inline_words; }
  [[nodiscard]] std::uint64_t* words() { return is_inline() ? inline_.data() : external_; }
  [[nodiscard]] const std::uint64_t* words() const { return is_inline() ? inline_.data() : external_; }
  [[nodiscard]] std::uint64_t word_of(std::uint64_t sequence) const { return sequence >> 6 & word_mask_; }

  // Clears the words that come into use when the highest number becomes `sequence`.
  void clear_words_up_to(std::uint64_t sequence) {
    std::uint64_t steps = (sequence >> 6) - (highest_ >> 6);
    if (steps > word_mask_) steps = word_mask_ + 1;
    for (std::uint64_t i = 1; i <= steps; ++i) words()[((highest_ >> 6) + i) & word_mask_] = 0;
  }

  std::uint64_t highest_ = 0;
  std::uint32_t packets_;
  std::uint32_t word_mask_;  // number of words, a power of two, less one
  union {
    std::array<std::uint64_t, inline_words> inline_;
    std::uint64_t* external_;
  };
};
static_assert(sizeof(ReplayWindow) == 48);

}  // namespace espgate::dataplane
