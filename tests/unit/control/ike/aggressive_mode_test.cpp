// SPDX-License-Identifier: Apache-2.0
// Aggressive mode, three messages, where ike.legacy names it.
#include "tests/unit/control/ike/ike_lab.h"
#include "wire/isakmp_builder.h"
#include "wire/isakmp_payloads.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using namespace std::chrono_literals;
using ike::Reason;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

ike::Settings aggressive_settings() {
  ike::Settings settings = gateway_settings();
  settings.aggressive_mode = true;
  return settings;
}

// A client, and how far it got.
struct Aggressive : Dialled {
  explicit Aggressive(IkeNode& to, IkeClient::Options options = client_options(),
                      std::string_view from = nat_public, std::uint16_t port = 500)
      : Dialled(to, std::move(options), from, port, static_cast<std::uint16_t>(port + 4000)) {}

  // False: there was no second message.
  bool begin() {
    messages[0] = client.aggressive_first();
    messages[1] = say(messages[0]);
    return !messages[1].empty();
  }
  void end(bool encrypted = true) {
    messages[2] = client.aggressive_third(messages[1], encrypted);
    if (client.sa.kind.nat_traversal != ike::NatTraversal::none) path = natt;
    say(messages[2]);
  }
  [[nodiscard]] bool run(bool encrypted = true) {
    if (!begin()) return false;
    end(encrypted);
    return peer() != nullptr && client.problem.empty();
  }
};

TEST(AggressiveMode, IsRefusedUnlessNamed) {
  IkeNode gateway(gateway_settings());
  Aggressive dialled(gateway);
  EXPECT_FALSE(dialled.begin());
  EXPECT_EQ(gateway.refused(Reason::aggressive_refused), 1U);
  EXPECT_EQ(gateway.computed, 0U);
  EXPECT_THAT(gateway.journal(address(nat_public)), HasSubstr("ike.legacy"));
}

TEST(AggressiveMode, ThreeMessagesAuthenticateBothSidesAndQuickModeFollows) {
  for (const bool encrypted : {true, false}) {
    IkeNode gateway(aggressive_settings());
    Aggressive dialled(gateway);
    ASSERT_TRUE(dialled.run(encrypted)) << dialled.client.problem;
    EXPECT_TRUE(dialled.answers.empty());
    EXPECT_EQ(dialled.client.gateway_identity->identity, elastic_ip);
    EXPECT_EQ(dialled.peer()->identity, client_private);
    EXPECT_EQ(gateway.core.negotiating(), 0U);
    IkeClient::Quick quick;
    ASSERT_TRUE(dialled.quick_mode(quick)) << dialled.client.problem;
    EXPECT_EQ(gateway.installed.size(), 1U);
    EXPECT_THAT(gateway.journal(address(nat_public)), HasSubstr("aggressive mode good x1: authenticated as"));
  }
}

TEST(AggressiveMode, HasEverySuiteThatIsAllowedAndNoOther) {
  const auto suites =
      every_suite({crypto::IkeHash::sha1, crypto::IkeHash::sha2_256},
                  {crypto::DhGroup::modp1024, crypto::DhGroup::modp2048, crypto::DhGroup::ecp256});
  for (const ike::Phase1Suite& suite : suites) {
    for (const bool named : {true, false}) {
      ike::Settings settings = aggressive_settings();
      if (named) settings.phase1.legacy = {suite};
      IkeNode gateway(std::move(settings));
      auto options = client_options();
      options.suites = {suite};
      Aggressive dialled(gateway, std::move(options));
      const bool legacy =
          suite.group == crypto::DhGroup::modp1024 || suite.cipher == crypto::IkeCipher::des3_cbc;
      EXPECT_EQ(dialled.run(), named || !legacy) << suite.to_string() << ' ' << dialled.client.problem;
      EXPECT_EQ(gateway.refused(Reason::no_proposal), named || !legacy ? 0U : 1U) << suite.to_string();
      EXPECT_EQ(gateway.computed == 0, legacy && !named) << "a key was computed for nothing";
    }
  }
}

TEST(AggressiveMode, TheLifetimeIsTheShorterOne) {
  for (const auto& [offered, agreed] : {std::pair{600U, 600s}, {9'000'000U, 86400s}}) {
    ike::Settings settings = aggressive_settings();
    settings.lifetime = 86400s;
    IkeNode gateway(std::move(settings));
    auto options = client_options();
    options.lifetime_seconds = offered;
    Aggressive dialled(gateway, std::move(options));
    ASSERT_TRUE(dialled.run());
    const ike::IkeSa& sa = *dialled.peer()->ike_sas.front();
    EXPECT_EQ(sa.expires - sa.created, agreed);
  }
}

TEST(AggressiveMode, AWrongKeyFailsChangesNothingAndTheRightOneStillSucceeds) {
  IkeNode gateway(aggressive_settings());
  Aggressive other(gateway, client_options(), "198.51.100.77");
  ASSERT_TRUE(other.run());
  const std::string before = gateway.digest();

  Aggressive dialled(gateway);
  ASSERT_TRUE(dialled.begin());
  for (const bool encrypted : {true, false}) {
    dialled.client.options.psk = "not the key";
    dialled.path = {endpoint(gateway_private, 500), endpoint(nat_public, 500), false};
    dialled.end(encrypted);
    EXPECT_TRUE(dialled.answers.empty());
    EXPECT_EQ(dialled.client.problem, "the gateway has another key");
    EXPECT_EQ(gateway.digest(), before);
    EXPECT_EQ(gateway.core.negotiating(), 1U);
  }
  EXPECT_EQ(gateway.refused(Reason::authentication_failed), 2U);
  EXPECT_THAT(gateway.journal(address(nat_public)),
              AllOf(HasSubstr("another pre-shared key"), Not(HasSubstr(std::string(group_psk)))));

  dialled.client.options.psk = group_psk;
  dialled.client.problem.clear();
  dialled.end();
  EXPECT_TRUE(dialled.client.problem.empty());
  EXPECT_EQ(gateway.core.peers().size(), 2U);
}

TEST(AggressiveMode, AFirstMessageThatComesAgainGetsTheStoredAnswer) {
  IkeNode gateway(aggressive_settings());
  Aggressive dialled(gateway);
  ASSERT_TRUE(dialled.begin());
  EXPECT_EQ(gateway.computed, 1U);
  for (const auto wait : {1s, 2s, 10s}) {
    gateway.pass(wait);
    EXPECT_EQ(dialled.say(dialled.messages[0]), dialled.messages[1]);
  }
  EXPECT_EQ(gateway.computed, 1U);
  EXPECT_EQ(gateway.core.negotiating(), 1U);
  dialled.end();
  ASSERT_NE(dialled.peer(), nullptr);
  // Once it is through, old copies get nothing and change nothing.
  const std::string after = gateway.digest();
  dialled.path = {endpoint(gateway_private, 500), endpoint(nat_public, 500), false};
  EXPECT_TRUE(dialled.say(dialled.messages[0]).empty());
  EXPECT_TRUE(dialled.say(dialled.messages[2]).empty());
  EXPECT_EQ(gateway.digest(), after);
  EXPECT_EQ(gateway.core.negotiating(), 0U);
}

TEST(AggressiveMode, TheStoredAnswerOutlivesAChangeOfTheCookieSecret) {
  ike::Settings settings = aggressive_settings();
  settings.half_open = 600s;
  IkeNode gateway(std::move(settings));
  gateway.pass(119s);
  Aggressive dialled(gateway);
  ASSERT_TRUE(dialled.begin());
  gateway.pass(5s);
  EXPECT_EQ(dialled.say(dialled.messages[0]), dialled.messages[1]);
  EXPECT_EQ(gateway.core.negotiating(), 1U);
}

TEST(AggressiveMode, AChangedFirstMessageUnderTheSameCookieGetsNothing) {
  IkeNode gateway(aggressive_settings());
  Aggressive dialled(gateway);
  ASSERT_TRUE(dialled.begin());
  auto changed = dialled.messages[0];
  changed.back() ^= std::byte{1};  // of a vendor id: the SA stays
  EXPECT_TRUE(dialled.say(changed).empty());
  dialled.end();
  EXPECT_NE(dialled.peer(), nullptr);
}

TEST(AggressiveMode, AFloodHoldsTheCapAndLeavesRoomForMainMode) {
  ike::Settings settings = aggressive_settings();
  settings.most_half_open = 40;
  settings.half_open = 30s;
  IkeNode gateway(std::move(settings));
  for (unsigned i = 0; i < 500; ++i) {
    auto options = client_options();
    options.seed = i;
    Aggressive dialled(gateway, std::move(options), "192.0.2." + std::to_string(i % 250 + 1));
    (void)dialled.begin();
    ASSERT_LE(gateway.core.negotiating(), 20U);
  }
  EXPECT_EQ(gateway.core.negotiating(), 20U);
  EXPECT_EQ(gateway.refused(Reason::half_open_limit), 480U);
  EXPECT_EQ(gateway.computed, 20U);
  Dialled honest(gateway, client_options());
  EXPECT_TRUE(honest.main_mode()) << honest.client.problem;

  gateway.pass(31s);
  EXPECT_EQ(gateway.core.negotiating(), 0U);
  EXPECT_THAT(gateway.journal(address("192.0.2.1")),
              HasSubstr("aggressive mode bad x1: no good third message"));
  Aggressive late(gateway, client_options(), "198.51.100.9");
  EXPECT_TRUE(late.run());
}

TEST(AggressiveMode, PlacesComeBackHoweverANegotiationEnds) {
  ike::Settings settings = aggressive_settings();
  settings.most_half_open = 4;
  IkeNode gateway(std::move(settings));
  for (unsigned i = 0; i < 20; ++i) {
    auto options = client_options();
    options.seed = 100 + i;
    Aggressive dialled(gateway, std::move(options), "192.0.2." + std::to_string(i + 1));
    ASSERT_TRUE(dialled.begin()) << i;
    if (i % 2 == 0) dialled.end();
    if (i % 2 != 0) gateway.pass(60s);
  }
  EXPECT_EQ(gateway.refused(Reason::half_open_limit), 0U);
}

TEST(AggressiveMode, ComputesNoMoreThanHalfOfWhatMayWait) {
  ike::Settings settings = aggressive_settings();
  settings.most_waiting_for_dh = 6;
  IkeNode gateway(std::move(settings));
  gateway.hold_computations = true;
  for (unsigned i = 0; i < 10; ++i) {
    auto options = client_options();
    options.seed = i;
    Aggressive dialled(gateway, std::move(options));
    EXPECT_FALSE(dialled.begin());
  }
  EXPECT_EQ(gateway.computations.size(), 3U);
  EXPECT_EQ(gateway.refused(Reason::too_busy), 7U);
  EXPECT_EQ(gateway.core.negotiating(), 3U);
}

ike::Settings several_keys() {
  ike::Settings settings = aggressive_settings();
  settings.psks.clear();
  settings.psks.push_back(psk("for everybody"));
  settings.psks.push_back(psk("for the office", {"198.51.100.0/24"}));
  settings.psks.push_back(psk("for the very host", {"198.51.100.2/32"}));
  return settings;
}

// In main mode every key that fits is tried; here ours has to be proved first.
TEST(AggressiveMode, TheKeyOfTheNarrowestNetworkCounts) {
  const std::vector<std::array<std::string, 2>> right = {{"198.51.100.2", "for the very host"},
                                                         {"198.51.100.3", "for the office"},
                                                         {"192.0.2.9", "for everybody"}};
  for (const auto& [from, key] : right) {
    for (const std::string tried : {"for everybody", "for the office", "for the very host"}) {
      IkeNode gateway(several_keys());
      auto options = client_options();
      options.psk = tried;
      Aggressive dialled(gateway, std::move(options), from);
      EXPECT_EQ(dialled.run(), tried == key) << tried << " from " << from;
    }
  }
}

TEST(AggressiveMode, WithoutAKeyForTheAddressNothingIsAnswered) {
  ike::Settings settings = aggressive_settings();
  settings.psks.clear();
  settings.psks.push_back(psk("for the office", {"192.0.2.0/24"}));
  IkeNode gateway(std::move(settings));
  Aggressive dialled(gateway);
  EXPECT_FALSE(dialled.begin());
  EXPECT_EQ(gateway.refused(Reason::no_psk), 1U);
  EXPECT_EQ(gateway.computed, 0U);
}

TEST(AggressiveMode, TheClientMayCallItselfAnything) {
  const auto id = [](wire::IsakmpIdType type, std::vector<std::byte> data) {
    return wire::isakmp_identification(type, 0, 0, data);
  };
  const std::vector<std::pair<std::vector<std::byte>, std::string>> cases = {
      {id(wire::IsakmpIdType::fqdn, text_bytes("laptop.example")), "laptop.example"},
      {id(wire::IsakmpIdType::key_id, text_bytes("group")), "0x67726f7570"},
      {id(wire::IsakmpIdType::user_fqdn, text_bytes("alice@example.org")), "alice@example.org"},
  };
  for (const auto& [body, expected] : cases) {
    IkeNode gateway(aggressive_settings());
    auto options = client_options();
    options.identity = body;
    Aggressive dialled(gateway, std::move(options));
    ASSERT_TRUE(dialled.run()) << expected;
    EXPECT_EQ(dialled.peer()->identity, expected);
  }
  // HASH_I is over what the first message said, so nobody on the way can say something else.
  IkeNode gateway(aggressive_settings());
  Aggressive dialled(gateway);
  ASSERT_TRUE(dialled.begin());
  dialled.client.phase1.id_i = id(wire::IsakmpIdType::fqdn, text_bytes("somebody.else"));
  dialled.end();
  EXPECT_EQ(dialled.peer(), nullptr);
  EXPECT_EQ(gateway.refused(Reason::authentication_failed), 1U);
}

TEST(AggressiveMode, OurIdentityIsTheOneThatIsConfigured) {
  ike::Settings settings = aggressive_settings();
  settings.identity = "vpn.example.com";
  IkeNode gateway(std::move(settings));
  Aggressive dialled(gateway);
  ASSERT_TRUE(dialled.run());
  EXPECT_EQ(dialled.client.gateway_identity->identity, "vpn.example.com");
}

TEST(AggressiveMode, WithoutNatTraversalNothingIsEncapsulated) {
  IkeNode gateway(aggressive_settings());
  auto options = client_options("198.51.100.2");
  options.vendor_ids.clear();
  Aggressive dialled(gateway, std::move(options));
  ASSERT_TRUE(dialled.run());
  EXPECT_FALSE(dialled.peer()->ike_sas.front()->udp_encapsulation);
  IkeClient::Quick quick;
  quick.encapsulation_mode = 2;
  EXPECT_TRUE(dialled.quick_mode(quick)) << dialled.client.problem;
}

TEST(AggressiveMode, EncapsulatesOnlyBehindANatUnlessForced) {
  for (const bool forced : {true, false}) {
    for (const bool translated : {true, false}) {
      ike::Settings settings = aggressive_settings();
      settings.force_encapsulation = forced;
      IkeNode gateway(std::move(settings));
      Aggressive dialled(gateway, client_options(translated ? client_private : nat_public));
      dialled.natt = dialled.path;  // it stays on port 500
      ASSERT_TRUE(dialled.run());
      EXPECT_EQ(dialled.peer()->ike_sas.front()->udp_encapsulation, forced || translated);
    }
  }
}

TEST(AggressiveMode, BrokenFirstMessagesCostNothing) {
  const auto spoilt = [](std::size_t at, std::byte value) {
    IkeNode gateway(aggressive_settings());
    Aggressive dialled(gateway);
    auto first = dialled.client.aggressive_first();
    if (at < first.size()) first[at] = value;
    if (at >= first.size()) first.resize(first.size() / 2);
    EXPECT_TRUE(dialled.say(first).empty());
    EXPECT_EQ(gateway.core.negotiating(), 0U);
    EXPECT_EQ(gateway.computed, 0U);
  };
  spoilt(28, std::byte{0xff});   // the SA's next payload
  spoilt(31, std::byte{3});      // its length
  spoilt(100000, std::byte{0});  // half of it
  IkeNode gateway(aggressive_settings());
  auto options = client_options();
  options.identity =
      wire::isakmp_identification(wire::IsakmpIdType::key_id, 0, 0, std::vector<std::byte>(5000));
  Aggressive large(gateway, std::move(options));
  EXPECT_FALSE(large.begin());
  EXPECT_EQ(gateway.refused(Reason::offer_too_large), 1U);
}

}  // namespace
}  // namespace espgate::test
