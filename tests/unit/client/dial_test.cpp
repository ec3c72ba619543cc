// SPDX-License-Identifier: Apache-2.0
// Whole calls: the client's IKE, L2TP and PPP against the gateway's, without the data planes between them.
#include "client/dial/dial.h"

#include "tests/unit/client/ike_wire.h"
#include "tests/unit/control/l2tp/lns_lab.h"
#include "tests/unit/control/ppp/ppp_lab.h"

#include <gmock/gmock.h>

namespace espgate::test {
namespace {

using client::Cause;
using control::ppp::Method;
using namespace std::chrono_literals;
namespace dialling = client::dial;

dialling::Settings call_settings() {
  dialling::Settings settings;
  settings.ike = dial_settings();
  settings.ppp.methods = {Method::mschapv2, Method::chap_md5, Method::pap};
  return settings;
}

ppp::Settings ppp_settings(std::vector<Method> methods) {
  auto settings = PppLab::usual_settings();
  settings.methods = std::move(methods);
  return settings;
}

class Call {
 public:
  explicit Call(dialling::Settings with = call_settings(), std::string_view password = "alice-pass-1",
                ppp::Settings server_ppp = PppLab::usual_settings(),
                ike::Settings server_ike = gateway_settings())
      : settings(std::move(with)),
        credentials{"alice", crypto::SecretBytes(std::as_bytes(std::span(password)))},
        gateway(std::move(server_ike)),
        line(std::move(server_ppp)),
        dial(settings, credentials, environment(), address(client_private)) {}

  void start() {
    dial.start(gateway.now);
    settle();
  }
  void pass(std::chrono::milliseconds time) {
    for (const TimePoint until = gateway.now + time; gateway.now < until; settle()) {
      for (auto& each : gateway.pass(250ms)) from_ike(each);
      lns.pass(250ms);
      if (session_up) line.pass(250ms);
      dial.on_timer(gateway.now);
    }
  }
  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& action : dial.take_actions()) moved = true, take(action);
      for (const auto& sent : std::exchange(lns.sent, {})) {
        moved = true;
        if (arrives()) dial.on_control(sent.bytes, gateway.now);
      }
      for (const auto& frame : std::exchange(line.frames, {})) {
        moved = true;
        if (arrives()) dial.on_ppp(frame, gateway.now);
      }
    }
  }

  dialling::Settings settings;
  client::ppp::Credentials credentials;
  SameRandom random{11}, chance{1};
  IkeNode gateway;
  LnsLab lns;
  PppLab line;
  dialling::Dial dial;
  bool session_up = false;
  unsigned loss_percent = 0;
  std::vector<std::string> steps;
  std::vector<std::string> order;  // of goodbyes
  std::optional<client::ppp::IpUp> ip;
  std::optional<dialling::Ended> ended;

 private:
  dialling::Dial::Environment environment() {
    return {
        .ike = {.random = [this](std::span<std::byte> bytes) { random(bytes); },
                .key_pair =
                    [](crypto::DhGroup group) {
                      return std::make_shared<const crypto::DhKeyPair>(crypto::DhKeyPair::generate(group));
                    }},
        .last_heard = {}};
  }
  bool arrives() { return chance.below(100) >= loss_percent; }
  void from_ike(const ike::SendDatagram& sent) {
    if (sent.bytes.size() > 1 && arrives()) dial.on_ike(sent.bytes, gateway.now);
  }
  void take(dialling::Action& action) {
    if (const auto* sent = std::get_if<client_ike::SendIke>(&action)) {
      if (dial.has_ended()) order.emplace_back("ike");
      const std::uint16_t port = sent->natt ? 4500 : 500;
      if (!arrives()) return;
      for (auto& each : gateway.give(
               {endpoint(gateway_private, port), endpoint(nat_public, 40000), sent->natt}, sent->bytes))
        from_ike(each);
    } else if (const auto* control = std::get_if<client::l2tp::SendControl>(&action)) {
      const auto header = wire::L2tpHeader::parse(control->bytes);
      order.push_back(LnsLab::name_of(*header));
      if (arrives()) lns.give(control->bytes);
      if (!session_up && !lns.ups.empty()) session_up = true, line.start();
    } else if (const auto* frame = std::get_if<dialling::SendPpp>(&action)) {
      order.push_back(brief(frame->frame).substr(0, 7));
      if (session_up && arrives()) line.give(wire::Bytes(frame->frame));
    } else if (const auto* step = std::get_if<dialling::Reached>(&action)) {
      steps.emplace_back(to_string(step->step));
    } else if (const auto* up = std::get_if<client::ppp::IpUp>(&action)) {
      ip = *up;
    } else if (auto* end = std::get_if<dialling::Ended>(&action)) {
      ended = std::move(*end);
    }
  }
};

TEST(Dial, ReachesIpStepByStep) {
  Call call;
  call.start();
  EXPECT_THAT(call.steps, testing::ElementsAre("ike", "esp", "l2tp", "lcp", "user", "ip"));
  ASSERT_TRUE(call.ip);
  EXPECT_EQ(call.ip->given.address, given_address);
  EXPECT_EQ(call.ip->given.dns[0], dns_server);
  EXPECT_EQ(call.ip->given.server_address, gateway_address);
  EXPECT_EQ(call.dial.server_name(), "espgate");
  EXPECT_FALSE(call.ended);
}

class DialMethod : public testing::TestWithParam<Method> {};

TEST_P(DialMethod, IsTakenWhenTheServerAsksByIt) {
  Call call(call_settings(), "alice-pass-1", ppp_settings({GetParam()}));
  call.start();
  EXPECT_TRUE(call.ip);
}

TEST_P(DialMethod, IsAskedForWhenNothingElseIsAllowed) {
  auto settings = call_settings();
  settings.ppp.methods = {GetParam()};
  Call call(std::move(settings), "alice-pass-1",
            ppp_settings({Method::mschapv2, Method::chap_md5, Method::pap}));
  call.start();
  call.pass(5s);
  EXPECT_TRUE(call.ip);
}

TEST_P(DialMethod, TellsAWrongPassword) {
  Call call(call_settings(), "another", ppp_settings({GetParam()}));
  call.start();
  call.pass(60s);
  EXPECT_FALSE(call.ip);
  ASSERT_TRUE(call.ended && call.ended->failure);
  EXPECT_EQ(call.ended->failure->cause, Cause::wrong_password);
  EXPECT_THAT(call.ended->failure->what, testing::HasSubstr("wrong user name or password"));
}
INSTANTIATE_TEST_SUITE_P(All, DialMethod, testing::Values(Method::mschapv2, Method::chap_md5, Method::pap));

TEST(Dial, RefusesWhatItIsNotAllowed) {
  auto settings = call_settings();
  settings.ppp.methods = {Method::mschapv2};
  Call call(std::move(settings), "alice-pass-1", ppp_settings({Method::pap}));
  call.start();
  call.pass(60s);
  ASSERT_TRUE(call.ended && call.ended->failure);
  EXPECT_EQ(call.ended->failure->cause, Cause::ppp_refused);
  EXPECT_TRUE(std::ranges::none_of(call.line.events, [](const auto& each) {
    return each.starts_with("auth");
  })) << "the password has not left";
}

class DialLoss : public testing::TestWithParam<std::uint64_t> {};

TEST_P(DialLoss, ComesUpAllTheSame) {
  Call call;
  call.chance = SameRandom(GetParam());
  call.loss_percent = 20;
  call.start();
  for (int i = 0; i < 400 && !call.ip && !call.ended; ++i) call.pass(250ms);
  EXPECT_TRUE(call.ip) << (call.ended ? call.ended->failure->what : "no end, either");
}
INSTANTIATE_TEST_SUITE_P(Seeds, DialLoss, testing::Range<std::uint64_t>(1, 20));

TEST(Dial, SaysGoodbyeInOrder) {
  Call call;
  call.start();
  call.order.clear();
  call.dial.hang_up(call.gateway.now);
  call.settle();
  ASSERT_TRUE(call.ended);
  EXPECT_FALSE(call.ended->failure);
  ASSERT_GE(call.order.size(), 5U);
  EXPECT_EQ(call.order[0], "c021 05") << "Terminate-Request";
  EXPECT_THAT(call.order, testing::IsSupersetOf({"CDN", "StopCCN", "ike"}));
  const auto place = [&](std::string_view what) {
    return std::ranges::find(call.order, what) - call.order.begin();
  };
  EXPECT_LT(place("CDN"), place("StopCCN"));
  EXPECT_LT(place("StopCCN"), place("ike"));
  EXPECT_THAT(call.lns.events, testing::Contains(testing::HasSubstr("down")));
}

TEST(Dial, EndsWithoutAnswersToItsGoodbye) {
  Call call;
  call.start();
  call.loss_percent = 100;
  call.dial.hang_up(call.gateway.now);
  call.pass(30s);
  EXPECT_TRUE(call.ended);
}

TEST(Dial, EndsAtOnceWhenItIsToldTwice) {
  Call call;
  call.start();
  call.loss_percent = 100;
  call.dial.hang_up(call.gateway.now);
  call.dial.hang_up(call.gateway.now);
  call.settle();
  EXPECT_TRUE(call.ended);
}

TEST(Dial, FollowsAServerThatHangsUpPpp) {
  Call call;
  call.start();
  call.line.session->close("the administrator wants it", call.line.now);
  call.line.settle();
  call.settle();
  call.pass(5s);
  ASSERT_TRUE(call.ended && call.ended->failure);
  EXPECT_EQ(call.ended->failure->cause, Cause::hung_up);
  EXPECT_THAT(call.ended->failure->what, testing::HasSubstr("the administrator wants it"));
}

TEST(Dial, FollowsAServerThatHangsUpL2tp) {
  Call call;
  call.start();
  call.lns.lns->close("maintenance", call.lns.now);
  call.lns.settle();
  call.settle();
  call.pass(30s);
  ASSERT_TRUE(call.ended && call.ended->failure);
  EXPECT_EQ(call.ended->failure->cause, Cause::hung_up);
  EXPECT_THAT(call.ended->failure->what, testing::HasSubstr("maintenance"));
}

TEST(Dial, NoticesThatTheServerIsSilent) {
  Call call;
  call.start();
  call.loss_percent = 100;
  call.pass(120s);
  ASSERT_TRUE(call.ended && call.ended->failure);
  EXPECT_EQ(call.ended->failure->cause, Cause::silent);
}

TEST(Dial, StaysUpForHours) {
  Call call;
  call.start();
  call.pass(3h);
  EXPECT_FALSE(call.ended) << call.ended->failure->what;
  EXPECT_GE(call.dial.ike().rekeys(), 2U);
}

TEST(Dial, SurvivesAnyFrameAndMessage) {
  SameRandom noise(5);
  for (int run = 0; run < 200; ++run) {
    Call call;
    call.start();
    for (int i = 0; i < 50; ++i) {
      std::vector<std::byte> bytes(noise.below(80));
      noise(bytes);
      call.dial.on_ike(bytes, call.gateway.now);
      call.dial.on_control(bytes, call.gateway.now);
      call.dial.on_ppp(bytes, call.gateway.now);
    }
    call.settle();
  }
}

TEST(PppRefusal, IsExplained) {
  using client::ppp::explain_refusal;
  EXPECT_EQ(explain_refusal("E=691 R=0 C=0011 V=3 M=wrong password"),
            "error 691 (authentication failed): wrong password");
  EXPECT_EQ(explain_refusal("E=647 R=0"), "error 647 (account disabled)");
  EXPECT_EQ(explain_refusal("no\x01way"), "no?way");
  EXPECT_EQ(explain_refusal(""), "");
}

}  // namespace
}  // namespace espgate::test
