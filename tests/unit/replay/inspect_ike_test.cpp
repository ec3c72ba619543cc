// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_ike_names.h"
#include "tests/unit/replay/inspect_frames.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::replay {
namespace {

using test::from_hex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr unsigned main_mode = 2;
constexpr unsigned aggressive = 4;
constexpr unsigned informational = 5;
constexpr unsigned quick_mode = 32;
constexpr std::string_view no_responder = "0000000000000000";
constexpr std::string_view responder = "2222222222222222";

// A message of version 1: what lies behind the header is `body`, of payload type `first`.
std::string message(std::string_view cookie, unsigned exchange, unsigned id, bool encrypted,
                    std::string_view body = "", unsigned first = 0) {
  return fmt::format("1111111111111111 {} {:02x} 10 {:02x} {:02x} {:08x} {:08x} {}", cookie, first, exchange,
                     encrypted ? 1 : 0, id, 28 + from_hex(body).size(), body);
}

const IkeSa& only_ike_sa(const InspectedFrames& frames) {
  EXPECT_EQ(frames.inspection().ike().sas().size(), 1u);
  return frames.inspection().ike().sas().at(0);
}

InspectedFrames main_mode_up_to(unsigned steps) {
  InspectedFrames frames;
  if (steps >= 1) frames.ike(message(no_responder, main_mode, 0, false));
  if (steps >= 2) frames.ike_back(message(responder, main_mode, 0, false));
  if (steps >= 3) frames.ike(message(responder, main_mode, 0, false, "00000008 03030303", 4));
  if (steps >= 4) frames.ike_back(message(responder, main_mode, 0, false, "00000008 04040404", 4));
  if (steps >= 5) frames.ike(message(responder, main_mode, 0, true, "0505", 5), 4500, 4500);
  if (steps >= 6) frames.ike_back(message(responder, main_mode, 0, true, "0606", 5), 4500, 4500);
  return frames;
}

TEST(InspectIke, FollowsAMainModeFromPort500To4500) {
  auto frames = main_mode_up_to(6);
  const IkeSa& sa = only_ike_sa(frames);
  EXPECT_EQ(sa.initiator_cookie, 0x1111111111111111u);
  EXPECT_EQ(sa.responder_cookie, 0x2222222222222222u);
  EXPECT_TRUE(sa.from_its_first_message);
  ASSERT_EQ(sa.exchanges.size(), 1u);
  EXPECT_EQ(exchange_text(sa.exchanges[0]), "main mode");
  EXPECT_THAT(sa.exchanges[0].messages, ElementsAre(3, 3));
  EXPECT_EQ(sa.exchanges[0].encrypted, 2u);
  EXPECT_EQ(sa.exchanges[0].last_frame, 6u);
  const auto summary = frames.summary();
  ASSERT_EQ(summary.peers.size(), 1u);
  EXPECT_EQ(summary.peers[0].paths.size(), 2u);
  EXPECT_EQ(frames.findings(), "");
}

TEST(InspectIke, SaysWhereAMainModeStopped) {
  EXPECT_EQ(main_mode_up_to(1).findings(), "cookie 1111111111111111 has only message 1: no answer\n");
  for (const unsigned steps : {2u, 3u, 4u, 5u})
    EXPECT_EQ(main_mode_up_to(steps).findings(),
              fmt::format("cookie 1111111111111111: main mode stopped after message {} of 6\n", steps));
}

TEST(InspectIke, CountsRetransmissionsApart) {
  auto frames = main_mode_up_to(1);
  frames.ike(message(no_responder, main_mode, 0, false)).ike(message(no_responder, main_mode, 0, false));
  EXPECT_EQ(frames.findings(), "cookie 1111111111111111 has only message 1 (3 times): no answer\n");
  frames.ike_back(message(responder, main_mode, 0, false)).ike_back(message(responder, main_mode, 0, false));
  const IkeSa& sa = only_ike_sa(frames);
  EXPECT_THAT(sa.exchanges[0].messages, ElementsAre(3, 2));
  EXPECT_THAT(sa.exchanges[0].retransmissions, ElementsAre(2, 1));
  EXPECT_THAT(frames.findings(), HasSubstr("stopped after message 2 of 6"));
}

TEST(InspectIke, SaysWhoWasRefusedAndWhy) {
  auto frames = main_mode_up_to(1);
  // A notification in the clear: DOI 1, protocol 1, no SPI, type 14.
  frames.ike_back(message(no_responder, informational, 0, false, "0000000c 00000001 0100000e", 11));
  EXPECT_EQ(frames.findings(), "cookie 1111111111111111: NO-PROPOSAL-CHOSEN in frame 2\n");
}

TEST(InspectIke, FindsAQuickModeWithoutAnswer) {
  auto frames = main_mode_up_to(6);
  const std::string first = message(responder, quick_mode, 0x2a7095e2, true, "0101", 8);
  frames.ike(first, 4500, 4500).ike(first, 4500, 4500);
  EXPECT_EQ(frames.findings(),
            "cookie 1111111111111111: quick mode 2a7095e2 has no answer, though its message came 2 times\n");
  frames.ike_back(message(responder, quick_mode, 0x2a7095e2, true, "0202", 8), 4500, 4500);
  EXPECT_EQ(frames.findings(), "");
}

TEST(InspectIke, SaysNothingOfWhatTheCaptureDoesNotHave) {
  InspectedFrames frames;
  frames.ike(message(responder, main_mode, 0, true, "05", 5), 4500, 4500);
  EXPECT_FALSE(only_ike_sa(frames).from_its_first_message);
  EXPECT_EQ(frames.findings(), "");
  EXPECT_THAT(frames.summary().text(), HasSubstr("its beginning isn't in the capture"));
}

TEST(InspectIke, KeepsTheSameCookieOfDifferentPeersApart) {
  InspectedFrames frames;
  frames.ike(message(no_responder, main_mode, 0, false));
  const auto bytes = from_hex(message(no_responder, main_mode, 0, false));
  frames.add(test::PacketBuilder().ipv4("192.0.2.99", server).udp(500, 500).payload(bytes));
  EXPECT_EQ(frames.inspection().ike().sas().size(), 2u);
  EXPECT_EQ(frames.summary().peers.size(), 2u);
}

TEST(InspectIke, KeepsTwoAnswersToOneCookieApart) {
  InspectedFrames frames;
  frames.ike(message(no_responder, main_mode, 0, false));
  frames.ike_back(message(responder, main_mode, 0, false));
  frames.ike_back(message("3333333333333333", main_mode, 0, false));
  EXPECT_EQ(frames.inspection().ike().sas().size(), 2u);
  EXPECT_EQ(frames.summary().peers.size(), 1u);
}

TEST(InspectIke, NamesAggressiveModeAndVersion2) {
  InspectedFrames frames;
  frames.ike(message(no_responder, aggressive, 0, false));
  EXPECT_EQ(exchange_text(only_ike_sa(frames).exchanges[0]), "aggressive mode");
  InspectedFrames second;
  second.ike("0000000000000005 0000000000000000 00 20 22 08 00000000 0000001c");
  second.ike_back("0000000000000005 0000000000000006 00 20 22 20 00000000 0000001c");
  second.ike("0000000000000005 0000000000000006 2e 20 23 08 00000001 00000020 00000004", 4500, 4500);
  const IkeSa& sa = only_ike_sa(second);
  EXPECT_EQ(sa.version, 2u);
  ASSERT_EQ(sa.exchanges.size(), 2u);
  EXPECT_EQ(exchange_text(sa.exchanges[0]), "IKE_SA_INIT");
  EXPECT_EQ(exchange_text(sa.exchanges[1]), "IKE_AUTH 00000001");
  EXPECT_EQ(sa.exchanges[1].encrypted, 1u);
}

TEST(InspectIke, CountsDamagedMessages) {
  struct Case {
    std::string_view sentence;
    std::string hex;
    std::string_view says;
  };
  const Case cases[] = {
      {"shorter than a header", "1111111111111111", "truncated"},
      {"of another version", "1111111111111111 0000000000000000 00 40 02 00 00000000 0000001c",
       "bad version"},
      {"longer than its datagram", "1111111111111111 0000000000000000 00 10 02 00 00000000 000000ff",
       "truncated"},
      {"with a payload of length 0", message(no_responder, main_mode, 0, false, "00000000", 1), "bad length"},
      {"with a payload beyond its end", message(no_responder, main_mode, 0, false, "00000010", 13),
       "truncated"},
      {"with an SA payload that has no room for a situation",
       message(no_responder, main_mode, 0, false, "00000008 00000001", 1), "truncated"},
      {"with a transform beyond its proposal",
       message(no_responder, main_mode, 0, false,
               "00000020 00000001 00000001 0000 0014 01010001 0000 0028 01010000 80010007", 1),
       "truncated"},
      {"with a notification too short for its type",
       message(no_responder, informational, 0, false, "00000008 00000001", 11), "truncated"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    InspectedFrames frames;
    frames.esp(0xaaaa, 1).ike(c.hex);
    EXPECT_EQ(frames.inspection().ike().damaged(), 1u);
    EXPECT_THAT(frames.findings(), HasSubstr(fmt::format("1 IKE message is damaged: frame 2 ({})", c.says)));
  }
}

TEST(InspectIke, DoesNotCallACutMessageDamaged) {
  const auto whole =
      InspectedFrames::to_server(500, 500)
          .payload(from_hex(message(no_responder, main_mode, 0, false, "00000008 01020304", 13)))
          .build();
  InspectedFrames frames;
  frames.add(std::span(whole).first(whole.size() - 2), true);
  EXPECT_EQ(frames.inspection().ike().damaged(), 0u);
  EXPECT_EQ(frames.inspection().ike().sas().size(), 1u);
}

TEST(InspectIke, SurvivesEveryDamageOfOneByte) {
  const auto good = from_hex(message(no_responder, main_mode, 0, false,
                                     "0d000034 00000001 00000001 00000028 01010401 deadbeef 0000001c 01010000"
                                     "80010007 800e0100 80020002 000c0004 00007080 00000014"
                                     "4a131c81070358455c5728f20e95452f",
                                     1));
  for (std::size_t at = 0; at < good.size(); ++at)
    for (const unsigned value : {0u, 1u, 0x7fu, 0x80u, 0xffu}) {
      auto bytes = good;
      bytes[at] = std::byte(value);
      InspectedFrames frames;
      frames.add(InspectedFrames::to_server(500, 500).payload(bytes));
      EXPECT_EQ(frames.inspection().ike().messages(), 1u);
      EXPECT_THAT(frames.summary().json(), Not(testing::IsEmpty()));
    }
}

TEST(InspectIke, ReadsTransforms) {
  struct Case {
    std::string_view sentence, hex, text;
  };
  const Case cases[] = {
      {"as strongSwan sends it",
       "00000001 00000001 0000002c 01010001 00000024 01010000 80010007 800e0100 80020002 8004000e 80030001 "
       "800b0001 800c2a30",
       "aes256-sha1-modp2048 psk 10800 s"},
      {"a lifetime of four bytes, and an SPI in front of the transforms",
       "00000001 00000001 00000030 01010401 deadbeef 00000024 01010000 80010005 80020001 80040002 80030001 "
       "800b0001 000c0004 00007080",
       "3des-md5-modp1024 psk 28800 s"},
      {"numbers without a name",
       "00000001 00000001 00000020 01010001 00000018 01010000 80010063 80020063 80040063 80030063",
       "cipher 99-hash 99-group 99 authentication 99"},
      {"nothing at all", "00000001 00000001 00000010 01010001 00000008 01010000",
       "no cipher-no hash-no group no authentication"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto texts = phase1_transforms(from_hex(c.hex));
    ASSERT_TRUE(texts) << wire::to_string(texts.error());
    EXPECT_THAT(*texts, ElementsAre(std::string(c.text)));
  }
}

TEST(InspectIke, NamesVendors) {
  struct Case {
    std::string_view hex, name;
  };
  const Case cases[] = {
      {"4a131c81070358455c5728f20e95452f", "RFC 3947"},
      {"90cb80913ebb696e086381b5ec427b1f", "NAT-T draft 02\\n"},
      {"afcad71368a1f1c96b8696fc77570100", "DPD (RFC 3706)"},
      {"4048b7d56ebce88525e7de7f00d6c2d3", "IKE fragmentation"},
      {"4048b7d56ebce88525e7de7f00d6c2d3c0000000", "IKE fragmentation"},
      {"09002689dfd6b712", "XAUTH"},
      {"1e2b516905991c7d7c96fcbfb587e46100000009", "Windows (ISAKMPOAKLEY 9)"},
      {"4df37928e9fc4fd1b3262170d515c662", "NAT-T draft (Apple)"},
      {"0102", "0102"},
      {"", "empty"},
      {"000102030405060708090a0b0c0d0e0f1011", "000102030405060708090a0b0c0d0e0f"},
  };
  for (const auto& c : cases) EXPECT_EQ(vendor_name(from_hex(c.hex)), c.name);
}

TEST(InspectIke, GivesNumbersWithoutANameAsNumbers) {
  EXPECT_EQ(exchange_name(wire::IsakmpExchange{77}), "exchange 77");
  EXPECT_EQ(notify_name(4711), "notification 4711");
}

}  // namespace
}  // namespace espgate::replay
