// SPDX-License-Identifier: Apache-2.0
#include "config/spelling.h"

#include "config/printable.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace espgate::config {
namespace {

constexpr std::array<std::string_view, 4> known = {"address", "gateway", "mtu", "interface"};

TEST(Spelling, CountsTheSlipsBetweenTwoWords) {
  EXPECT_EQ(edit_distance("address", "address"), 0U);
  EXPECT_EQ(edit_distance("ddress", "address"), 1U);
  EXPECT_EQ(edit_distance("aaddress", "address"), 1U);
  EXPECT_EQ(edit_distance("eddress", "address"), 1U);
  EXPECT_EQ(edit_distance("gatewya", "gateway"), 1U) << "neighbours swapped are one slip";
  EXPECT_EQ(edit_distance("", "mtu"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Spelling, SuggestsWhatAWordResemblesAndNothingElse) {
  EXPECT_EQ(nearest("adddres", known), "address");
  EXPECT_EQ(nearest("mut", known), "mtu");
  EXPECT_EQ(nearest("interfaces", known), "interface");
  EXPECT_EQ(nearest("add", known), "address") << "a beginning";
  EXPECT_EQ(nearest("ad", known), std::nullopt) << "too little of one";
  EXPECT_EQ(nearest("colour", known), std::nullopt);
  EXPECT_EQ(nearest("x", known), std::nullopt);
  EXPECT_EQ(nearest("", known), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'a'), known), std::nullopt);
}

TEST(Spelling, ListsWhatThereIsWhenNothingResembles) {
  EXPECT_EQ(suggestion("gatwey", known), "did you mean \"gateway\"?");
  EXPECT_EQ(suggestion("colour", known), "known: \"address\", \"gateway\", \"mtu\" and \"interface\"");
}

TEST(Printable, EscapesWhatATerminalWouldObeyAndCutsWhatIsLong) {
  EXPECT_EQ(in_quotes("a\x1b[31m\n"), "\"a\\x1b[31m\\x0a\"");
  EXPECT_EQ(in_quotes("Zoë"), "\"Zoë\"");
  EXPECT_EQ(printable(std::string(300, 'a')), std::string(200, 'a') + "…");
  EXPECT_EQ(printable(std::string(199, 'a') + "ëë"), std::string(199, 'a') + "…") << "no half characters";
}

}  // namespace
}  // namespace espgate::config
