// SPDX-License-Identifier: Apache-2.0
#include "wire/l2tp_avp.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

Expected<std::vector<L2tpAvp>> walk_all(Bytes bytes) {
  std::vector<L2tpAvp> avps;
  L2tpAvpWalk walk(bytes);
  for (;;) {
    const auto avp = walk.next();
    if (!avp) return fail(avp.error());
    if (!*avp) return avps;
    avps.push_back(**avp);
  }
}

TEST(L2tpAvp, AreReadOneByOne) {
  const auto bytes = from_hex("8008 0000 0009 6e94  000a 0009 0026 00000000  4006 0000 0027  bc06 0000 0001");
  const auto avps = walk_all(bytes);
  ASSERT_TRUE(avps);
  ASSERT_EQ(avps->size(), 4U);
  EXPECT_TRUE((*avps)[0].mandatory && !(*avps)[0].hidden && !(*avps)[0].reserved);
  EXPECT_EQ((*avps)[0].type, 9);
  EXPECT_EQ(to_hex((*avps)[0].value), "6e94");
  EXPECT_FALSE((*avps)[1].mandatory);
  EXPECT_EQ((*avps)[1].vendor, 9);
  EXPECT_EQ((*avps)[1].type, 0x26);
  EXPECT_TRUE((*avps)[2].hidden && (*avps)[2].value.empty());
  EXPECT_TRUE((*avps)[3].reserved && (*avps)[3].mandatory);
  EXPECT_TRUE(walk_all({})->empty());
}

TEST(L2tpAvp, AreRefusedWhereLengthsLie) {
  const test::Refused table[] = {
      {"less than a header", "8008000000", ParseError::truncated},
      {"a length beyond the end", "800900000009 6e94", ParseError::truncated},
      {"a length of 5", "800500000009", ParseError::bad_length},
      {"a length of 0, which would never end", "800000000009", ParseError::bad_length},
      {"a second one that lies", "8008000000096e94 83ff00000009", ParseError::truncated},
  };
  test::expect_refused(table, walk_all);
}

TEST(L2tpMessageBuilder, WritesWhatAnotherImplementationWrote) {
  auto message = L2tpMessageBuilder(0xfcf0, 0, L2tpMessageType::stopccn)
                     .number16(L2tpAttribute::assigned_tunnel_id, true, 0x6e94)
                     .avp(L2tpAttribute::result_code, true, from_hex("00010000476f6f6462796521"))
                     .finish();
  set_l2tp_numbers(message, {4, 2});
  EXPECT_EQ(to_hex(message),
            "c802002efcf0000000040002"
            "8008000000000004"
            "8008000000096e94"
            "80120000000100010000476f6f6462796521");
}

TEST(L2tpMessageBuilder, WritesEveryKindOfAvp) {
  const auto message = L2tpMessageBuilder(1, 2, L2tpMessageType::iccn)
                           .number32(L2tpAttribute::tx_connect_speed, true, 1000)
                           .text(L2tpAttribute::vendor_name, false, "me")
                           .avp(L2tpAttribute::challenge, true, from_hex("aa"), true)
                           .finish();
  const auto header = L2tpHeader::parse(message);
  ASSERT_TRUE(header && header->is_control());
  EXPECT_EQ(header->session_id(), 2);
  EXPECT_EQ(to_hex(header->payload()),
            "800800000000000c"
            "800a00000018000003e8"
            "0008000000086d65"
            "c0070000000baa");
}

TEST(L2tpMessageType, HasItsName) {
  EXPECT_EQ(to_string(L2tpMessageType::stopccn), "StopCCN");
  EXPECT_EQ(to_string(L2tpMessageType::sli), "SLI");
  EXPECT_EQ(to_string(L2tpMessageType{5}), "unknown");
}

}  // namespace
}  // namespace espgate::wire
