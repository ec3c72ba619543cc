// SPDX-License-Identifier: Apache-2.0
#include "wire/isakmp.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

constexpr auto parse = [](Bytes bytes) { return IsakmpMessage::parse(bytes); };

// The first message of a main mode, as strongSwan 5.9.8 sent it.
constexpr std::string_view first_message =
    "9f6b27c49bd69545 0000000000000000 01 10 02 00 00000000 000000b4"
    "0d 00 0038 00000001 00000001 00 00 002c 01 01 00 01 00 00 0024 01 01 0000"
    "  8001 0007 800e 0100 8002 0002 8004 000e 8003 0001 800b 0001 800c 2a30"
    "0d 00 000c 09002689dfd6b712"
    "0d 00 0014 afcad71368a1f1c96b8696fc77570100"
    "0d 00 0018 4048b7d56ebce88525e7de7f00d6c2d380000000"
    "0d 00 0014 4a131c81070358455c5728f20e95452f"
    "00 00 0014 90cb80913ebb696e086381b5ec427b1f";

std::vector<IsakmpPayload> walk_all(IsakmpPayloadWalk walk) {
  std::vector<IsakmpPayload> payloads;
  for (;;) {
    const auto payload = walk.next();
    if (!payload) {
      ADD_FAILURE() << "the walk failed: " << to_string(payload.error());
      return payloads;
    }
    if (!*payload) return payloads;
    payloads.push_back(**payload);
  }
}

TEST(IsakmpMessage, ReadsTheHeaderOfARealMessage) {
  const auto bytes = from_hex(first_message);
  ASSERT_EQ(bytes.size(), 180u);
  const auto message = IsakmpMessage::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->header().initiator_cookie.host(), 0x9f6b27c49bd69545u);
  EXPECT_EQ(message->header().responder_cookie.host(), 0u);
  EXPECT_EQ(message->major_version(), 1u);
  EXPECT_EQ(message->exchange(), IsakmpExchange::identity_protection);
  EXPECT_EQ(message->header().message_id.host(), 0u);
  EXPECT_FALSE(message->is_encrypted());
  EXPECT_EQ(message->payload().size(), 152u);
}

TEST(IsakmpMessage, WalksThePayloadsOfARealMessage) {
  const auto bytes = from_hex(first_message);
  const auto payloads = walk_all(IsakmpMessage::parse(bytes)->payloads());
  ASSERT_EQ(payloads.size(), 6u);
  EXPECT_EQ(payloads[0].type, IsakmpPayloadType::sa);
  EXPECT_EQ(payloads[0].body.size(), 52u);
  for (std::size_t i = 1; i < 6; ++i) EXPECT_EQ(payloads[i].type, IsakmpPayloadType::vendor_id);
  EXPECT_EQ(to_hex(payloads[1].body), "09002689dfd6b712");
  EXPECT_EQ(to_hex(payloads[5].body), "90cb80913ebb696e086381b5ec427b1f");
}

TEST(IsakmpMessage, WalksTheChainsInsideAnSaPayload) {
  const auto bytes = from_hex(first_message);
  const auto sa = walk_all(IsakmpMessage::parse(bytes)->payloads())[0].body;
  const auto proposals = walk_all({IsakmpPayloadType::proposal, sa.subspan(8)});
  ASSERT_EQ(proposals.size(), 1u);
  EXPECT_EQ(to_hex(proposals[0].body.first(4)), "01010001");
  const auto transforms = walk_all({IsakmpPayloadType::transform, proposals[0].body.subspan(4)});
  ASSERT_EQ(transforms.size(), 1u);
  EXPECT_EQ(to_hex(transforms[0].body),
            "010100008001000780"
            "0e010080020002800400"
            "0e80030001800b0001800c2a30");
}

TEST(IsakmpMessage, KnowsWhatIsEncrypted) {
  struct Case {
    std::string_view sentence, hex;
    bool encrypted;
  };
  const Case cases[] = {
      {"version 1 by its flag", "0000000000000001 0000000000000002 05 10 02 01 00000000 0000001c", true},
      {"version 1 without it, whatever the first payload",
       "0000000000000001 0000000000000002 2e 10 05 00 00000000 0000001c", false},
      {"version 2 by an encrypted payload", "0000000000000001 0000000000000002 2e 20 23 08 00000001 0000001c",
       true},
      {"version 2 by a fragment of one", "0000000000000001 0000000000000002 35 20 23 08 00000001 0000001c",
       true},
      {"version 2 in IKE_SA_INIT", "0000000000000001 0000000000000000 21 20 22 08 00000000 0000001c", false},
      {"version 2 knows no such flag", "0000000000000001 0000000000000000 21 20 22 09 00000000 0000001c",
       false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto bytes = from_hex(c.hex);
    const auto message = IsakmpMessage::parse(bytes);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->is_encrypted(), c.encrypted);
  }
}

TEST(IsakmpMessage, EndsWhereItsLengthFieldSays) {
  const auto bytes = from_hex("0000000000000001 0000000000000002 00 10 05 00 00000007 0000001e aabb eeee");
  const auto message = IsakmpMessage::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(to_hex(message->payload()), "aabb");
}

TEST(IsakmpMessage, Refuses) {
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"27 bytes", "0000000000000001 0000000000000002 00 10 05 00 00000007 000000", ParseError::truncated},
      {"version 0", "0000000000000001 0000000000000002 00 00 05 00 00000007 0000001c",
       ParseError::bad_version},
      {"version 3", "0000000000000001 0000000000000002 00 30 05 00 00000007 0000001c",
       ParseError::bad_version},
      {"a length below the header's", "0000000000000001 0000000000000002 00 10 05 00 00000007 0000001b",
       ParseError::bad_length},
      {"a length of 0", "0000000000000001 0000000000000002 00 10 05 00 00000007 00000000",
       ParseError::bad_length},
      {"a length beyond the datagram", "0000000000000001 0000000000000002 00 10 05 00 00000007 0000001d",
       ParseError::truncated},
      {"a length that is negative to some", "0000000000000001 0000000000000002 00 10 05 00 00000007 ffffffff",
       ParseError::truncated},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused(first_message, 180, parse);
}

TEST(IsakmpPayloadWalk, Refuses) {
  const auto first_of = [](Bytes bytes) { return IsakmpPayloadWalk(IsakmpPayloadType::sa, bytes).next(); };
  const test::Refused table[] = {
      {"no byte where a payload was announced", "", ParseError::truncated},
      {"3 bytes of a header", "00 00 00", ParseError::truncated},
      {"a length of 0, which would walk forever", "01 00 0000", ParseError::bad_length},
      {"a length below its header's", "00 00 0003", ParseError::bad_length},
      {"a length beyond the bytes", "00 00 0005", ParseError::truncated},
      {"the longest length", "00 00 ffff 00", ParseError::truncated},
  };
  test::expect_refused(table, first_of);
}

TEST(IsakmpPayloadWalk, EndsWithTheChainAndAfterAnError) {
  const auto padded = from_hex("00 00 0005 aa 00000000");
  IsakmpPayloadWalk walk(IsakmpPayloadType::vendor_id, padded);
  const auto only = walk.next();
  ASSERT_TRUE(only && *only);
  EXPECT_EQ(to_hex((*only)->body), "aa");
  const auto end = walk.next();
  EXPECT_TRUE(end && !*end);
  EXPECT_EQ(walk.rest().size(), 4u);

  const auto broken = from_hex("0d 00 0004 0d 00 0003 00 00 0004");
  IsakmpPayloadWalk breaks(IsakmpPayloadType::vendor_id, broken);
  EXPECT_TRUE(breaks.next());
  EXPECT_FALSE(breaks.next());
  const auto after = breaks.next();
  EXPECT_TRUE(after && !*after);

  IsakmpPayloadWalk empty(IsakmpPayloadType::none, padded);
  const auto nothing = empty.next();
  EXPECT_TRUE(nothing && !*nothing);
}

}  // namespace
}  // namespace espgate::wire
