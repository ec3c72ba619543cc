// SPDX-License-Identifier: Apache-2.0
// Messages that are forged, in the clear, in pieces, or none.
#include "tests/unit/control/ike/ike_lab.h"
#include "wire/big_endian.h"
#include "wire/isakmp_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using namespace std::chrono_literals;
using ike::Reason;
using wire::IsakmpExchange;
using wire::IsakmpPayloadType;

struct Established : testing::Test {
  void SetUp() override {
    ASSERT_TRUE(dialled.main_mode());
    ASSERT_TRUE(dialled.quick_mode(quick));
    before = gateway.digest();
  }
  void TearDown() override { EXPECT_EQ(gateway.digest(), before); }
  IkeNode gateway{gateway_settings()};
  Dialled dialled{gateway, client_options()};
  IkeClient::Quick quick;
  std::string before;
};

std::array<std::byte, 4> big_endian(std::uint32_t value) {
  std::array<std::byte, 4> bytes = {};
  wire::store_big_endian(bytes.data(), value);
  return bytes;
}

using Unauthenticated = Established;

TEST_F(Unauthenticated, MessagesInTheClearChangeNothing) {
  const auto& cookies = dialled.client.sa.cookies;
  std::array<std::byte, 16> both = {};
  wire::store_big_endian(both.data(), cookies.initiator);
  wire::store_big_endian(both.data() + 8, cookies.responder);
  for (const auto exchange : {IsakmpExchange::informational, IsakmpExchange::quick_mode}) {
    for (const auto& body : {wire::isakmp_delete(wire::IsakmpProtocol::isakmp, 16, both),
                             wire::isakmp_delete(wire::IsakmpProtocol::esp, 4, big_endian(quick.spi))}) {
      wire::IsakmpBuilder builder(cookies.initiator, cookies.responder, exchange, 0, 77);
      builder.payload(IsakmpPayloadType::delete_payload, {body});
      EXPECT_TRUE(dialled.say(builder.finish()).empty());
    }
  }
  EXPECT_EQ(gateway.refused(Reason::not_encrypted), 4U);
}

TEST_F(Unauthenticated, AWrongHashChangesNothing) {
  const auto body = wire::isakmp_delete(wire::IsakmpProtocol::esp, 4, big_endian(quick.spi));
  ike::IvBlock iv = ike::first_iv(dialled.client.sa, 5);
  const auto forged = ike::ProtectedMessage(dialled.client.sa, IsakmpExchange::informational, 5)
                          .payload(IsakmpPayloadType::delete_payload, {body})
                          .seal_with(iv, crypto::hash(crypto::IkeHash::sha2_256, {body}));
  EXPECT_TRUE(dialled.say(forged).empty());
  EXPECT_EQ(gateway.refused(Reason::bad_hash), 1U);
}

TEST_F(Unauthenticated, EveryFlippedBitOfADeleteChangesNothing) {
  const auto good = dialled.client.delete_esp(quick.spi);
  constexpr std::size_t flags = 19;  // no hash of IKEv1 covers the header's flags
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    if (i == flags) continue;
    bad[i] ^= std::byte{0x10};
    EXPECT_TRUE(dialled.say(bad).empty()) << i;
    ASSERT_EQ(gateway.digest(), before) << i;
  }
}

TEST_F(Unauthenticated, AFirstQuickModeMessageWithAWrongBitUsesNoMessageIdUp) {
  IkeClient::Quick more;
  const auto good = dialled.client.quick_first(more);
  for (std::size_t i = 28; i < good.size(); i += 7) {
    auto bad = good;
    bad[i] ^= std::byte{1};
    EXPECT_TRUE(dialled.say(bad).empty());
  }
  EXPECT_EQ(gateway.install_count, 1U);
  EXPECT_EQ(gateway.digest(), before);
  EXPECT_FALSE(dialled.say(good).empty());
  before = gateway.digest();
}

TEST(ThirdQuickMessage, WithAWrongHashConfirmsNothing) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  IkeClient::Quick quick;
  const auto third = dialled.client.quick_third(quick, dialled.say(dialled.client.quick_first(quick)));
  for (std::size_t i = 28; i < third.size(); ++i) {
    auto bad = third;
    bad[i] ^= std::byte{1};
    dialled.say(bad);
    // The padding behind the HASH is covered by nothing.
    if (!gateway.outbound.empty()) break;
    EXPECT_EQ(gateway.peer()->pairs.front()->state, ike::SaPair::State::unconfirmed) << i;
  }
  if (gateway.outbound.empty()) dialled.say(third);
  EXPECT_EQ(gateway.outbound.size(), 1U);
}

TEST_F(Unauthenticated, AReplayedInformationalChangesNothing) {
  IkeClient::Quick more;
  more.spi = 0x9000;
  ASSERT_TRUE(dialled.quick_mode(more));
  const auto deletion = dialled.client.delete_esp(more.spi);
  dialled.say(deletion);
  gateway.pass(6s);
  before = gateway.digest();
  dialled.say(deletion);
  EXPECT_EQ(gateway.refused(Reason::repeated_message_id), 1U);
}

TEST_F(Unauthenticated, VersionsAndExchangesThatAreNotOursAreCounted) {
  wire::IsakmpBuilder two(1, 0, IsakmpExchange::ike_sa_init, 8, 0);
  auto version_two = two.finish();
  version_two[17] = std::byte{0x20};
  EXPECT_TRUE(dialled.say(version_two).empty());
  EXPECT_EQ(gateway.refused(Reason::unknown_version), 1U);
  EXPECT_THAT(gateway.journal(address(nat_public)), testing::HasSubstr("IKE version 2"));
  for (const auto exchange :
       {IsakmpExchange::base, IsakmpExchange::transaction, IsakmpExchange::new_group_mode}) {
    wire::IsakmpBuilder builder(1, 0, exchange, 0, 0);
    EXPECT_TRUE(dialled.say(builder.finish()).empty());
  }
  EXPECT_EQ(gateway.refused(Reason::unknown_exchange), 3U);
  for (std::size_t size = 0; size < 28; ++size) dialled.say(std::vector<std::byte>(size));
  EXPECT_EQ(gateway.refused(Reason::malformed), 27U);
}

TEST_F(Unauthenticated, WhatLiesBehindTheLengthFieldIsNotOurs) {
  auto question = dialled.client.dpd(wire::IsakmpNotifyType::r_u_there, 4);
  question.resize(question.size() + 13, std::byte{0xee});
  EXPECT_FALSE(dialled.say(question).empty());
  before = gateway.digest();
}

// --- in pieces

IkeClient::Options fragmenting() {
  auto options = client_options();
  options.vendor_ids = IkeClient::vendor_ids(
      {wire::IsakmpVendor::rfc3947, wire::IsakmpVendor::dpd, wire::IsakmpVendor::fragmentation});
  options.suites = {{crypto::IkeCipher::aes_cbc, 256, crypto::IkeHash::sha1, crypto::DhGroup::modp2048}};
  return options;
}

struct Pieces : testing::Test {
  void SetUp() override {
    third = dialled.client.third(dialled.say(dialled.client.first()));
    pieces = ike::cut_into_fragments(third, 120, 9);
    ASSERT_GE(pieces.size(), 4U);
  }
  IkeNode gateway{gateway_settings()};
  Dialled dialled{gateway, fragmenting()};
  std::vector<std::byte> third;
  std::vector<std::vector<std::byte>> pieces;
};

TEST_F(Pieces, InOrder) {
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) EXPECT_TRUE(dialled.say(pieces[i]).empty());
  EXPECT_FALSE(dialled.say(pieces.back()).empty());
}

TEST_F(Pieces, BackwardsAndTwice) {
  for (std::size_t i = pieces.size() - 1; i > 0; --i) {
    EXPECT_TRUE(dialled.say(pieces[i]).empty());
    EXPECT_TRUE(dialled.say(pieces[i]).empty());
  }
  const auto fourth = dialled.say(pieces[0]);
  EXPECT_FALSE(fourth.empty());
  EXPECT_EQ(gateway.refused(Reason::bad_fragment), 0U);
  // All of them once more, or whole: the stored answer.
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) dialled.say(pieces[i]);
  EXPECT_EQ(dialled.say(pieces.back()), fourth);
  EXPECT_EQ(dialled.say(third), fourth);
  EXPECT_EQ(gateway.computed, 1U);
}

TEST_F(Pieces, WithOneMissingAreNoMessage) {
  for (std::size_t i = 1; i < pieces.size(); ++i) EXPECT_TRUE(dialled.say(pieces[i]).empty());
  EXPECT_EQ(gateway.computed, 0U);
  gateway.pass(16s);  // too late for the rest
  EXPECT_TRUE(dialled.say(pieces[0]).empty());
  EXPECT_EQ(gateway.computed, 0U);
}

std::vector<std::byte> piece(const ike::Cookies& cookies, std::uint16_t id, std::uint8_t index, bool last,
                             std::size_t size = 10) {
  wire::IsakmpBuilder builder(cookies.initiator, cookies.responder, IsakmpExchange::identity_protection, 0,
                              0);
  const std::vector<std::byte> data(size, std::byte{0x5a});
  builder.payload(IsakmpPayloadType::fragment, {wire::isakmp_fragment(id, index, last, data)});
  return builder.finish();
}

TEST_F(Pieces, ThatContradictEachOtherAreForgotten) {
  const auto& cookies = dialled.client.sa.cookies;
  dialled.say(piece(cookies, 3, 2, true));
  dialled.say(piece(cookies, 3, 3, false));  // behind the last
  EXPECT_EQ(gateway.refused(Reason::bad_fragment), 1U);
  dialled.say(piece(cookies, 4, 3, false));
  dialled.say(piece(cookies, 4, 2, true));  // a last one before another
  EXPECT_EQ(gateway.refused(Reason::bad_fragment), 2U);
  dialled.say(piece(cookies, 5, 2, true));
  dialled.say(piece(cookies, 5, 4, true));  // two last ones
  EXPECT_EQ(gateway.refused(Reason::bad_fragment), 3U);
  for (const auto& each : pieces) dialled.answers = gateway.give(dialled.path, each);
  EXPECT_FALSE(dialled.answers.empty());
}

TEST_F(Pieces, AreFewAndSmall) {
  const auto& cookies = dialled.client.sa.cookies;
  dialled.say(piece(cookies, 3, 33, false));
  EXPECT_EQ(gateway.refused(Reason::bad_fragment), 1U);
  for (std::uint8_t i = 1; i <= 20; ++i) dialled.say(piece(cookies, 4, i, false, 1000));
  EXPECT_GE(gateway.refused(Reason::bad_fragment), 2U);
  for (const auto& each : pieces) dialled.answers = gateway.give(dialled.path, each);
  EXPECT_FALSE(dialled.answers.empty());
}

TEST_F(Pieces, OfPiecesAreNothing) {
  const auto whole = piece(dialled.client.sa.cookies, 3, 1, true, 200);
  for (const auto& each : ike::cut_into_fragments(whole, 100, 8)) EXPECT_TRUE(dialled.say(each).empty());
  EXPECT_EQ(gateway.refused(Reason::bad_fragment), 1U);
}

TEST_F(Pieces, OfUnknownCookiesAreNeverKept) {
  for (std::uint64_t i = 0; i < 1000; ++i) dialled.say(piece({i + 1, 7}, 1, 1, false));
  for (std::uint64_t i = 0; i < 10; ++i) dialled.say(piece({i + 1, 0}, 1, 1, false));
  EXPECT_EQ(gateway.refused(Reason::unknown_cookies), 1010U);
}

TEST(FragmentTable, HoldsNoMoreThanItMay) {
  ike::Fragments fragments;
  const TimePoint now{1h};
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const auto bytes = piece({i + 1, 7}, 1, 1, false);
    const auto message = wire::IsakmpMessage::parse(bytes);
    ASSERT_TRUE(fragments.add(*message, now));
    ASSERT_LE(fragments.size(), ike::Fragments::most_messages);
  }
  // A second message of the same IKE SA takes the first one's place.
  ike::Fragments few;
  for (std::uint16_t id = 1; id < 10; ++id) {
    const auto bytes = piece({1, 7}, id, 1, false);
    ASSERT_TRUE(few.add(*wire::IsakmpMessage::parse(bytes), now));
    EXPECT_EQ(few.size(), 1U);
  }
}

TEST(Fragments, OfOursGoToWhoTakesThem) {
  for (const bool takes : {true, false}) {
    ike::Settings settings = gateway_settings();
    settings.fragment_bytes = 200;
    IkeNode gateway(std::move(settings));
    auto options = fragmenting();
    if (!takes) options.vendor_ids.pop_back();
    Dialled dialled(gateway, std::move(options));
    const auto third = dialled.client.third(dialled.say(dialled.client.first()));
    dialled.answers = gateway.give(dialled.path, third);
    EXPECT_EQ(dialled.answers.size() > 1, takes);
    ike::Fragments fragments;
    std::optional<std::vector<std::byte>> whole;
    if (!takes) whole = dialled.answers.front().bytes;
    for (const auto& each : dialled.answers) {
      EXPECT_LE(each.bytes.size(), takes ? 200U : 2000U);
      if (takes) whole = *fragments.add(*wire::IsakmpMessage::parse(each.bytes), gateway.now);
    }
    ASSERT_TRUE(whole);
    dialled.path = dialled.natt;
    EXPECT_TRUE(dialled.client.finish(dialled.say(dialled.client.fifth(*whole))));
  }
}

}  // namespace
}  // namespace espgate::test
