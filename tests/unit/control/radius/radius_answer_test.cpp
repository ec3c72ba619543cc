// SPDX-License-Identifier: Apache-2.0
// What a server's answer comes to.
#include "control/aaa/radius_answer.h"

#include "tests/unit/control/radius/radius_reply.h"

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::control::radius {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<std::byte> any_request(20);
const std::string proof = "S=0123456789ABCDEF0123456789ABCDEF01234567";

AccessRequest request(ppp::Method method = ppp::Method::pap) {
  AccessRequest made;
  made.id = 77;
  made.question.method = method;
  made.question.identifier = 0x2a;
  return made;
}

AccessAnswer answer(Code code, const std::function<void(ReplyBuilder&)>& fill,
                    ppp::Method method = ppp::Method::pap) {
  ReplyBuilder builder(code, any_request);
  fill(builder);
  const auto bytes = builder.signed_with("x");
  return understand(*Reply::parse(bytes), request(method));
}

TEST(RadiusAnswer, GrantsWhatItSays) {
  const auto granted = answer(Code::access_accept, [](ReplyBuilder& reply) {
    reply.add(type::framed_ip_address, 0x0a28004dU)
        .add(type::framed_route, "10.60.0.0/16")
        .add(type::framed_route, "10.61.0.0/16 0.0.0.0 7")
        .add(type::class_value, "one")
        .add(type::class_value, "two")
        .add(type::session_timeout, 3600U)
        .add(type::idle_timeout, 600U)
        .add(type::acct_interim_interval, 300U)
        .add(type::framed_pool, "sales")
        .add(type::filter_id, "filter")
        .add(type::user_name, "alice@example.com")
        .add(type::reply_message, "hello ")
        .add(type::reply_message, "there")
        .add_microsoft(microsoft_type::primary_dns_server, octets_of("\x0a\x1e\x01\x35"))
        .add_microsoft(microsoft_type::secondary_dns_server, octets_of("\x0a\x1e\x01\x36"))
        .add_microsoft(microsoft_type::primary_nbns_server, octets_of("\x0a\x1e\x01\x37"))
        .add_microsoft(microsoft_type::secondary_nbns_server, octets_of("\x0a\x1e\x01\x38"));
  });
  EXPECT_EQ(granted.id, 77U);
  EXPECT_TRUE(granted.decided);
  EXPECT_TRUE(granted.result.accepted);
  EXPECT_EQ(granted.result.message, "hello there");
  EXPECT_EQ(granted.address, 0x0a28004dU);
  ASSERT_EQ(granted.routes.size(), 2U);
  EXPECT_EQ(granted.routes[1].prefix.to_string(), "10.61.0.0/16");
  EXPECT_EQ(granted.routes[1].metric, 7U);
  ASSERT_EQ(granted.classes.size(), 2U);
  EXPECT_EQ(granted.classes[1].size(), 3U);
  EXPECT_EQ(granted.session_timeout, 3600s);
  EXPECT_EQ(granted.idle_timeout, 600s);
  EXPECT_EQ(granted.interim_interval, 300s);
  EXPECT_EQ(granted.pool, "sales");
  EXPECT_EQ(granted.filter_id, "filter");
  EXPECT_EQ(granted.user, "alice@example.com");
  EXPECT_THAT(granted.dns, ElementsAre(0x0a1e0135U, 0x0a1e0136U));
  EXPECT_THAT(granted.nbns, ElementsAre(0x0a1e0137U, 0x0a1e0138U));
  EXPECT_THAT(granted.warnings, IsEmpty());
}

TEST(RadiusAnswer, LeavesTheAddressToThePool) {
  for (const std::uint32_t address : {0xffffffffU, 0xfffffffeU}) {
    const auto granted = answer(Code::access_accept,
                                [&](ReplyBuilder& reply) { reply.add(type::framed_ip_address, address); });
    EXPECT_TRUE(granted.result.accepted);
    EXPECT_FALSE(granted.address);
    EXPECT_THAT(granted.warnings, IsEmpty());
  }
}

TEST(RadiusAnswer, SaysWhatItHadToPassOver) {
  const auto granted = answer(Code::access_accept, [](ReplyBuilder& reply) {
    reply.add(type::framed_ip_address, 0x7f000001U)
        .add(type::session_timeout, "abc")
        .add(type::acct_interim_interval, 10U)
        .add(type::framed_route, "the moon\x07");
  });
  EXPECT_TRUE(granted.result.accepted);
  EXPECT_FALSE(granted.address);
  EXPECT_FALSE(granted.session_timeout);
  EXPECT_EQ(granted.interim_interval, 60s);
  EXPECT_THAT(granted.warnings,
              ElementsAre(HasSubstr("Framed-IP-Address 0x7f000001"), HasSubstr("Session-Timeout has 3 bytes"),
                          HasSubstr("Acct-Interim-Interval 10"), HasSubstr("\"the moon\\x07\"")));
}

TEST(RadiusAnswer, WithALimitOfZeroHasNone) {
  const auto granted = answer(Code::access_accept, [](ReplyBuilder& reply) {
    reply.add(type::session_timeout, 0U).add(type::idle_timeout, 0U).add(type::acct_interim_interval, 0U);
  });
  EXPECT_FALSE(granted.session_timeout);
  EXPECT_FALSE(granted.idle_timeout);
  EXPECT_FALSE(granted.interim_interval);
}

TEST(RadiusAnswer, PassesTheServersProofToTheClient) {
  const auto granted = answer(
      Code::access_accept,
      [](ReplyBuilder& reply) {
        reply.add_microsoft(microsoft_type::chap2_success, octets_of("\x2a" + proof + " M=welcome"));
      },
      ppp::Method::mschapv2);
  EXPECT_TRUE(granted.result.accepted);
  EXPECT_EQ(granted.result.authenticator_response, proof);
  EXPECT_EQ(granted.result.message, "welcome");
}

TEST(RadiusAnswer, WithoutProofIsNoYesForMsChapV2) {
  const auto none = answer(
      Code::access_accept, [](ReplyBuilder& reply) { reply.add(type::framed_pool, "sales"); },
      ppp::Method::mschapv2);
  EXPECT_FALSE(none.result.accepted);
  EXPECT_TRUE(none.pool.empty()) << "nothing is granted";
  EXPECT_THAT(none.problem, HasSubstr("without a proper MS-CHAP2-Success"));
  const auto other = answer(
      Code::access_accept,
      [](ReplyBuilder& reply) {
        reply.add_microsoft(microsoft_type::chap2_success, octets_of("\x2b" + proof));
      },
      ppp::Method::mschapv2);
  EXPECT_FALSE(other.result.accepted);
  EXPECT_THAT(other.problem, HasSubstr("for another question"));
}

TEST(RadiusAnswer, PassesTheReasonOfARefusalToTheClient) {
  using namespace std::string_literals;
  const auto refused = answer(
      Code::access_reject,
      [](ReplyBuilder& reply) {
        reply
            .add_microsoft(microsoft_type::chap_error, octets_of("\x2a"
                                                                 "E=648 R=0 V=3 M=password expired"s))
            .add(type::framed_ip_address, 0x0a28004dU);
      },
      ppp::Method::mschapv2);
  EXPECT_TRUE(refused.decided);
  EXPECT_FALSE(refused.result.accepted);
  EXPECT_EQ(refused.result.error, 648U);
  EXPECT_EQ(refused.result.message, "password expired");
  EXPECT_FALSE(refused.address);
  EXPECT_EQ(refused.problem, "");
}

TEST(RadiusAnswer, WithoutAReasonIsAWrongPassword) {
  const auto refused = answer(Code::access_reject, [](ReplyBuilder&) {});
  EXPECT_EQ(refused.result.error, 691U);
  EXPECT_EQ(refused.result.message, "wrong user name or password");
  const auto told = answer(Code::access_reject,
                           [](ReplyBuilder& reply) { reply.add(type::reply_message, "no more credit"); });
  EXPECT_EQ(told.result.message, "no more credit");
}

TEST(RadiusAnswer, WithAFurtherQuestionIsARefusal) {
  const auto challenged =
      answer(Code::access_challenge, [](ReplyBuilder& reply) { reply.add(type::reply_message, "token?"); });
  EXPECT_FALSE(challenged.result.accepted);
  EXPECT_EQ(challenged.result.message, "token?");
  EXPECT_THAT(challenged.problem, HasSubstr("Access-Challenge"));
}

}  // namespace
}  // namespace espgate::control::radius
