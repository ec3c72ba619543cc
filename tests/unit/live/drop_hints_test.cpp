// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/api_text.h"

#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace espgate::dataplane::live {
namespace {

TEST(DropHints, the_manual_says_of_every_reason_what_to_do) {
  std::ifstream file(ESPGATE_SOURCE_DIR "/docs/drops.md");
  const std::string manual((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::size_t rows = 0;
  for (std::size_t i = 0; i < drop_reason_count; ++i) {
    const auto reason = static_cast<DropReason>(i);
    EXPECT_FALSE(drop_hint(reason).empty()) << describe(reason).name;
    const std::string row = "| `" + std::string(describe(reason).name) + "` | " +
                            std::string(describe(reason).sentence) + " | " + std::string(drop_hint(reason)) +
                            " |\n";
    EXPECT_NE(manual.find(row), std::string::npos) << row;
  }
  for (std::size_t at = 0; (at = manual.find("\n| `", at)) != std::string::npos; ++at) ++rows;
  EXPECT_EQ(rows, drop_reason_count) << "and of none that is not there";
}

}  // namespace
}  // namespace espgate::dataplane::live
