// SPDX-License-Identifier: Apache-2.0
// The client's IKE against the gateway's, which share no code but wire formats and cryptography.
#include "tests/unit/client/ike_wire.h"

#include <gmock/gmock.h>

namespace espgate::test {
namespace {

using client::Cause;
using namespace std::chrono_literals;

TEST(IkeClient, ComesUpWithEveryProposalThatIsOfferedByDefault) {
  for (const auto& proposal : client_ike::usual_ike_proposals()) {
    IkeWire wire(dial_settings(proposal.to_string()));
    wire.dial();
    EXPECT_TRUE(wire.is_up() && wire.ends_agree()) << proposal.to_string();
    ASSERT_EQ(wire.authenticated.size(), 1U);
    EXPECT_EQ(wire.authenticated[0].proposal, proposal.to_string());
    EXPECT_EQ(wire.authenticated[0].identity, elastic_ip);
  }
}

TEST(IkeClient, ComesUpWithEveryEspProposalAndPerfectForwardSecrecy) {
  auto proposals = client_ike::usual_esp_proposals();
  proposals.push_back(client_ike::EspProposal::from_string("aes256-sha512-ecp256").value());
  for (const auto& proposal : proposals) {
    auto settings = dial_settings();
    settings.esp_proposals = {proposal};
    IkeWire wire(std::move(settings));
    wire.dial();
    EXPECT_TRUE(wire.is_up() && wire.ends_agree()) << proposal.to_string();
    ASSERT_EQ(wire.pairs.size(), 1U);
    EXPECT_EQ(wire.pairs.begin()->second.suite, proposal.suite);
  }
}

TEST(IkeClient, FloatsToPort4500WithTheFifthMessage) {
  IkeWire wire;
  wire.dial();
  std::vector<bool> natt;
  for (const auto& datagram : wire.log)
    if (datagram.to_gateway) natt.push_back(datagram.natt);
  EXPECT_EQ(natt, (std::vector<bool>{false, false, true, true, true}));
}

TEST(IkeClient, IsTakenForTranslatedWhereThereIsNoNat) {
  IkeWire wire;
  wire.dial();
  ASSERT_NE(wire.gateway.peer(), nullptr);
  EXPECT_TRUE(wire.gateway.peer()->path.natt);
}

class IkeClientLoss : public testing::TestWithParam<std::uint64_t> {};

// Every fourth datagram is lost, and none keeps its place.
TEST_P(IkeClientLoss, ComesUpAllTheSame) {
  IkeWire wire;
  SameRandom chance(GetParam());
  wire.reorders = true;
  wire.on_wire = [&](IkeWire::Datagram&) { return chance.below(4) != 0; };
  wire.dial();
  for (int i = 0; i < 240 && !wire.is_up() && wire.failures.empty(); ++i) wire.pass(500ms);
  ASSERT_TRUE(wire.is_up()) << (wire.failures.empty() ? "" : wire.failures[0].what);
  wire.on_wire = {};
  wire.pass(20s);
  EXPECT_TRUE(wire.ends_agree());
}
INSTANTIATE_TEST_SUITE_P(Seeds, IkeClientLoss, testing::Range<std::uint64_t>(1, 20));

TEST(IkeClient, SaysThatNobodyAnswers) {
  IkeWire wire;
  wire.on_wire = [](IkeWire::Datagram&) { return false; };
  wire.dial();
  wire.pass(40s);
  ASSERT_EQ(wire.failures.size(), 1U);
  EXPECT_EQ(wire.failures[0].cause, Cause::no_answer);
  EXPECT_THAT(wire.failures[0].what, testing::HasSubstr("203.0.113.10, UDP port 500"));
  EXPECT_EQ(wire.log.size(), client_ike::IkeClient::patience.size());
}

TEST(IkeClient, TellsAWrongPreSharedKey) {
  IkeWire wire(dial_settings("aes256-sha256-curve25519", "another key than the gateway's"));
  wire.dial();
  wire.pass(40s);
  ASSERT_EQ(wire.failures.size(), 1U);
  EXPECT_EQ(wire.failures[0].cause, Cause::wrong_psk);
  EXPECT_TRUE(wire.pairs.empty());
}

TEST(IkeClient, TellsThatNoPhase1ProposalWasChosen) {
  IkeWire wire(dial_settings("3des-md5-modp1024"));
  wire.dial();
  ASSERT_EQ(wire.failures.size(), 1U);
  EXPECT_EQ(wire.failures[0].cause, Cause::no_proposal);
  EXPECT_THAT(wire.failures[0].what, testing::HasSubstr("3des-md5-modp1024"));
}

TEST(IkeClient, TellsThatNoPhase2ProposalWasChosen) {
  auto settings = dial_settings();
  settings.esp_proposals = {client_ike::EspProposal::from_string("3des-md5").value()};
  IkeWire wire(std::move(settings));
  wire.dial();
  wire.pass(40s);
  ASSERT_EQ(wire.failures.size(), 1U);
  EXPECT_EQ(wire.failures[0].cause, Cause::no_proposal);
}

TEST(IkeClient, RenewsThePairByItself) {
  auto settings = dial_settings();
  settings.rekey = 60s;
  IkeWire wire(std::move(settings));
  wire.dial();
  const auto first = wire.using_pair;
  wire.pass(65s);
  EXPECT_NE(wire.using_pair, first);
  EXPECT_TRUE(wire.ends_agree());
  EXPECT_EQ(wire.pairs.size(), 2U) << "packets under way may still come by the old one";
  wire.pass(10s);
  EXPECT_EQ(wire.pairs.size(), 1U);
  EXPECT_EQ(wire.client.rekeys(), 1U);
  EXPECT_TRUE(wire.failures.empty());
}

TEST(IkeClient, RenewsPhase1ByItselfAndKeepsItsPair) {
  auto settings = dial_settings();
  settings.reauthenticate = 120s;
  IkeWire wire(std::move(settings));
  wire.dial();
  const auto pair = wire.using_pair;
  wire.pass(150s);
  EXPECT_EQ(wire.client.reauthentications(), 1U);
  EXPECT_EQ(wire.using_pair, pair);
  EXPECT_TRUE(wire.failures.empty());
  ASSERT_NE(wire.gateway.peer(), nullptr);
  EXPECT_EQ(wire.gateway.peer()->ike_sas.size(), 1U) << "the old IKE SA was deleted";
  wire.pass(600s);
  EXPECT_TRUE(wire.ends_agree());
}

TEST(IkeClient, RenewsBothOftenWhileOldMessagesStillCome) {
  auto settings = dial_settings();
  settings.rekey = 1s;
  settings.reauthenticate = 2s;
  IkeWire wire(std::move(settings));
  wire.dial();
  for (int i = 0; i < 60; ++i) {
    wire.pass(1s);
    for (const auto& datagram : std::vector(wire.log))
      if (!datagram.to_gateway) wire.client.on_message(datagram.bytes, wire.gateway.now);
  }
  EXPECT_TRUE(wire.failures.empty()) << wire.failures[0].what;
  EXPECT_TRUE(wire.ends_agree());
  EXPECT_GE(wire.client.rekeys(), 50U);
}

TEST(IkeClient, FollowsRekeysThatTheServerBegins) {
  auto gateway = gateway_settings();
  gateway.rekey = true;
  gateway.sa_lifetime = 900s;
  gateway.lifetime = 4000s;
  gateway.rekey_margin = 300s;
  auto settings = dial_settings();
  settings.rekey = settings.reauthenticate = std::chrono::hours(24);
  IkeWire wire(std::move(settings), std::move(gateway));
  wire.dial();
  const auto first = wire.using_pair;
  wire.pass(20min);
  EXPECT_NE(wire.using_pair, first);
  EXPECT_GE(wire.client.rekeys(), 1U);
  wire.pass(2h);
  EXPECT_GE(wire.client.reauthentications(), 1U) << "phase 1 as responder";
  EXPECT_TRUE(wire.ends_agree());
  EXPECT_TRUE(wire.failures.empty()) << wire.failures[0].what;
}

TEST(IkeClient, AnswersDeadPeerDetection) {
  auto gateway = gateway_settings();
  gateway.dpd_delay = 10s;
  gateway.dpd_timeout = 60s;
  IkeWire wire(dial_settings(), std::move(gateway));
  wire.dial();
  wire.pass(30min);
  EXPECT_NE(wire.gateway.peer(), nullptr);
  EXPECT_TRUE(wire.ends_agree());
}

TEST(IkeClient, EndsWhenTheServerDeletesItsSas) {
  auto gateway = gateway_settings();
  gateway.sa_lifetime = gateway.lifetime = 900s;
  auto settings = dial_settings();
  settings.rekey = settings.reauthenticate = std::chrono::hours(24);
  IkeWire wire(std::move(settings), std::move(gateway));
  wire.dial();
  wire.pass(20min);
  ASSERT_EQ(wire.failures.size(), 1U);
  EXPECT_EQ(wire.failures[0].cause, Cause::hung_up);
}

TEST(IkeClient, DeletesEverythingWhenItEnds) {
  IkeWire wire;
  wire.dial();
  wire.client.close();
  wire.settle();
  EXPECT_TRUE(wire.pairs.empty());
  for (const auto& [slot, pair] : wire.gateway.installed) EXPECT_FALSE(pair.outbound);
  EXPECT_TRUE(wire.gateway.peer() == nullptr || wire.gateway.peer()->ike_sas.empty());
  EXPECT_FALSE(wire.client.next_due());
}

TEST(IkeClient, IsNotMovedByWhatIsRecordedAndPlayedAgain) {
  auto gateway = gateway_settings();
  gateway.rekey = true;
  gateway.sa_lifetime = 900s;
  auto settings = dial_settings();
  settings.rekey = settings.reauthenticate = std::chrono::hours(24);
  IkeWire wire(std::move(settings), std::move(gateway));
  wire.dial();
  wire.pass(20min);
  wire.pass(60s);
  const auto pairs = wire.pairs.size();
  const auto pair = wire.using_pair;
  for (const auto& datagram : std::vector(wire.log))
    if (!datagram.to_gateway) wire.client.on_message(datagram.bytes, wire.gateway.now);
  wire.settle();
  EXPECT_EQ(wire.pairs.size(), pairs);
  EXPECT_EQ(wire.using_pair, pair);
  EXPECT_TRUE(wire.failures.empty());
}

TEST(IkeClient, PassesOverWhatWasChangedOnTheWay) {
  IkeWire wire;
  SameRandom chance(3);
  wire.on_wire = [&](IkeWire::Datagram& datagram) {
    if (datagram.to_gateway) return true;
    // A spoilt copy comes before each message of the server's.
    for (int i = 0; i < 20; ++i) {
      auto copy = datagram.bytes;
      copy.at(28 + chance.below(copy.size() - 28)) ^= std::byte(1 + chance.below(255));
      wire.client.on_message(wire::Bytes(copy).first(copy.size() - chance.below(4)), wire.gateway.now);
    }
    return true;
  };
  wire.dial();
  // Before phase 1 has authenticated anything, a spoilt message may end the attempt, or be believed and then
  // come to nothing; it must not lead to SAs that only one side has.
  wire.pass(40s);
  EXPECT_TRUE(wire.is_up() ? wire.ends_agree() : !wire.failures.empty());
}

TEST(IkeProposal, IsReadAsItIsWritten) {
  for (const std::string_view text :
       {"aes256-sha256-modp2048", "3des-sha1-modp1024", "aes192-sha512-ecp521", "aes128-md5-curve25519"}) {
    const auto proposal = client_ike::IkeProposal::from_string(text);
    ASSERT_TRUE(proposal) << text;
    EXPECT_EQ(proposal->to_string(), text);
  }
  for (const std::string_view text : {"", "aes256", "aes256-sha256", "aes512-sha256-modp2048",
                                      "aes256-sha3-modp2048", "aes256-sha256-modp99", "--"})
    EXPECT_FALSE(client_ike::IkeProposal::from_string(text)) << text;
}

TEST(EspProposal, IsReadAsItIsWritten) {
  for (const std::string_view text : {"aes256-sha256", "aes128gcm16", "3des-md5", "aes256-sha1-modp2048"}) {
    const auto proposal = client_ike::EspProposal::from_string(text);
    ASSERT_TRUE(proposal) << text;
    EXPECT_EQ(proposal->to_string(), text);
  }
  // IKEv1 has no number for ChaCha20-Poly1305.
  for (const std::string_view text : {"", "aes", "aes256-sha256-", "aes256-sha256-none", "chacha20poly1305"})
    EXPECT_FALSE(client_ike::EspProposal::from_string(text)) << text;
}

}  // namespace
}  // namespace espgate::test
