// SPDX-License-Identifier: Apache-2.0
#include "dataplane/sa_table.h"

#include <gtest/gtest.h>

namespace espgate::dataplane {
namespace {

TEST(SaTable, finds_only_the_whole_spi) {
  SaTable table(1000);
  InboundSa& sa = table.add(Spi::make(3, 7, 21), 64);
  EXPECT_EQ(table.find(Spi::make(3, 7, 21)), &sa);
  EXPECT_EQ(table.find(Spi::make(3, 7, 22)), nullptr) << "an older generation of the slot";
  EXPECT_EQ(table.find(Spi::make(4, 7, 21)), nullptr) << "another node";
  EXPECT_EQ(table.find(Spi::make(3, 7 + 1024, 21)), nullptr) << "a slot beyond the table";
  EXPECT_EQ(table.find(0), nullptr);
}

TEST(SaTable, a_removed_sa_is_gone_and_its_slot_can_be_used_again) {
  SaTable table(16);
  table.add(Spi::make(1, 2, 3), 4096);
  table.remove(Spi::make(1, 2, 9));
  EXPECT_NE(table.find(Spi::make(1, 2, 3)), nullptr) << "removing another generation";
  table.remove(Spi::make(1, 2, 3));
  EXPECT_EQ(table.find(Spi::make(1, 2, 3)), nullptr);
  InboundSa& again = table.add(Spi::make(1, 2, 4), 64);
  EXPECT_EQ(table.find(Spi::make(1, 2, 4)), &again);
  EXPECT_EQ(again.window.highest(), 0u);
}

TEST(SaTable, holds_every_slot_and_no_spi_is_below_256) {
  SaTable table(Spi::slots);
  for (std::uint32_t slot = 1; slot < Spi::slots; slot += 997) table.add(Spi::make(0, slot, 0), 32);
  for (std::uint32_t slot = 1; slot < Spi::slots; slot += 997) {
    ASSERT_NE(table.find(Spi::make(0, slot, 0)), nullptr);
    ASSERT_GE(Spi::make(0, slot, 0), 256u);
  }
}

}  // namespace
}  // namespace espgate::dataplane
