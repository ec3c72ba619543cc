// SPDX-License-Identifier: Apache-2.0
// Calls in a tunnel, and how tunnels end.
#include "tests/unit/control/l2tp/lns_lab.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using namespace std::chrono_literals;
using l2tp::CallResult;
using l2tp::ErrorCode;
using l2tp::StopResult;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Calls, AreRefusedForAReason) {
  struct Case {
    std::string_view sentence;
    L2tpMessageType type;
    std::string_view avps;
    CallResult result;
    ErrorCode error;
  };
  const Case cases[] = {
      {"an outgoing call", L2tpMessageType::ocrq, "80080000000ed014", CallResult::no_facilities,
       ErrorCode::none},
      {"an unknown mandatory AVP", L2tpMessageType::icrq, "80080000000ed014 800800000063ffff",
       CallResult::general_error, ErrorCode::unknown_mandatory_avp},
      {"a serial number of two bytes", L2tpMessageType::icrq, "80080000000ed014 80080000000f0001",
       CallResult::general_error, ErrorCode::wrong_length},
      {"session id 0", L2tpMessageType::icrq, "80080000000e0000", CallResult::general_error,
       ErrorCode::bad_session_id},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    LnsLab lab;
    Lac client(lab);
    client.open_tunnel();
    lab.sent.clear();
    auto bytes = client.message(c.type).finish();
    const auto avps = from_hex(c.avps);
    bytes.insert(bytes.end(), avps.begin(), avps.end());
    wire::store_big_endian(bytes.data() + 2, static_cast<std::uint16_t>(bytes.size()));
    wire::set_l2tp_numbers(bytes, {client.ns++, client.nr});
    lab.give(bytes);
    ASSERT_FALSE(lab.sent.empty());
    EXPECT_EQ(lab.last_message().type(), L2tpMessageType::cdn);
    EXPECT_EQ(lab.last_message().result().result, static_cast<unsigned>(c.result));
    EXPECT_EQ(lab.last_message().result().error, static_cast<unsigned>(c.error));
    EXPECT_THAT(lab.events, IsEmpty());
    client.look();
    client.open_session(77);
    EXPECT_THAT(lab.events, ElementsAre("starting", "up")) << "the tunnel lives on";
  }
}

TEST(Calls, SeveralInATunnelUpToTheLimit) {
  LnsLab lab;
  Lac client(lab);
  client.open_tunnel();
  std::set<std::uint16_t> ids;
  for (std::uint16_t i = 1; i <= 8; ++i) ids.insert(client.open_session(i));
  EXPECT_EQ(ids.size(), 8U);
  client.send(client.icrq(9));
  EXPECT_EQ(lab.last_message().type(), L2tpMessageType::cdn);
  EXPECT_EQ(lab.last_header().session_id(), 9);
  EXPECT_EQ(lab.last_message().result().error, static_cast<unsigned>(ErrorCode::no_resources));
  client.look();
  client.send(client.icrq(3));
  EXPECT_EQ(lab.last_message().result().error, static_cast<unsigned>(ErrorCode::bad_session_id))
      << "a taken id";
}

TEST(Calls, EndByEitherSide) {
  LnsLab lab;
  Lac client(lab);
  client.open_tunnel();
  const auto first = client.open_session(1), second = client.open_session(2);
  lab.events.clear();
  lab.sent.clear();
  client.send(client.message(L2tpMessageType::cdn, first)
                  .avp(L2tpAttribute::result_code, true, from_hex("00030000627965"))
                  .number16(L2tpAttribute::assigned_session_id, true, 1));
  EXPECT_THAT(lab.events, ElementsAre("down: the client hung up, result 3 (administrative): bye"));
  EXPECT_TRUE(lab.lns->close_session(second, "PPP has ended", lab.now));
  lab.settle();
  EXPECT_EQ(lab.last_message().type(), L2tpMessageType::cdn);
  EXPECT_EQ(lab.last_header().session_id(), 2);
  EXPECT_EQ(lab.last_message().number16(L2tpAttribute::assigned_session_id), second);
  EXPECT_EQ(lab.last_message().result().message, "PPP has ended");
  EXPECT_FALSE(lab.lns->close_session(second, "again", lab.now));
  EXPECT_EQ(lab.lns->session_count(), 0U);
}

TEST(Calls, ACdnFromAClientThatDoesNotKnowOurIdYet) {
  LnsLab lab;
  lab.install_at_once = false;
  Lac client(lab);
  client.open_tunnel();
  client.send(client.icrq(5));
  client.send(client.message(L2tpMessageType::cdn, 0)
                  .avp(L2tpAttribute::result_code, true, from_hex("0001"))
                  .number16(L2tpAttribute::assigned_session_id, true, 5));
  EXPECT_THAT(lab.events, ElementsAre("starting", HasSubstr("lost carrier")));
}

TEST(Calls, AnUnknownMandatoryAvpInTheIccnEndsTheCallOnly) {
  LnsLab lab;
  Lac client(lab);
  client.open_tunnel();
  client.send(client.icrq(5));
  client.send(client.iccn(lab.last_ids.session).avp(L2tpAttribute{200}, true, {}));
  EXPECT_EQ(lab.last_message().type(), L2tpMessageType::cdn);
  EXPECT_EQ(lab.last_message().result().error, 8U);
  EXPECT_EQ(lab.lns->tunnels().begin()->second.state, l2tp::Tunnel::State::established);
}

TEST(Calls, ThatAreNeverConnectedTimeOut) {
  LnsLab lab;
  Lac client(lab);
  client.open_tunnel();
  client.send(client.icrq(5));
  client.send_zlb();
  lab.sent.clear();
  lab.pass(31s);
  EXPECT_THAT(lab.take_names(), Contains("CDN"));
  EXPECT_THAT(lab.events, ElementsAre("starting", HasSubstr("in time")));
}

TEST(Tunnels, EndWhenAMessageIsOutOfPlace) {
  struct Case {
    std::string_view sentence;
    bool established;
    L2tpMessageType type;
    StopResult result;
  };
  const Case cases[] = {
      {"a call before the SCCCN", false, L2tpMessageType::icrq, StopResult::state_machine},
      {"a second SCCCN", true, L2tpMessageType::scccn, StopResult::state_machine},
      {"an SCCRP, though we never asked", true, L2tpMessageType::sccrp, StopResult::general_error},
      {"a mandatory message type that nobody knows", true, L2tpMessageType{40}, StopResult::general_error},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    LnsLab lab;
    Lac client(lab);
    client.send(client.sccrq());
    if (c.established) {
      client.send(client.message(L2tpMessageType::scccn));
      client.open_session();
    }
    lab.sent.clear();
    client.send(client.message(c.type));
    // The SCCRP may still wait for its acknowledgement, which came with this message.
    ASSERT_FALSE(lab.sent.empty());
    EXPECT_EQ(lab.last_message().type(), L2tpMessageType::stopccn);
    EXPECT_EQ(lab.last_message().result().result, static_cast<unsigned>(c.result));
    EXPECT_EQ(lab.lns->session_count(), 0U);
    client.look();
    client.send_zlb();
    EXPECT_TRUE(lab.lns->done()) << "gone with the acknowledgement";
  }
}

TEST(Tunnels, AnUnknownMessageThatIsNotMandatoryIsPassedOver) {
  LnsLab lab;
  Lac client(lab);
  client.open();
  auto bytes = client.message(L2tpMessageType{40}).finish();
  bytes[12] = std::byte{0};  // the M bit
  wire::set_l2tp_numbers(bytes, {client.ns++, client.nr});
  lab.give(bytes);
  EXPECT_THAT(lab.take_names(), ElementsAre("ZLB"));
  EXPECT_EQ(lab.lns->session_count(), 1U);
}

TEST(Tunnels, AnswerHelloAndTakeWenAndSli) {
  LnsLab lab;
  Lac client(lab);
  client.open();
  client.send(client.message(L2tpMessageType::hello));
  client.send(client.message(L2tpMessageType::wen, lab.last_ids.session)
                  .avp(L2tpAttribute::call_errors, true, std::vector<std::byte>(26)));
  client.send(client.message(L2tpMessageType::sli, lab.last_ids.session)
                  .avp(L2tpAttribute::accm, true, std::vector<std::byte>(10)));
  EXPECT_THAT(lab.take_names(), ElementsAre("ZLB", "ZLB", "ZLB"));
  EXPECT_THAT(lab.events, IsEmpty());
}

TEST(Tunnels, UpToTheLimit) {
  LnsLab lab;
  std::set<std::uint16_t> ids;
  for (std::uint16_t i = 1; i <= 8; ++i) {
    Lac client(lab, i);
    client.open();
    ids.insert(client.peer_tunnel);
  }
  EXPECT_EQ(ids.size(), 8U);
  Lac client(lab, 9);
  client.send(client.sccrq());
  EXPECT_EQ(lab.last_message().type(), L2tpMessageType::stopccn);
  EXPECT_EQ(lab.last_message().result().error, static_cast<unsigned>(ErrorCode::no_resources));
}

TEST(Tunnels, AClientThatBeginsAnewReplacesItsOld) {
  LnsLab lab;
  Lac client(lab, 1);
  client.open();
  lab.pass(20s);
  Lac again(lab, 1);
  again.open_tunnel();
  EXPECT_THAT(lab.events, ElementsAre("down: the client began anew", "tunnel down: the client began anew"));
  EXPECT_EQ(lab.lns->tunnels().size(), 1U);
  EXPECT_NE(again.peer_tunnel, client.peer_tunnel);
  again.open_session();
  EXPECT_EQ(lab.lns->session_count(), 1U);
}

TEST(Tunnels, CloseAndAbandon) {
  LnsLab lab;
  Lac client(lab);
  client.open();
  lab.lns->close("the gateway stops", lab.now);
  lab.settle();
  EXPECT_EQ(lab.last_message().type(), L2tpMessageType::stopccn);
  EXPECT_EQ(lab.last_message().result().to_string(false), "result 1 (cleared): the gateway stops");
  EXPECT_THAT(lab.events, ElementsAre("down: the gateway stops", "tunnel down: the gateway stops"));
  EXPECT_FALSE(lab.lns->done());
  client.look();
  client.send_zlb();
  EXPECT_TRUE(lab.lns->done());

  LnsLab other;
  Lac gone(other);
  gone.open();
  other.lns->abandon("its SAs are gone");
  other.settle();
  EXPECT_THAT(other.sent, IsEmpty());
  EXPECT_THAT(other.events, ElementsAre("down: its SAs are gone", "tunnel down: its SAs are gone"));
  EXPECT_TRUE(other.lns->done());
}

}  // namespace
}  // namespace espgate::test
