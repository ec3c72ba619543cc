// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include "cli/units.h"

#include <gtest/gtest.h>

namespace espgate::cli {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({{"NAME"}, {"BYTES", Table::Align::right}, {"WHERE"}});
  table.add({"alice", "7", "here"});
  table.add({"b", "123456789", ""});
  EXPECT_EQ(table.text(),
            "NAME       BYTES  WHERE\n"
            "alice          7  here\n"
            "b      123456789\n");
}

TEST(Table, MissingCellsAreEmptyAndBlanksAtTheEndAreCut) {
  Table table({{"A"}, {"B"}, {"C"}});
  table.add({"1"});
  EXPECT_EQ(table.text(), "A  B  C\n1\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table({{"NAME"}, {"X"}});
  table.add({"J\xc3\xb6rg \xe2\x82\xac", "1"});
  table.add({"123456", "2"});
  EXPECT_EQ(table.text(), "NAME    X\nJ\xc3\xb6rg \xe2\x82\xac  1\n123456  2\n");
}

TEST(Table, WhatWouldMoveTheCursorIsNotPrinted) {
  EXPECT_EQ(printable("a\x1b[2Jb\nc\x7f"), "a?[2Jb?c?");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m\xc2\xa9"),
            "?31m\xc2\xa9");
  Table table({{"NAME"}});
  table.add({"x\r\x1b"});
  EXPECT_EQ(table.text(), "NAME\nx??\n");
}

TEST(Units, BytesInPowersOfAThousand) {
  const std::pair<std::uint64_t, const char*> cases[] = {
      {0, "0 B"},
      {999, "999 B"},
      {1000, "1.0 kB"},
      {999'949, "999.9 kB"},
      {999'950, "1.0 MB"},
      {1'234'567'890, "1.2 GB"},
      {~std::uint64_t{0}, "18446.7 PB"},
  };
  for (const auto& [bytes, text] : cases) EXPECT_EQ(bytes_text(bytes), text);
}

TEST(Units, DurationsInTwoUnits) {
  const std::pair<std::uint64_t, const char*> cases[] = {
      {0, "0s"},        {59, "59s"},        {60, "1m 00s"},    {3599, "59m 59s"},
      {3600, "1h 00m"}, {86399, "23h 59m"}, {86400, "1d 00h"}, {777'600, "9d 00h"}};
  for (const auto& [seconds, text] : cases) EXPECT_EQ(duration_text(seconds), text);
}

TEST(Units, Rates) {
  EXPECT_EQ(rate_text(0), "0");
  EXPECT_EQ(rate_text(12.4), "12");
  EXPECT_EQ(rate_text(1234), "1.2k");
  EXPECT_EQ(bit_rate_text(0), "0 bit/s");
  EXPECT_EQ(bit_rate_text(1'250'000), "10.0 Mbit/s");
}

}  // namespace
}  // namespace espgate::cli
