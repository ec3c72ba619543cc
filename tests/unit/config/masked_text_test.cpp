// SPDX-License-Identifier: Apache-2.0
#include "config/masked_text.h"

#include <string>
#include <utility>
#include <vector>

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

TEST(MaskedText, CoversStringsBehindKeysForSecrets) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"secret = \"swordfish\" # psk", "secret = \"…\" # psk"},
      {"ike.psk='swordfish'", "ike.psk='…'"},
      {"\"psk\"\t= \"a\\\"b\" x", "\"psk\"\t= \"…\" x"},
      {"k = [{ from = \"a\", secret = \"b\", file = \"c\" }]",
       "k = [{ from = \"a\", secret = \"…\", file = \"c\" }]"},
      {"psk = [\"a\",\n'b'] c = \"d\"", "psk = [\"…\",\n'…'] c = \"d\""},
      {"secret = \"to the end\nof the line", "secret = \"…\nof the line"},
      {"secret_file = \"a\"", "secret_file = \"a\""},
      {"a = 'secret = \"x\"' b = \"y\"", "a = 'secret = \"x\"' b = \"y\""},
      {"# secret = \"\nx = \"a\"", "# secret = \"\nx = \"a\""},
      {"psk\n= \"a\"", "psk\n= \"a\""},
      {"psk = 1 x = \"a\"", "psk = 1 x = \"a\""},
      {"secret = \"\"", "secret = \"\""},
      {"# secret", "# secret"}};
  for (const auto& [text, shown] : cases) EXPECT_EQ(MaskedText::shown(MaskedText(text).text()), shown);
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
  EXPECT_EQ(text_of(MaskedText("'a\\'").string_at(1, 1)), "a\\") << "no escape in single quotes";
}

TEST(MaskedText, ColumnsBeginBehindAByteOrderMark) {
  EXPECT_EQ(text_of(MaskedText("\xEF\xBB\xBF\"a\"").string_at(1, 1)), "a");
}

}  // namespace
}  // namespace espgate::config
