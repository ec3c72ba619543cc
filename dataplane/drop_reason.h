// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace espgate::dataplane {

enum class DropReason : std::uint8_t {
#define X(name, severity, sentence) name,
#include "dataplane/drop_reasons.def"
#undef X
};

enum class Severity : std::uint8_t { expected, suspicious, broken, resource };

struct DropReasonInfo {
  std::string_view name;
  Severity severity;
  std::string_view sentence;
};

inline constexpr std::array drop_reasons = {
#define X(name, severity, sentence) DropReasonInfo{#name, Severity::severity, sentence},
#include "dataplane/drop_reasons.def"
#undef X
};

inline constexpr std::size_t drop_reason_count = drop_reasons.size();

[[nodiscard]] constexpr const DropReasonInfo& describe(DropReason reason) {
  return drop_reasons[static_cast<std::size_t>(reason)];
}

}  // namespace espgate::dataplane
