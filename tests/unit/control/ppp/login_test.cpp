// SPDX-License-Identifier: Apache-2.0
// Logins as real clients do them, and as they fail.
#include "tests/unit/control/ppp/ppp_lab.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::vector<std::string> usual_events = {"authenticate alice", "link up 1400", "need address alice",
                                               "opening 10.40.0.10", "ip up"};

// What pppd 2.4.9 sent to another server, with the parts of its answers that depend on who asks put in here:
// identifiers, magic numbers and the response to a challenge that is the same.
TEST(Login, OfPppdAsItCameOverTheWire) {
  PppLab lab;
  lab.next_challenge = from_hex("0aa84c340dde4b748cb57bcfcaeda6ee");
  lab.start();
  ASSERT_EQ(lab.frames.size(), 1U);
  const auto request = lab.frames[0];
  EXPECT_EQ(brief(request), "c021 01");
  lab.frames.clear();
  lab.give("ff03c02101010014010405000206000000000506fe186214");
  EXPECT_THAT(lab.take_frames(), ElementsAre("c02102010014010405000206000000000506fe186214"));
  auto ack = request;
  ack[2] = std::byte{2};
  lab.give(ack);
  ASSERT_EQ(lab.frames.size(), 1U);
  EXPECT_EQ(to_hex(lab.frames[0]),
            "c2230101001c10"
            "0aa84c340dde4b748cb57bcfcaeda6ee"
            "65737067617465");
  lab.frames.clear();
  lab.give("ff03c02109000008fe186214");  // its echo request
  EXPECT_EQ(lab.take_briefs(), (std::vector<std::string>{"c021 0a"}));
  lab.give(
      "ff03c2230201003b311f6d6686a5d0d1a62688781e7d37bddc00000000000000006cbef8bd676ba7cf9ffd8b6af3e6a32179ed"
      "416ea2"
      "20ce4c00616c696365");
  const auto answers = lab.take_frames();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(
      answers[0],
      "c2230301002e" + to_hex(std::as_bytes(std::span("S=A5ABCF2DAF036CA2D17CFB603625BC4888207EC9", 42))));
  EXPECT_EQ(answers[1], "80210101000a03060a280001");
  lab.give("ff03802101010016030600000000810600000000830600000000");
  // The second DNS server is not to be had; then all is as it should be.
  EXPECT_THAT(lab.take_frames(), ElementsAre("80210401000a830600000000"));
  lab.give("ff0380570101000e010a2c487b7d35079150");
  EXPECT_THAT(lab.take_frames(), ElementsAre(HasSubstr("80570101000e010a2c487b7d35079150")));
  lab.give("ff0380210201000a03060a280001");
  lab.give("ff038021010200100306000000008106 00000000");
  EXPECT_THAT(lab.take_frames(), ElementsAre("80210302001003060a28000a81060a1e0035"));
  lab.give("ff03802101030010 03060a28000a81060a1e0035");
  EXPECT_THAT(lab.take_frames(), ElementsAre("80210203001003060a28000a81060a1e0035"));
  auto expected = usual_events;
  expected[1] = "link up 1280";  // its own MRU
  EXPECT_THAT(lab.events, expected);
}

TEST(Login, FirstWordIsMruMethodAndMagic) {
  PppLab lab;
  lab.start();
  EXPECT_THAT(lab.take_frames(), ElementsAre(HasSubstr("c0210101001701040578"
                                                       "0305c22381"
                                                       "0506")));
}

struct Client {
  std::string_view sentence;
  PppClient::Options options;
  bool acfc, pfc;
  std::uint16_t mru;
};

TEST(Login, OfClientsAsTheyAre) {
  PppClient::Options linux_client, windows, mac, android;
  linux_client.lcp = "0104 0500 0206 00000000 0506 fe186214";
  windows.lcp =
      "0104 0578 0506 4a3b2c1d 0702 0802 0d03 06 1104 064e 1317 01 5fca4f9b7b2a4c0d9e6e6bd0f3c0c1a2 00000000";
  windows.ipcp = "0306 00000000 8106 00000000 8206 00000000 8306 00000000 8406 00000000";
  windows.others = {"8057 0101 000e 010a 0011223344556677", "80fd 0102 000a 1206 010000e1"};
  mac.lcp = "0206 00000000 0506 55667788 0702 0802";
  mac.ipcp = "0306 00000000 8106 00000000 8306 00000000";
  mac.others = {"8057 0101 000e 010a 0011223344556677", "8235 0101 0010 0106 00000001 0206 00000001"};
  android.lcp = "0104 0578 0206 00000000 0506 01020304 0702 0802";
  android.ipcp = "0206 002d0f01 0306 00000000 8106 00000000 8306 00000000";
  const Client clients[] = {
      {"Linux: pppd with mru 1280", linux_client, false, false, 1280},
      {"Windows: callback, MRRU, endpoint discriminator; CCP for MPPE", windows, true, true, 1400},
      {"macOS and iOS: no MRU; ACSP", mac, true, true, 1400},
      {"Android: Van Jacobson compression", android, true, true, 1400},
  };
  for (const auto& c : clients) {
    SCOPED_TRACE(std::string(c.sentence));
    PppLab lab;
    PppClient client(c.options);
    lab.start();
    talk(lab, client);
    EXPECT_TRUE(lab.session->is_ip_up());
    EXPECT_TRUE(client.ipcp_acked && client.ipcp_acks);
    EXPECT_EQ(client.options.ipcp, "03060a28000a81060a1e0035");
    EXPECT_EQ(lab.link.acfc, c.acfc);
    EXPECT_EQ(lab.link.pfc, c.pfc);
    EXPECT_EQ(lab.link.mru, c.mru);
    EXPECT_EQ(lab.link.user, "alice");
    EXPECT_EQ(client.rejected.size(), c.options.others.size());
    EXPECT_THAT(lab.events, Contains("ip up"));
    // Neither callback nor multilink is ever agreed to.
    EXPECT_EQ(client.options.lcp.find("1104"), std::string::npos);
    EXPECT_EQ(client.options.lcp.find("0d03"), std::string::npos);
  }
}

TEST(Login, TheConfigureAckWaitsForTheDataPlane) {
  PppLab lab;
  lab.hold_opening = true;
  PppClient client({});
  lab.start();
  talk(lab, client, 10s);
  EXPECT_THAT(lab.events, Contains("opening 10.40.0.10"));
  EXPECT_THAT(lab.events, Not(Contains("ip up")));
  EXPECT_FALSE(client.ipcp_acked);
  EXPECT_EQ(std::ranges::count(lab.events, "opening 10.40.0.10"), 1)
      << "asked once, however often the client asks";
  lab.session->on_opened(lab.opening_question + 1, true, lab.now);
  lab.settle();
  EXPECT_FALSE(lab.session->is_ip_up()) << "that was no answer to the question";
  lab.session->on_opened(lab.opening_question, true, lab.now);
  lab.settle();
  talk(lab, client);
  EXPECT_TRUE(client.ipcp_acked);
  EXPECT_TRUE(lab.session->is_ip_up());
}

TEST(Login, ADataPlaneThatDoesNotOpenEndsTheSession) {
  PppLab lab;
  lab.opening_succeeds = false;
  PppClient client({});
  lab.start();
  talk(lab, client, 10s);
  EXPECT_TRUE(client.terminated);
  EXPECT_THAT(lab.events, Contains("down: the data plane has not taken the address"));
  EXPECT_THAT(lab.events, Not(Contains("ip up")));
}

TEST(Login, AWrongPasswordIsRefusedInTheWordsOfRfc2759) {
  PppLab lab;
  lab.next_challenge = from_hex("00112233445566778899aabbccddeeff");
  PppClient::Options options;
  options.password = "wrong";
  PppClient client(options);
  lab.start();
  talk(lab, client, 10s);
  EXPECT_TRUE(client.refused);
  EXPECT_FALSE(client.known);
  EXPECT_EQ(client.failure, "E=691 R=0 C=00112233445566778899AABBCCDDEEFF V=3 M=wrong user name or password");
  EXPECT_TRUE(client.terminated);
  EXPECT_THAT(lab.events, ElementsAre("authenticate alice", "down: user \"alice\" was refused"));
  EXPECT_THAT(lab.reports, Contains(HasSubstr("MS-CHAPv2 of user \"alice\" is refused")));
}

TEST(Login, NoIpBeforeTheClientIsKnown) {
  PppLab lab;
  lab.hold_authentication = true;
  PppClient client({});
  lab.start();
  talk(lab, client, 4s);
  ASSERT_TRUE(lab.question);
  lab.frames.clear();
  lab.give("80210101000a03060a28000a");
  lab.give("80570101000e010a2c487b7d35079150");
  lab.give("0021450000140000000040110000");
  EXPECT_THAT(lab.frames, IsEmpty());
  EXPECT_THAT(lab.events, ElementsAre("authenticate alice"));
}

TEST(Login, AnAnswerForSomebodyElseIsPassedOver) {
  PppLab lab;
  lab.hold_authentication = true;
  PppClient client({});
  lab.start();
  talk(lab, client, 4s);
  const auto old = lab.question->question;
  // The client begins LCP anew, and somebody else gives a name.
  client = PppClient(PppClient::Options{.user = "mallory"});
  talk(lab, client, 4s);
  ASSERT_EQ(lab.question->user, "mallory");
  lab.session->on_authenticated(old, {true, "S=00", 0, ""}, lab.now);
  lab.settle();
  EXPECT_EQ(lab.session->phase(), ppp::PppSession::Phase::authenticate);
  EXPECT_THAT(lab.events, Not(Contains(HasSubstr("link up"))));
}

struct MethodCase {
  std::string_view sentence;
  std::vector<ppp::Method> allowed;
  std::string wants, refuses;
  std::string_view end;  // of the events
};

TEST(Login, ByTheMethodThatBothTake) {
  using enum ppp::Method;
  const MethodCase cases[] = {
      {"the first of ours", {mschapv2, chap_md5, pap}, "", "", "ip up"},
      {"the client wants CHAP-MD5, which is allowed", {mschapv2, chap_md5}, "c22305", "", "ip up"},
      {"the client wants PAP, the last of ours", {mschapv2, chap_md5, pap}, "c023", "", "ip up"},
      {"only PAP", {pap}, "", "", "ip up"},
      {"the client wants EAP only",
       {mschapv2, chap_md5, pap},
       "c227",
       "",
       "down: the client takes no authentication by PAP: allow another method, or change the client"},
      {"the client wants PAP, which is not allowed",
       {mschapv2},
       "c023",
       "",
       "down: the client takes no authentication by MS-CHAPv2: allow another method, or change the client"},
      {"the client does not say who it is",
       {mschapv2},
       "",
       "03",
       "down: the client refuses to authenticate itself"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    auto settings = PppLab::usual_settings();
    settings.methods = c.allowed;
    PppLab lab(settings);
    PppClient client({.refuses = c.refuses, .wants_method = c.wants});
    lab.start();
    talk(lab, client);
    ASSERT_FALSE(lab.events.empty());
    EXPECT_EQ(lab.events.back(), c.end);
    if (c.end == "ip up") {
      EXPECT_EQ(client.address, "0a28000a81060a1e0035");
    }
  }
}

TEST(Login, PapMayBeTriedThreeTimes) {
  auto settings = PppLab::usual_settings();
  settings.methods = {ppp::Method::pap};
  PppLab lab(settings);
  PppClient client({.password = "wrong"});
  lab.start();
  talk(lab, client, 4s);
  EXPECT_TRUE(client.refused);
  EXPECT_EQ(client.failure, "wrong user name or password");
  EXPECT_FALSE(client.terminated);
  for (int i = 0; i < 2; ++i) lab.give("c0230102000c05616c69636501 78");
  EXPECT_EQ(std::ranges::count(lab.events, "authenticate alice"), 3);
  EXPECT_EQ(lab.session->phase(), ppp::PppSession::Phase::terminate);
}

TEST(Login, ThereMayBeNoAddress) {
  PppLab lab;
  lab.assigned.reset();
  PppClient client({});
  lab.start();
  talk(lab, client, 10s);
  EXPECT_TRUE(client.known);
  EXPECT_TRUE(client.terminated);
  EXPECT_EQ(lab.events.back(), "down: there is no address for this user");
}

TEST(Login, QuestionsThatNobodyAnswersTimeOut) {
  for (const bool at_password : {true, false}) {
    PppLab lab;
    (at_password ? lab.hold_authentication : lab.hold_address) = true;
    PppClient client({});
    lab.start();
    talk(lab, client, 90s);
    EXPECT_THAT(lab.events.back(), HasSubstr("down: "));
    EXPECT_TRUE(client.terminated);
  }
}

TEST(Login, AClientThatSaysNothingIsGivenUp) {
  PppLab lab;
  lab.start();
  lab.pass(29s);
  EXPECT_EQ(lab.take_briefs().size(), 10U);
  EXPECT_THAT(lab.events, IsEmpty());
  lab.pass(1s);
  EXPECT_THAT(lab.events, ElementsAre("down: the client does not answer"));
  EXPECT_FALSE(lab.session->next_due());
}

TEST(Login, AClientThatInsistsOnItsAddressDoesNotGetIt) {
  PppLab lab;
  PppClient client({});
  client.options.ipcp = "0306 c0a80101";
  lab.start();
  std::uint8_t id = 10;
  talk(lab, client, 4s,
       [&](wire::Bytes frame) { return brief(frame) == "8021 01" && frame[7] != std::byte{6} ? 0U : 1U; });
  for (int i = 0; i < 10 && lab.session->phase() == ppp::PppSession::Phase::network; ++i) {
    auto frame = from_hex("80210100000a0306c0a80101");
    frame[3] = std::byte(id++);
    lab.give(frame);
  }
  lab.pass(10s);
  EXPECT_THAT(lab.events, Not(Contains(HasSubstr("opening 192"))));
  EXPECT_TRUE(lab.events.back() == "ip up" || lab.events.back().starts_with("down: "));
}

TEST(Termination, ByTheClient) {
  PppLab lab;
  PppClient client({});
  lab.start();
  talk(lab, client);
  lab.events.clear();
  lab.frames.clear();
  lab.give("c02105050010557365722072657175657374");
  EXPECT_THAT(lab.take_frames(), ElementsAre("c02106050004"));
  EXPECT_THAT(lab.events, ElementsAre("ip down"));
  lab.pass(3s);
  EXPECT_THAT(lab.events, ElementsAre("ip down", "down: the client hung up: User request"));
  lab.give("c02101010004");
  EXPECT_THAT(lab.frames, IsEmpty());
}

TEST(Termination, ByUs) {
  PppLab lab;
  PppClient client({});
  lab.start();
  talk(lab, client);
  lab.events.clear();
  lab.frames.clear();
  lab.session->close("disconnected by the administrator", lab.now);
  lab.settle();
  EXPECT_THAT(lab.events, ElementsAre("ip down"));
  ASSERT_EQ(lab.frames.size(), 1U);
  EXPECT_EQ(brief(lab.frames[0]), "c021 05");
  lab.pass(5s);
  EXPECT_EQ(lab.take_briefs(), (std::vector<std::string>{"c021 05", "c021 05"}));
  lab.pass(1s);
  EXPECT_THAT(lab.events, ElementsAre("ip down", "down: disconnected by the administrator"));
}

TEST(Termination, OfIpcpAlone) {
  PppLab lab;
  PppClient client({});
  lab.start();
  talk(lab, client);
  lab.give("802105090004");
  EXPECT_THAT(lab.events, Contains("ip down"));
  talk(lab, client, 10s);
  EXPECT_EQ(lab.events.back(), "down: the client hung up");
}

TEST(Termination, ByAProtocolRejectOfIpcp) {
  PppLab lab;
  PppClient client({});
  lab.start();
  talk(lab, client);
  lab.give("c0210801000680210000");
  talk(lab, client, 10s);
  EXPECT_EQ(lab.events.back(), "down: the client has no IPv4");
}

TEST(Renegotiation, AsksForEverythingAgain) {
  PppLab lab;
  PppClient client({});
  lab.start();
  talk(lab, client);
  lab.events.clear();
  client = PppClient({});
  talk(lab, client);
  auto expected = usual_events;
  expected.insert(expected.begin(), "ip down");
  EXPECT_THAT(lab.events, expected);
}

TEST(Silence, IsBrokenByEchoesAndEndsAtLast) {
  PppLab lab;
  PppClient client({});
  lab.start();
  talk(lab, client);
  lab.frames.clear();
  lab.last_heard = lab.now + 60s;  // the data plane hears packets
  lab.pass(85s);
  EXPECT_THAT(lab.frames, IsEmpty());
  lab.pass(10s);
  EXPECT_EQ(lab.take_briefs(), (std::vector<std::string>{"c021 09"}));
  lab.pass(10min);
  EXPECT_THAT(lab.events, usual_events) << "telephones sleep";
  EXPECT_EQ(std::ranges::count(lab.reports, "the client does not answer; its session stays for now"), 1);
  lab.pass(10min);
  EXPECT_EQ(lab.events.back(), "down: the client has been silent for too long");
}

TEST(Restart, GoesOnFromEveryPoint) {
  for (unsigned point = 0; point < 12; ++point) {
    SCOPED_TRACE(point);
    PppLab lab;
    PppClient client({});
    lab.start();
    unsigned seen = 0;
    talk(lab, client, 60s, [&](wire::Bytes) {
      if (seen++ == point) lab.restart();
      return 1U;
    });
    EXPECT_TRUE(lab.session->is_ip_up());
    EXPECT_TRUE(client.ipcp_acked);
    EXPECT_EQ(lab.events.back(), "ip up");
  }
}

TEST(Restart, AsksAgainWhatWasNotAnswered) {
  for (const bool at_opening : {true, false}) {
    PppLab lab;
    (at_opening ? lab.hold_opening : lab.hold_address) = true;
    PppClient client({});
    lab.start();
    talk(lab, client, 7s);
    lab.hold_opening = lab.hold_address = false;
    lab.restart();
    talk(lab, client);
    EXPECT_TRUE(lab.session->is_ip_up());
    EXPECT_TRUE(client.ipcp_acked);
  }
}

TEST(Restart, RefusesRecordsThatAreCut) {
  PppLab lab;
  PppClient client({});
  lab.start();
  talk(lab, client);
  control::SecretEncoder out;
  lab.session->encode(out);
  for (std::size_t length = 0; length < out.result().size(); ++length) {
    control::Decoder in(std::span(out.result()).first(length));
    EXPECT_EQ(ppp::PppSession::decode(in, lab.settings, {[](std::span<std::byte>) {}, {}}, lab.now), nullptr)
        << length;
  }
}

TEST(Network, ThatLosesAndDoublesStillConnects) {
  unsigned connected = 0;
  constexpr unsigned rounds = 200;
  for (unsigned seed = 0; seed < rounds; ++seed) {
    std::mt19937 random(seed);
    PppLab lab;
    PppClient client({});
    lab.start();
    talk(lab, client, 120s, [&](wire::Bytes) {
      return random() % 100 < 15 ? 0U : random() % 100 < 15 ? 2U : 1U;
    });
    connected += lab.session->is_ip_up() ? 1U : 0U;
  }
  EXPECT_GE(connected, rounds * 95 / 100);
}

}  // namespace
}  // namespace espgate::test
