// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <cstddef>
#include <span>
#include <string_view>

namespace espgate::replay {

// Text that may hold keys, growing in memory that is wiped.
class SecretText {
 public:
  void append(std::string_view text);
  void append_hex(std::span<const std::byte> bytes);  // with 0x in front
  [[nodiscard]] std::string_view view() const;
  [[nodiscard]] crypto::SecretBytes take();

 private:
  void reserve(std::size_t more);

  crypto::SecretBytes memory_;
  std::size_t used_ = 0;
};

}  // namespace espgate::replay
