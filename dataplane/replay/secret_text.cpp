// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/secret_text.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace espgate::replay {

void SecretText::reserve(std::size_t more) {
  if (used_ + more <= memory_.size()) return;
  crypto::SecretBytes larger(std::max({std::size_t{4096}, 2 * memory_.size(), used_ + more}));
  if (used_ != 0) std::memcpy(larger.data(), memory_.data(), used_);
  memory_ = std::move(larger);
}

void SecretText::append(std::string_view text) {
  if (text.empty()) return;
  reserve(text.size());
  std::memcpy(memory_.data() + used_, text.data(), text.size());
  used_ += text.size();
}

void SecretText::append_hex(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  append("0x");
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    append({&digits[value >> 4], 1});
    append({&digits[value & 15], 1});
  }
}

std::string_view SecretText::view() const {
  return used_ == 0 ? std::string_view()
                    : std::string_view(reinterpret_cast<const char*>(memory_.data()), used_);
}

crypto::SecretBytes SecretText::take() { return crypto::SecretBytes(std::as_bytes(std::span(view()))); }

}  // namespace espgate::replay
