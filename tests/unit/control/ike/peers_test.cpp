// SPDX-License-Identifier: Apache-2.0
// Which exchanges belong to which client, and how much of each one client may have.
#include "tests/unit/control/ike/ike_lab.h"
#include "wire/isakmp_payloads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using namespace std::chrono_literals;
using ike::Reason;

IkeClient::Options another(std::uint64_t seed, std::string_view inside = client_private) {
  auto options = client_options(inside);
  options.seed = seed;
  return options;
}

// A client that comes again, from where it was heard last.
Dialled again(IkeNode& gateway, std::uint64_t seed, std::uint16_t port = 4500, bool initial_contact = false,
              std::string_view inside = client_private) {
  auto options = another(seed, inside);
  options.initial_contact = initial_contact;
  Dialled dialled(gateway, std::move(options), nat_public, port, port);
  dialled.path = dialled.natt;
  return dialled;
}

struct Connected : testing::Test {
  void SetUp() override {
    ASSERT_TRUE(first.main_mode());
    ASSERT_TRUE(first.quick_mode(quick));
  }
  [[nodiscard]] const InstalledPair& pair() const { return *gateway.pair_with_spi_in(quick.mode.spi_out); }

  IkeNode gateway{gateway_settings()};
  Dialled first{gateway, client_options()};
  IkeClient::Quick quick;
};

using Joining = Connected;

TEST_F(Joining, ByTheExactAddressAndPortWithTheSameIdentity) {
  Dialled second = again(gateway, 2);
  ASSERT_TRUE(second.main_mode());
  EXPECT_EQ(gateway.core.peers().size(), 1U);
  EXPECT_EQ(gateway.peer()->ike_sas.size(), 2U);
  EXPECT_EQ(gateway.peer()->pairs.size(), 1U);
  // A quick mode under the new one makes a second pair of the same peer.
  IkeClient::Quick more;
  ASSERT_TRUE(second.quick_mode(more));
  EXPECT_EQ(gateway.peer()->pairs.size(), 2U);
  EXPECT_EQ(gateway.outbound.at(gateway.peer()->id), gateway.pair_with_spi_in(more.mode.spi_out)->slot);
}

TEST_F(Joining, NotFromAnotherPort) {
  Dialled second = again(gateway, 2, 4501);
  ASSERT_TRUE(second.main_mode());
  EXPECT_EQ(gateway.core.peers().size(), 2U);
}

TEST_F(Joining, NotFromAnotherAddress) {
  Dialled second(gateway, another(2), "198.51.100.9", 4500, 4500);
  ASSERT_TRUE(second.main_mode());
  EXPECT_EQ(gateway.core.peers().size(), 2U);
}

TEST_F(Joining, NotWithAnotherIdentity) {
  Dialled second = again(gateway, 2, 4500, false, "10.10.1.99");
  ASSERT_TRUE(second.main_mode());
  EXPECT_EQ(gateway.core.peers().size(), 2U);
}

using InitialContact = Connected;

TEST_F(InitialContact, EndsTheSameClientsLifeBefore) {
  const std::uint32_t before = gateway.peer()->id;
  Dialled second = again(gateway, 2, 4500, true);
  ASSERT_TRUE(second.main_mode());
  EXPECT_EQ(gateway.core.peers().size(), 1U);
  EXPECT_NE(gateway.peer()->id, before);
  EXPECT_EQ(gateway.removed_peers, std::vector{before});
  EXPECT_TRUE(gateway.installed.empty());
}

TEST_F(InitialContact, LeavesSiblingsBehindTheSameNatAlone) {
  // Another port, and the same port with another identity.
  Dialled sibling = again(gateway, 2, 4501, true);
  ASSERT_TRUE(sibling.main_mode());
  Dialled other = again(gateway, 3, 4502, true, "10.10.1.99");
  ASSERT_TRUE(other.main_mode());
  EXPECT_EQ(gateway.core.peers().size(), 3U);
  EXPECT_EQ(gateway.installed.size(), 1U);
  EXPECT_TRUE(gateway.removed_peers.empty());
}

TEST(TwoClients, BehindOneNatWithTheSameInnerAddressAndPortStayApart) {
  IkeNode gateway(gateway_settings());
  Dialled a(gateway, another(1), nat_public, 1000, 1001), b(gateway, another(2), nat_public, 2000, 2001);
  IkeClient::Quick qa, qb;  // the same message id, the same SPI, the same identities
  ASSERT_TRUE(a.main_mode());
  ASSERT_TRUE(b.main_mode());
  ASSERT_TRUE(a.quick_mode(qa));
  ASSERT_TRUE(b.quick_mode(qb));
  EXPECT_EQ(qa.message_id, qb.message_id);
  ASSERT_EQ(gateway.core.peers().size(), 2U);
  const auto* pa = gateway.pair_with_spi_in(qa.mode.spi_out);
  const auto* pb = gateway.pair_with_spi_in(qb.mode.spi_out);
  EXPECT_NE(pa->peer_id, pb->peer_id);
  EXPECT_NE(pa->key_in, pb->key_in);
  EXPECT_EQ(gateway.outbound.at(pa->peer_id), pa->slot);
  EXPECT_EQ(gateway.outbound.at(pb->peer_id), pb->slot);
  // What one deletes is its own, although the other's SPI is the same number.
  a.say(a.client.delete_esp(qa.spi));
  EXPECT_FALSE(pa->outbound);
  EXPECT_TRUE(pb->outbound);
}

using Deleting = Connected;

TEST_F(Deleting, AnEspSaLeavesAndIsTakenForALittleWhile) {
  first.say(first.client.delete_esp(quick.spi));
  ASSERT_EQ(gateway.installed.size(), 1U);
  EXPECT_FALSE(gateway.installed.begin()->second.outbound);
  EXPECT_EQ(gateway.peer()->pairs.front()->state, ike::SaPair::State::leaving);
  gateway.pass(6s);
  EXPECT_TRUE(gateway.installed.empty());
  EXPECT_EQ(gateway.core.peers().size(), 1U);
}

TEST_F(Deleting, TheOutboundSideFallsBackToAnotherLivePair) {
  IkeClient::Quick second;
  second.spi = 0x5000;
  ASSERT_TRUE(first.quick_mode(second));
  first.say(first.client.delete_esp(second.spi));
  EXPECT_EQ(gateway.outbound.at(gateway.peer()->id), pair().slot);
}

TEST_F(Deleting, OurOwnOrUnknownSpisAreNothing) {
  const std::string before = gateway.digest();
  first.say(first.client.delete_esp(quick.mode.spi_out));  // what we receive on is not the client's to name
  first.say(first.client.delete_esp(0x12345678));
  EXPECT_EQ(gateway.digest(), before);
}

TEST_F(Deleting, AllThatAClientHasEndsThePeer) {
  first.say(first.client.delete_esp(quick.spi));
  first.say(first.client.delete_ike_sa(first.client.sa.cookies));
  gateway.pass(6s);
  EXPECT_EQ(gateway.core.peers().size(), 0U);
  EXPECT_EQ(gateway.removed_peers.size(), 1U);
  EXPECT_TRUE(gateway.installed.empty());
}

TEST_F(Deleting, AnIkeSaOnlyLeavesTheTrafficAlone) {
  first.say(first.client.delete_ike_sa(first.client.sa.cookies));
  gateway.pass(10min);
  EXPECT_EQ(gateway.installed.size(), 1U);
  EXPECT_EQ(gateway.core.peers().size(), 1U);
  // Nothing is under it any more.
  EXPECT_TRUE(first.say(first.client.dpd(wire::IsakmpNotifyType::r_u_there, 1)).empty());
}

TEST_F(Deleting, OfAnotherIkeSaOnlyOfTheSameClient) {
  Dialled second = again(gateway, 2);
  ASSERT_TRUE(second.main_mode());
  Dialled stranger = again(gateway, 3, 9999);
  ASSERT_TRUE(stranger.main_mode());
  stranger.say(stranger.client.delete_ike_sa(first.client.sa.cookies));
  EXPECT_EQ(first.peer()->ike_sas.size(), 2U);
  second.say(second.client.delete_ike_sa(first.client.sa.cookies));
  EXPECT_EQ(second.peer()->ike_sas.size(), 1U);
}

TEST_F(Deleting, OursTellsTheClient) {
  const std::uint32_t id = gateway.peer()->id;
  EXPECT_TRUE(gateway.core.disconnect(id, "an administrator said so", gateway.now));
  first.answers = gateway.settle();
  ASSERT_EQ(first.answers.size(), 2U);
  std::vector<std::size_t> spi_bytes;
  for (const auto& each : first.answers) {
    const auto read = first.client.read_informational(each.bytes);
    ASSERT_TRUE(read);
    const auto deletion = wire::IsakmpDelete::parse(read->body);
    ASSERT_TRUE(deletion);
    spi_bytes.push_back(deletion->spi_bytes);
    if (deletion->spi_bytes != 4) continue;
    EXPECT_EQ(wire::load_big_endian<std::uint32_t>(deletion->spi(0).data()), quick.mode.spi_out);
  }
  EXPECT_EQ(spi_bytes, (std::vector<std::size_t>{4, 16}));
  EXPECT_TRUE(gateway.installed.empty());
  EXPECT_FALSE(gateway.core.disconnect(id, "again", gateway.now));
}

using Limits = Connected;

TEST_F(Limits, FourIkeSasThenTheOldestIsDeleted) {
  bool told = false;
  for (std::uint64_t seed = 2; seed < 9; ++seed) {
    Dialled more = again(gateway, seed);
    ASSERT_TRUE(more.main_mode());
    // The client is told of the one that went, under itself.
    for (const auto& answer : more.answers) {
      if (!first.client.read_informational(answer.bytes)) continue;
      EXPECT_EQ(seed, 5U);
      told = true;
    }
    EXPECT_LE(gateway.peer()->ike_sas.size(), 4U);
  }
  EXPECT_EQ(gateway.peer()->ike_sas.size(), 4U);
  // The pair outlives its IKE SA.
  EXPECT_EQ(gateway.installed.size(), 1U);
  EXPECT_TRUE(told);
}

TEST_F(Limits, EightPairsThenTheOldestGoes) {
  for (unsigned i = 0; i < 20; ++i) {
    IkeClient::Quick more;
    more.spi = 0x2000 + i;
    ASSERT_TRUE(first.quick_mode(more));
    EXPECT_LE(gateway.installed.size(), 8U);
  }
  EXPECT_EQ(gateway.peer()->pairs.size(), 8U);
  EXPECT_EQ(gateway.installed.size(), 8U);
  EXPECT_EQ(gateway.pair_with_spi_in(quick.mode.spi_out), nullptr);
}

TEST_F(Limits, EightExchangesAtOnce) {
  for (unsigned i = 0; i < 12; ++i) {
    IkeClient::Quick open;
    open.spi = 0x2000 + i;
    EXPECT_EQ(first.say(first.client.quick_first(open)).empty(), i >= 8) << i;
  }
  EXPECT_EQ(gateway.refused(Reason::too_many_exchanges), 4U);
  gateway.pass(61s);  // they are given up
  IkeClient::Quick late;
  EXPECT_TRUE(first.quick_mode(late));
}

TEST(SlotLimit, NoSlotLeftIsToldAndSlotsComeBack) {
  IkeNode gateway(gateway_settings());
  gateway.core.set_slots(3, {2});  // slot 0 is none and slot 2 is taken: one is left
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  IkeClient::Quick one, two, three;
  ASSERT_TRUE(dialled.quick_mode(one));
  EXPECT_EQ(ike::SpiAllocator::slot_of(one.mode.spi_out), 1U);
  dialled.answers = gateway.give(dialled.path, dialled.client.quick_first(two));
  ASSERT_TRUE(dialled.heard());
  EXPECT_EQ(gateway.refused(Reason::no_slot), 1U);
  dialled.say(dialled.client.delete_esp(one.spi));
  gateway.pass(6s);
  ASSERT_TRUE(dialled.quick_mode(three));
  EXPECT_EQ(ike::SpiAllocator::slot_of(three.mode.spi_out), 1U);
  EXPECT_NE(three.mode.spi_out, one.mode.spi_out);
}

TEST(SlotLimit, AnIkeSaThatGoesGivesBackWhatItsExchangesHeld) {
  IkeNode gateway(gateway_settings());
  gateway.core.set_slots(2, {});
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  gateway.hold_computations = true;
  IkeClient::Quick quick;
  quick.group = crypto::DhGroup::curve25519;
  dialled.say(dialled.client.quick_first(quick));
  ASSERT_EQ(gateway.computations.size(), 1U);
  dialled.say(dialled.client.delete_ike_sa(dialled.client.sa.cookies));
  EXPECT_EQ(gateway.core.peers().size(), 0U);
  gateway.compute();  // too late
  gateway.hold_computations = false;
  Dialled second(gateway, another(2));
  ASSERT_TRUE(second.main_mode());
  IkeClient::Quick other;
  EXPECT_TRUE(second.quick_mode(other)) << gateway.all_reports();
}

TEST(DataPlane, ThatTakesNoPairEndsTheQuickModeOnly) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  gateway.install_problem = "table full";
  IkeClient::Quick quick;
  dialled.answers = gateway.give(dialled.path, dialled.client.quick_first(quick));
  const auto heard = dialled.heard();
  ASSERT_TRUE(heard);
  EXPECT_TRUE(wire::IsakmpNotification::parse(heard->body)->type ==
              wire::IsakmpNotifyType::no_proposal_chosen);
  EXPECT_EQ(gateway.refused(Reason::not_installed), 1U);
  EXPECT_TRUE(gateway.installed.empty());
  EXPECT_TRUE(gateway.peer()->pairs.empty());
  EXPECT_THAT(gateway.journal(address(nat_public)), testing::HasSubstr("table full"));
  gateway.install_problem.clear();
  IkeClient::Quick second;
  EXPECT_TRUE(dialled.quick_mode(second));
}

TEST(DataPlane, NothingLeavesBeforeItHasThePair) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  gateway.hold_installs = true;
  IkeClient::Quick quick;
  EXPECT_TRUE(dialled.say(dialled.client.quick_first(quick)).empty());
  const auto second = gateway.install();
  ASSERT_EQ(second.size(), 1U);
  // Nor is anything sent on it before the client has proved that it has it too.
  EXPECT_TRUE(gateway.outbound.empty());
  dialled.say(dialled.client.quick_third(quick, second.front().bytes));
  EXPECT_EQ(gateway.outbound.size(), 1U);
}

TEST(DataPlane, ThatNeverAnswersIsNotWaitedForForever) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  gateway.hold_installs = true;
  IkeClient::Quick quick;
  dialled.say(dialled.client.quick_first(quick));
  gateway.pass(61s);
  EXPECT_TRUE(dialled.peer() == nullptr || dialled.peer()->pairs.empty());
  gateway.install();  // an answer for what is gone
  EXPECT_TRUE(gateway.outbound.empty());
}

}  // namespace
}  // namespace espgate::test
