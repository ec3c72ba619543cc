// SPDX-License-Identifier: Apache-2.0
#include "control/l2tp/control_message.h"

#include "control/l2tp/avp_table.h"
#include "control/l2tp/hidden_avp.h"
#include "tests/unit/wire/bytes.h"

#include <set>

#include <gtest/gtest.h>

namespace espgate::control::l2tp {
namespace {

using test::from_hex;
using test::to_hex;
using wire::L2tpAttribute;

std::span<const std::byte> text(std::string_view value) {
  return std::as_bytes(std::span(value.data(), value.size()));
}

TEST(AvpTable, NamesEveryAttributeOnce) {
  std::set<std::uint16_t> types;
  for (const AvpRule& rule : avp_table()) {
    EXPECT_TRUE(types.insert(static_cast<std::uint16_t>(rule.type)).second) << rule.name;
    EXPECT_LE(rule.least, rule.most) << rule.name;
    EXPECT_TRUE(rule.section.starts_with("4.")) << rule.name;
  }
  EXPECT_EQ(types.size(), 39U);  // 0 to 39 without 20, which is not assigned
  EXPECT_FALSE(types.contains(20));
  EXPECT_EQ(find_avp_rule(20), nullptr);
  EXPECT_EQ(find_avp_rule(9)->name, "Assigned Tunnel ID");
}

TEST(HiddenAvp, IsHiddenAsTheRfcSays) {
  // MD5(type | secret | random vector) xor (length | value | padding), then MD5(secret | cipher block), by
  // Python's hashlib.
  const auto vector = from_hex("000102030405060708090a0b0c0d0e0f");
  struct Case {
    std::string_view value, padding, hidden;
  };
  const Case cases[] = {
      {"6e94", "", "be6a7353"},
      {"6e94", "a5a5a5a5", "be6a73537a41e17c"},
      {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0011", "a5",
       "be4a1dd6fdd7008cab01c9c316a139a5c6d1a431b1bef50c40e881e73201f1d7c974d8b402"},
  };
  for (const auto& c : cases) {
    const auto hidden = hide_avp(9, from_hex(c.value), from_hex(c.padding), vector, text("secret"));
    EXPECT_EQ(to_hex(hidden), c.hidden);
    const auto clear = reveal_avp(9, hidden, vector, text("secret"));
    ASSERT_TRUE(clear);
    EXPECT_EQ(to_hex(*clear), c.value);
  }
}

TEST(HiddenAvp, ChecksTheInnerLength) {
  const auto vector = from_hex("00");
  EXPECT_EQ(reveal_avp(9, {}, vector, text("s")).error(), wire::ParseError::truncated);
  EXPECT_EQ(reveal_avp(9, from_hex("aa"), vector, text("s")).error(), wire::ParseError::truncated);
  // A length of one more than there is.
  auto hidden = hide_avp(9, from_hex("6e94"), {}, vector, text("s"));
  hidden[1] ^= std::byte{0x2 ^ 0x3};
  EXPECT_EQ(reveal_avp(9, hidden, vector, text("s")).error(), wire::ParseError::bad_length);
  hidden[1] ^= std::byte{3 ^ 0};
  EXPECT_TRUE(reveal_avp(9, hidden, vector, text("s"))->empty());
  hidden[0] ^= std::byte{0xff};
  EXPECT_EQ(reveal_avp(9, hidden, vector, text("s")).error(), wire::ParseError::bad_length);
}

ControlMessage parse(std::string_view hex, std::string_view secret = "") {
  return ControlMessage::parse(from_hex(hex), text(secret));
}

TEST(ControlMessage, ReadsARealSccrq) {
  const auto message = parse(
      "8008000000000001 8008000000020100 800a0000000300000003 800a0000000400000000 0008000000060690"
      "800d00000007636c69656e7431 00130000000878656c6572616e63652e636f6d 8008000000096e94 80080000000a0004");
  EXPECT_FALSE(message.fault());
  EXPECT_EQ(message.type(), wire::L2tpMessageType::sccrq);
  EXPECT_EQ(message.text(L2tpAttribute::host_name), "client1");
  EXPECT_EQ(message.text(L2tpAttribute::vendor_name), "xelerance.com");
  EXPECT_EQ(message.number16(L2tpAttribute::assigned_tunnel_id), 0x6e94);
  EXPECT_EQ(message.number32(L2tpAttribute::framing_capabilities), 3U);
  EXPECT_EQ(message.number16(L2tpAttribute::receive_window_size), 4);
  EXPECT_FALSE(message.has(L2tpAttribute::challenge));
  EXPECT_TRUE(message.ignored().empty());
}

TEST(ControlMessage, FindsFaults) {
  struct Case {
    std::string_view sentence, avps;
    ErrorCode code;
  };
  const Case cases[] = {
      {"nothing but a stump", "8008", ErrorCode::wrong_length},
      {"another AVP first", "8008000000096e94 8008000000000001", ErrorCode::out_of_range},
      {"a second Message Type", "8008000000000006 8008000000000006", ErrorCode::out_of_range},
      {"a hidden Message Type", "c008000000000006", ErrorCode::out_of_range},
      {"a Message Type of three bytes", "800900000000000600", ErrorCode::out_of_range},
      {"Message Type 0", "8008000000000000", ErrorCode::out_of_range},
      {"an SCCRQ without a tunnel id", "8008000000000001 8008000000020100", ErrorCode::vendor_specific},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto message = parse(c.avps);
    ASSERT_TRUE(message.fault());
    EXPECT_EQ(message.fault()->code, c.code);
    EXPECT_FALSE(message.fault()->text.empty());
  }
}

TEST(ControlMessage, TheFirstOfTwoAvpsCounts) {
  EXPECT_EQ(parse("8008000000000001 8008000000020100 800800000009000180080000000900 02")
                .number16(L2tpAttribute::assigned_tunnel_id),
            1);
}

TEST(ControlMessage, PassesOverWhatIsNotMandatoryAndSaysSo) {
  const auto message = parse("8008000000000006 000700000063ff 0007000000060 1 000600090001");
  EXPECT_FALSE(message.fault());
  EXPECT_NE(message.ignored().find("AVP 99"), std::string::npos);
  EXPECT_NE(message.ignored().find("vendor 9"), std::string::npos);
}

TEST(ControlMessage, AWrongSecretIsAFaultOfMandatoryAvpsOnly) {
  const auto vector = from_hex("0102030405060708");
  for (const bool mandatory : {true, false}) {
    auto message = wire::L2tpMessageBuilder(0, 0, wire::L2tpMessageType::icrq)
                       .number16(L2tpAttribute::assigned_session_id, true, 5)
                       .avp(L2tpAttribute::random_vector, true, vector)
                       .avp(L2tpAttribute::call_serial_number, mandatory,
                            hide_avp(15, from_hex("00000001"), {}, vector, text("right")), true)
                       .finish();
    const auto avps = std::span(message).subspan(12);
    EXPECT_EQ(ControlMessage::parse(avps, text("right")).number32(L2tpAttribute::call_serial_number), 1U);
    EXPECT_EQ(ControlMessage::parse(avps, text("wrong")).fault().has_value(), mandatory);
  }
}

TEST(ResultCode, IsReadAsFarAsItGoes) {
  EXPECT_EQ(parse("8008000000000004 8008000000010002").result().to_string(false), "result 2 (general error)");
  EXPECT_EQ(parse("8008000000000004 800a0000000100020008").result().to_string(false),
            "result 2 (general error), error 8 (unknown mandatory AVP)");
  EXPECT_EQ(parse("800800000000000e 800e00000001000200030a6f6e21").result().to_string(true),
            "result 2 (general error), error 3 (out of range): ?on!");
  EXPECT_EQ(parse("800800000000000e 80080000000101ff").result().to_string(true), "result 511 (unknown)");
}

}  // namespace
}  // namespace espgate::control::l2tp
