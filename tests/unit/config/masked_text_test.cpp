// SPDX-License-Identifier: Apache-2.0
#include "config/masked_text.h"

#include <string>

#include <gtest/gtest.h>

namespace espgate::config {
namespace {

std::string text_of(const std::optional<crypto::SecretBytes>& secret) {
  if (!secret) return "(none)";
  return {reinterpret_cast<const char*>(secret->data()), secret->size()};
}

TEST(MaskedText, CoversSixteenHexadecimalDigitsInARowAndNoFewer) {
  const MaskedText masked("a = \"0123456789abcdeF\" b = \"0123456789abcde\"");
  EXPECT_EQ(MaskedText::shown(masked.text()), "a = \"…\" b = \"0123456789abcde\"");
}

TEST(MaskedText, KeepsEveryLineAndColumn) {
  const std::string original = "ä = 1\nkey = \"00112233445566778899\" # x\n";
  const MaskedText masked(original);
  std::size_t characters = 0;
  for (const char byte : masked.text())
    characters += (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U ? 1 : 0;
  EXPECT_EQ(characters, original.size() - 1) << "one character of two bytes";
}

TEST(MaskedText, GivesBackAStringByItsPlace) {
  const std::string original = "ä = 'ÿ'\nk = {ü = \"00112233445566778899\"}";
  const MaskedText masked(original);
  EXPECT_EQ(text_of(masked.string_at(2, 10)), "00112233445566778899");
  EXPECT_EQ(text_of(masked.string_at(1, 5)), "ÿ");
  EXPECT_EQ(text_of(masked.string_at(2, 9)), "(none)") << "no quote there";
  EXPECT_EQ(text_of(masked.string_at(2, 99)), "(none)") << "past the end";
  EXPECT_EQ(text_of(masked.string_at(3, 1)), "(none)") << "no such line";
  EXPECT_EQ(text_of(masked.string_at(0, 0)), "(none)");
}

TEST(MaskedText, DoesNotGiveStringsWithEscapesOrOverSeveralLines) {
  EXPECT_EQ(text_of(MaskedText("\"a\\u0030\"").string_at(1, 1)), "(none)");
  EXPECT_EQ(text_of(MaskedText("'''a'''").string_at(1, 1)), "(none)");
  EXPECT_EQ(text_of(MaskedText("\"a\nb\"").string_at(1, 1)), "(none)");
  EXPECT_EQ(text_of(MaskedText("\"a").string_at(1, 1)), "(none)");
}

TEST(MaskedText, ColumnsBeginBehindAByteOrderMark) {
  EXPECT_EQ(text_of(MaskedText("\xEF\xBB\xBF\"a\"").string_at(1, 1)), "a");
}

}  // namespace
}  // namespace espgate::config
