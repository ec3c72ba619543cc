// SPDX-License-Identifier: Apache-2.0
// Packets of LCP and IPCP one by one.
#include "tests/unit/control/ppp/ppp_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string own_magic(const PppLab& lab) {
  const auto request = to_hex(lab.frames.front());
  return request.substr(request.find("0506") + 4, 8);
}

// A lab whose LCP is open; the client's magic number is fe186214 and its MRU 200.
void open_lcp(PppLab& lab) {
  lab.hold_authentication = true;
  lab.start();
  auto ack = lab.frames.front();
  ack[2] = std::byte{2};
  lab.frames.clear();
  lab.give(ack);
  lab.give(
      "c0210101000e"
      "010400c8"
      "0506fe186214");
  ASSERT_TRUE(lab.session->lcp().is_opened());
  lab.frames.clear();
}

struct Answered {
  std::string_view sentence, options, code, answer;
};

TEST(Lcp, AnswersRequestsOptionByOption) {
  const Answered cases[] = {
      {"nothing", "", "02", ""},
      {"an MRU of 1500", "010405dc", "02", "010405dc"},
      {"a jumbo MRU", "01042328", "02", "01042328"},
      {"an MRU that is too small to talk", "01040010", "03", "010405dc"},
      {"an MRU of three bytes", "0105000010", "03", "010405dc"},
      {"a control character map", "020600000000", "02", "020600000000"},
      {"a map of two bytes", "02040000", "04", "02040000"},
      {"that we say who we are", "0304c023", "04", "0304c023"},
      {"quality reports", "0408c02500000064", "04", "0408c02500000064"},
      {"compression of the header", "07020802", "02", "07020802"},
      {"compression with data", "070301", "04", "070301"},
      {"callback", "0d0306", "04", "0d0306"},
      {"multilink, as Windows asks for it", "1104064e131701000102030405060708090a0b0c0d0e0f00000000", "04",
       "1104064e131701000102030405060708090a0b0c0d0e0f00000000"},
      {"what nobody knows", "6304aabb", "04", "6304aabb"},
      {"of good and bad, only the bad", "010405780d030605061234567807021104064e", "04", "0d03061104064e"},
      {"a reject outweighs a nak", "010400100d0306", "04", "0d0306"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    PppLab lab;
    lab.start();
    lab.frames.clear();
    const auto options = from_hex(c.options);
    lab.give(wire::ppp_frame(wire::ppp_lcp, wire::PppCode::configure_request, 0x42, options));
    const auto expected = from_hex(c.answer);
    EXPECT_THAT(lab.take_frames(),
                ElementsAre(to_hex(wire::ppp_frame(
                    wire::ppp_lcp, static_cast<std::uint8_t>(from_hex(c.code)[0]), 0x42, expected))));
  }
}

TEST(Lcp, PassesOverRequestsThatDoNotParse) {
  PppLab lab;
  lab.start();
  lab.frames.clear();
  for (const std::string_view hex :
       {"c021", "c02101", "c02101010003", "c021010100ff", "c0210101000501", "c021010100060100",
        "c02101010006010a", "c0210101000a010405780301", "00", "ff03", "fe"}) {
    lab.give(hex);
    EXPECT_THAT(lab.take_frames(), IsEmpty()) << hex;
  }
}

TEST(Lcp, NaksAreChangedToRejectsAfterFive) {
  PppLab lab;
  lab.start();
  lab.frames.clear();
  std::string codes;
  for (int i = 0; i < 7; ++i) {
    lab.give("c0210107000801040010");
    codes += to_hex(wire::Bytes(lab.frames.back()).subspan(2, 1));
  }
  EXPECT_EQ(codes, "03030303030404");
}

TEST(Lcp, KnowsItsOwnMagicNumber) {
  PppLab lab;
  lab.start();
  for (int i = 0; i < 4; ++i) {
    const auto magic = own_magic(lab);
    lab.frames.erase(lab.frames.begin() + 1, lab.frames.end());
    lab.give("c0210101000a0506" + magic);
    EXPECT_EQ(brief(lab.frames.back()), "c021 03");
    EXPECT_EQ(to_hex(lab.frames.back()).find(magic), std::string::npos) << "another one is proposed";
  }
  lab.give("c0210101000a0506" + own_magic(lab));
  lab.pass(6s);
  EXPECT_THAT(lab.events, ElementsAre("down: the link is looped back"));
}

TEST(Lcp, ChangesWhatTheClientDoesNotLike) {
  PppLab lab;
  lab.start();
  const auto first = lab.frames.back();
  EXPECT_EQ(first[3], std::byte{1});
  // A smaller MRU, no compression.
  lab.frames.clear();
  lab.give("c0210301000801040500");
  ASSERT_EQ(lab.frames.size(), 1U);
  EXPECT_THAT(to_hex(lab.frames[0]), HasSubstr("01040500"));
  EXPECT_EQ(lab.frames[0][3], std::byte{2});
  lab.frames.clear();
  lab.give("c0210402000807020802");
  ASSERT_EQ(lab.frames.size(), 1U);
  EXPECT_EQ(lab.frames[0].size(), 6U + 4 + 5 + 6);
  lab.give("c0210402000807020802");
  EXPECT_EQ(lab.frames.size(), 1U) << "an answer to an older request is none";
  lab.frames.clear();
  lab.give("c0210303000801042328");  // more than we asked for
  EXPECT_THAT(to_hex(lab.frames[0]), HasSubstr("01040500"));
}

TEST(Lcp, AnAckOfSomethingElseIsNone) {
  PppLab lab;
  lab.start();
  auto ack = lab.frames.front();
  ack[2] = std::byte{2};
  ack.back() ^= std::byte{1};
  lab.give(ack);
  lab.give(
      "c0210101000e"
      "010400c8"
      "0506fe186214");
  EXPECT_FALSE(lab.session->lcp().is_opened());
}

TEST(Lcp, AClientThatRefusesEverythingIsGivenUp) {
  PppLab lab;
  lab.start();
  for (unsigned i = 0; i < 100 && lab.session->phase() != ppp::PppSession::Phase::terminate; ++i) {
    ASSERT_LT(i, 40U);
    auto nak = from_hex("c0210300000a050600000000");
    nak[3] = lab.frames.back()[3];
    lab.give(nak);
  }
  lab.pass(6s);
  EXPECT_THAT(lab.events, ElementsAre(HasSubstr("refuses")));
}

TEST(Lcp, EchoesFitTheClientsMru) {
  PppLab lab;
  open_lcp(lab);
  std::vector<std::byte> data(1000, std::byte{0x77});
  lab.give(wire::ppp_frame(wire::ppp_lcp, wire::PppCode::echo_request, 9, data));
  ASSERT_EQ(lab.frames.size(), 1U);
  EXPECT_EQ(brief(lab.frames[0]), "c021 0a");
  EXPECT_EQ(lab.frames[0].size(), 2U + 200);
  EXPECT_NE(to_hex(wire::Bytes(lab.frames[0]).subspan(6, 4)), "77777777") << "our magic number, not its own";
  lab.frames.clear();
  lab.give("c02109010004");
  lab.give("c0210b010008fe186214");          // discard
  lab.give("c0210c01000cfe1862144d53525f");  // identification
  lab.give("c0210d01000cfe18621400000100");  // time remaining
  EXPECT_THAT(lab.frames, IsEmpty());
}

TEST(Lcp, ACodeThatNobodyKnowsComesBack) {
  PppLab lab;
  open_lcp(lab);
  lab.give("c021630700060102");
  ASSERT_EQ(lab.frames.size(), 1U);
  EXPECT_EQ(brief(lab.frames[0]), "c021 07");
  EXPECT_EQ(to_hex(wire::Bytes(lab.frames[0]).subspan(6)), "630700060102");
}

TEST(Lcp, ACodeRejectOfAnEchoIsNothingAndOfARequestIsTheEnd) {
  PppLab lab;
  open_lcp(lab);
  lab.give("c0210701000509");
  EXPECT_TRUE(lab.session->lcp().is_opened());
  lab.give("c0210701000501");
  EXPECT_FALSE(lab.session->lcp().is_opened());
  lab.pass(6s);
  EXPECT_EQ(lab.events.back(), "down: the client does not know code 1");
}

TEST(Protocols, AreRejectedOnlyOnceTheClientIsKnownAndNotTooOften) {
  PppLab lab;
  open_lcp(lab);
  lab.give("80fd0101000a1206010000e1");
  EXPECT_THAT(lab.take_briefs(), IsEmpty());
  PppLab known;
  PppClient client({});
  known.start();
  talk(known, client);
  known.frames.clear();
  for (int i = 0; i < 50; ++i) known.give("0057600000000000");
  EXPECT_EQ(known.frames.size(), 8U);
  EXPECT_THAT(to_hex(known.frames[0]), HasSubstr("0057600000000000"));
  known.pass(1s);
  known.give("0057600000000000");
  EXPECT_EQ(known.frames.size(), 9U);
}

TEST(Ipcp, AnswersRequestsOptionByOption) {
  const Answered cases[] = {
      {"an address, please", "030600000000", "03", "03060a28000a"},
      {"the address of last time", "0306c0a80101", "03", "03060a28000a"},
      {"no address at all", "81060a1e0035", "03", "03060a28000a"},
      {"an address of two bytes", "03040000", "04", "03040000"},
      {"Van Jacobson's compression", "0206002d0f01030600000000", "04", "0206002d0f01"},
      {"RFC 1172's pair of addresses", "010a0000000000000000", "04", "010a0000000000000000"},
      {"name servers", "030600000000810600000000830600000000", "04", "830600000000"},
      {"NetBIOS name servers", "03060a28000a820600000000840600000000", "04", "820600000000840600000000"},
      {"another name server than ours", "03060a28000a810608080808", "03", "81060a1e0035"},
      {"all of it right", "03060a28000a81060a1e0035", "02", "03060a28000a81060a1e0035"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    PppLab lab;
    PppClient client({});
    lab.start();
    // The client keeps its own IPCP to itself.
    talk(lab, client, 1s,
         [](wire::Bytes frame) { return brief(frame) == "8021 01" && frame.size() > 12 ? 0U : 1U; });
    ASSERT_EQ(lab.session->phase(), ppp::PppSession::Phase::network);
    lab.frames.clear();
    const auto options = from_hex(c.options), expected = from_hex(c.answer);
    lab.give(wire::ppp_frame(wire::ppp_ipcp, wire::PppCode::configure_request, 0x42, options));
    EXPECT_THAT(lab.take_frames(),
                ElementsAre(to_hex(wire::ppp_frame(
                    wire::ppp_ipcp, static_cast<std::uint8_t>(from_hex(c.code)[0]), 0x42, expected))));
  }
}

TEST(Ipcp, NetbiosServersAreToldWhereThereAreSome) {
  PppLab lab;
  lab.assigned = ppp::Assigned{given_address, {dns_server, 0x08080808}, {0x0a1e0036, 0}};
  PppClient client({.ipcp = "0306 00000000 8106 00000000 8206 00000000 8306 00000000 8406 00000000"});
  lab.start();
  talk(lab, client);
  EXPECT_EQ(client.options.ipcp, "03060a28000a81060a1e003582060a1e0036830608080808");
}

}  // namespace
}  // namespace espgate::test
