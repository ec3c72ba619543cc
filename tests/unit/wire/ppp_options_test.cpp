// SPDX-License-Identifier: Apache-2.0
#include "wire/ppp_options.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

constexpr auto parse_packet = [](Bytes bytes) { return PppPacket::parse(bytes); };

Expected<std::vector<PppOption>> walk_all(Bytes bytes) {
  std::vector<PppOption> options;
  PppOptionWalk walk(bytes);
  for (;;) {
    const auto option = walk.next();
    if (!option) return fail(option.error());
    if (!*option) return options;
    options.push_back(**option);
  }
}

TEST(PppPacket, EndsWhereItsLengthSays) {
  const auto bytes = from_hex("01070009 0104057808 eeee");
  const auto packet = PppPacket::parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->code, 1);
  EXPECT_EQ(packet->id, 7);
  EXPECT_EQ(to_hex(packet->data), "0104057808");
  const test::Refused refused[] = {
      {"less than a header", "010700", ParseError::truncated},
      {"a length of 3", "01070003", ParseError::bad_length},
      {"a length beyond the end", "01070005", ParseError::truncated},
  };
  test::expect_refused(refused, parse_packet);
}

TEST(PppOption, AreReadOneByOne) {
  const auto bytes = from_hex("01040578 0702 0506fe186214 0305c22381");
  const auto options = walk_all(bytes);
  ASSERT_TRUE(options);
  ASSERT_EQ(options->size(), 4U);
  EXPECT_EQ((*options)[0].number16(), 0x578);
  EXPECT_FALSE((*options)[0].number32());
  EXPECT_TRUE((*options)[1].data.empty());
  EXPECT_EQ((*options)[2].number32(), 0xfe186214);
  EXPECT_EQ(to_hex((*options)[3].whole), "0305c22381");
  const test::Refused refused[] = {
      {"half a header", "01", ParseError::truncated},
      {"a length of 1", "0101", ParseError::bad_length},
      {"a length of 0, which would never end", "0100", ParseError::bad_length},
      {"a length beyond the end", "010405", ParseError::truncated},
      {"a second one that lies", "0702 01ff", ParseError::truncated},
  };
  test::expect_refused(refused, walk_all);
}

TEST(PppOptionList, WritesWhatAnotherImplementationWrote) {
  PppOptionList options;
  options.number16(1, 0x500).number32(2, 0).number32(5, 0xfe186214);
  EXPECT_EQ(to_hex(ppp_frame(ppp_lcp, PppCode::configure_request, 1, options.bytes())),
            "c02101010014010405000206000000000506fe186214");
  PppOptionList copy;
  copy.copy((*walk_all(options.bytes()))[2]);
  EXPECT_EQ(to_hex(copy.bytes()), "0506fe186214");
}

TEST(ChapValue, HasAValueAndAName) {
  const auto bytes = from_hex("02aabb 6c327470");
  const auto value = ChapValue::parse(bytes);
  ASSERT_TRUE(value);
  EXPECT_EQ(to_hex(value->value), "aabb");
  EXPECT_EQ(value->name, "l2tp");
  EXPECT_TRUE(ChapValue::parse(from_hex("00"))->name.empty());
  const test::Refused refused[] = {{"nothing", "", ParseError::truncated},
                                   {"a value beyond the end", "03aabb", ParseError::truncated}};
  test::expect_refused(refused, [](Bytes data) { return ChapValue::parse(data); });
}

TEST(PapRequest, HasAUserAndAPassword) {
  const auto bytes = from_hex("03626f62 02 7077 ee");
  const auto request = PapRequest::parse(bytes);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->user, "bob");
  EXPECT_EQ(to_hex(request->password), "7077");
  const test::Refused refused[] = {
      {"nothing", "", ParseError::truncated},
      {"a user beyond the end", "04626f62", ParseError::truncated},
      {"no password", "03626f62", ParseError::truncated},
      {"a password beyond the end", "03626f62037077", ParseError::truncated},
  };
  test::expect_refused(refused, [](Bytes data) { return PapRequest::parse(data); });
}

}  // namespace
}  // namespace espgate::wire
