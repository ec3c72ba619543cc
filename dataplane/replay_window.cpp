// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay_window.h"

#include <algorithm>
#include <bit>

namespace espgate::dataplane {

ReplayWindow::ReplayWindow(std::uint32_t packets) : packets_(std::clamp(packets, min_packets, max_packets)) {
  const std::uint32_t word_count = std::bit_ceil((packets_ + 63) / 64 + 1);
  word_mask_ = word_count - 1;
  if (is_inline()) {
    inline_ = {};
  } else {
    external_ = new std::uint64_t[word_count]();
  }
}

ReplayWindow::ReplayWindow(ReplayWindow&& other) noexcept
    : highest_(other.highest_), packets_(other.packets_), word_mask_(other.word_mask_) {
  if (is_inline()) {
    inline_ = other.inline_;
  } else {
    external_ = other.external_;
    other.word_mask_ = 1;
    other.inline_ = {};
  }
}

ReplayWindow::~ReplayWindow() {
  if (!is_inline()) delete[] external_;
}

void ReplayWindow::start_behind(std::uint64_t sequence) {
  highest_ = sequence;
  std::fill_n(words(), word_mask_ + 1, ~std::uint64_t{0});
  // commit() clears words as it enters them; the rest of the current word lies ahead and must be clear now.
  const unsigned seen_in_word = static_cast<unsigned>(sequence & 63) + 1;
  if (seen_in_word < 64) words()[word_of(sequence)] = (std::uint64_t{1} << seen_in_word) - 1;
}

}  // namespace espgate::dataplane
