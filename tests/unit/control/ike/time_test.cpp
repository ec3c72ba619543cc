// SPDX-License-Identifier: Apache-2.0
// What time does: probes, expiry, renewal, giving up.
#include "tests/unit/control/ike/ike_lab.h"
#include "wire/big_endian.h"
#include "wire/isakmp_payloads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using namespace std::chrono_literals;
using ike::Reason;
using wire::IsakmpNotifyType;

std::optional<std::uint32_t> dpd_number(const Dialled& dialled, const ike::SendDatagram& datagram,
                                        IsakmpNotifyType type) {
  const auto read = dialled.client.read_informational(datagram.bytes);
  if (!read) return std::nullopt;
  const auto notification = wire::IsakmpNotification::parse(read->body);
  if (!notification || !(notification->type == type)) return std::nullopt;
  return wire::load_big_endian<std::uint32_t>(notification->data.data());
}

struct OnePeer : testing::Test {
  explicit OnePeer(ike::Settings settings = gateway_settings(), IkeClient::Options options = client_options())
      : gateway(std::move(settings)), dialled(gateway, std::move(options)) {}
  void SetUp() override {
    ASSERT_TRUE(dialled.main_mode());
    ASSERT_TRUE(dialled.quick_mode(quick));
  }
  IkeNode gateway;
  Dialled dialled;
  IkeClient::Quick quick;
};

using DeadPeerDetection = OnePeer;

TEST_F(DeadPeerDetection, AsksAfterSilenceAndIsContentWithAnswers) {
  for (unsigned round = 0; round < 20; ++round) {
    const auto sent = gateway.pass(31s);
    ASSERT_EQ(sent.size(), 1U);
    const auto number = dpd_number(dialled, sent.front(), IsakmpNotifyType::r_u_there);
    ASSERT_TRUE(number);
    EXPECT_EQ(*number, round + 1);
    dialled.say(dialled.client.dpd(IsakmpNotifyType::r_u_there_ack, *number));
  }
  EXPECT_EQ(gateway.core.peers().size(), 1U);
}

TEST_F(DeadPeerDetection, TrafficIsLife) {
  for (unsigned i = 0; i < 100; ++i) {
    gateway.highest[gateway.installed.begin()->first] += 10;
    EXPECT_TRUE(gateway.pass(29s).empty());
  }
  EXPECT_EQ(gateway.core.peers().size(), 1U);
}

TEST_F(DeadPeerDetection, SilenceEndsThePeer) {
  const auto sent = gateway.pass(899s);
  EXPECT_GT(sent.size(), 10U);
  EXPECT_EQ(gateway.core.peers().size(), 1U);
  gateway.pass(10s);
  EXPECT_EQ(gateway.core.peers().size(), 0U);
  EXPECT_TRUE(gateway.installed.empty());
  EXPECT_EQ(gateway.removed_peers.size(), 1U);
  EXPECT_THAT(gateway.journal(address(nat_public)), testing::HasSubstr("has not answered for"));
}

// After a standstill of ours nobody was asked yet.
TEST_F(DeadPeerDetection, ALongStandstillOfOursKillsNobody) {
  gateway.now += 20min;
  gateway.core.advance(gateway.now);
  auto sent = gateway.settle();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(gateway.core.peers().size(), 1U);
  const auto number = dpd_number(dialled, sent.front(), IsakmpNotifyType::r_u_there);
  ASSERT_TRUE(number);
  dialled.say(dialled.client.dpd(IsakmpNotifyType::r_u_there_ack, *number));
  gateway.pass(20s);
  EXPECT_EQ(gateway.core.peers().size(), 1U);
}

TEST_F(DeadPeerDetection, AnswersQuestionsAndTheSameOneOnceMore) {
  auto ask = [&](std::uint32_t number) {
    dialled.answers = gateway.give(dialled.path, dialled.client.dpd(IsakmpNotifyType::r_u_there, number));
    return dialled.answers.empty()
               ? std::nullopt
               : dpd_number(dialled, dialled.answers.front(), IsakmpNotifyType::r_u_there_ack);
  };
  EXPECT_EQ(ask(100), 100U);
  EXPECT_EQ(ask(101), 101U);
  EXPECT_EQ(ask(101), 101U);  // our answer was lost
  EXPECT_EQ(ask(100), std::nullopt);
  EXPECT_EQ(ask(102), 102U);
}

TEST_F(DeadPeerDetection, FollowsThePeerByFreshNumbersOnly) {
  const auto question = dialled.client.dpd(IsakmpNotifyType::r_u_there, 7);
  ike::Path moved = dialled.path;
  moved.remote.port = 6000;
  EXPECT_EQ(gateway.give(moved, question).front().path.remote, moved.remote);
  EXPECT_EQ(gateway.peer()->path.remote, moved.remote);
  // A hundred messages later its id is forgotten; it still moves nobody.
  for (std::uint32_t i = 8; i < 108; ++i)
    gateway.give(moved, dialled.client.dpd(IsakmpNotifyType::r_u_there, i));
  ike::Path evil = moved;
  evil.remote = endpoint("192.0.2.66", 4500);
  const std::string before = gateway.digest();
  EXPECT_TRUE(gateway.give(evil, question).empty());
  EXPECT_EQ(gateway.peer()->path.remote, moved.remote);
  EXPECT_EQ(gateway.digest(), before);
}

TEST_F(DeadPeerDetection, AnOldAnswerProvesNothing) {
  const auto sent = gateway.pass(31s);
  const auto answer = dialled.client.dpd(IsakmpNotifyType::r_u_there_ack, 1);
  dialled.say(answer);
  for (std::uint32_t i = 0; i < 100; ++i)
    dialled.say(dialled.client.dpd(IsakmpNotifyType::r_u_there, 1000 + i));
  gateway.pass(32s);  // the next question is open
  const std::string before = gateway.digest();
  ike::Path evil = dialled.path;
  evil.remote = endpoint("192.0.2.66", 4500);
  EXPECT_TRUE(gateway.give(evil, answer).empty());
  // A number that was never asked neither.
  gateway.give(evil, dialled.client.dpd(IsakmpNotifyType::r_u_there_ack, 99));
  EXPECT_EQ(gateway.digest(), before);
}

TEST(DeadPeers, WithoutDpdStay) {
  IkeNode gateway(gateway_settings());
  auto options = client_options();
  options.vendor_ids = IkeClient::microsoft_vendor_ids();
  Dialled dialled(gateway, std::move(options));
  IkeClient::Quick quick;
  ASSERT_TRUE(dialled.main_mode());
  ASSERT_TRUE(dialled.quick_mode(quick));
  EXPECT_TRUE(gateway.pass(30min).empty());
  EXPECT_EQ(gateway.core.peers().size(), 1U);
}

// Serving a peer costs a little; it must not happen at every tick.
TEST_F(DeadPeerDetection, AnIdlePeerIsServedRarely) {
  gateway.looks = 0;
  for (unsigned i = 0; i < 100; ++i) {
    gateway.highest[gateway.installed.begin()->first] += 1;
    gateway.pass(10s);
  }
  EXPECT_LT(gateway.looks, 50U);
}

TEST(Renewal, ServesRarelyToo) {
  ike::Settings settings = gateway_settings();
  settings.rekey = true;
  settings.keepalive = 20s;
  settings.lifetime = 1h;
  IkeLab lab(std::move(settings));
  auto& client = lab.add_client(client_settings(), nat_public, 2000);
  lab.connect_and_quick(client);
  lab.pass(58min);
  lab.gateway.looks = 0;
  lab.pass(100s);
  EXPECT_LT(lab.gateway.looks, 60U);
}

TEST(Expiry, APairEndsWithItsLifetimeAfterAGrace) {
  IkeNode gateway(gateway_settings());
  auto options = client_options();
  options.vendor_ids = IkeClient::microsoft_vendor_ids();
  options.lifetime_seconds = 28800;
  Dialled dialled(gateway, std::move(options));
  IkeClient::Quick quick;
  quick.lifetime_seconds = 600;
  ASSERT_TRUE(dialled.main_mode());
  ASSERT_TRUE(dialled.quick_mode(quick));
  EXPECT_TRUE(gateway.pass(599s).empty());
  const auto sent = gateway.pass(2s);
  ASSERT_EQ(sent.size(), 1U);
  const auto read = dialled.client.read_informational(sent.front().bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(wire::load_big_endian<std::uint32_t>(wire::IsakmpDelete::parse(read->body)->spi(0).data()),
            quick.mode.spi_out);
  ASSERT_EQ(gateway.installed.size(), 1U);
  EXPECT_FALSE(gateway.installed.begin()->second.outbound);
  gateway.pass(11s);
  EXPECT_TRUE(gateway.installed.empty());
  // The IKE SA and with it the peer ends later.
  EXPECT_EQ(gateway.core.peers().size(), 1U);
  gateway.pass(8h);
  EXPECT_EQ(gateway.core.peers().size(), 0U);
}

ike::Settings renewing(std::chrono::seconds sa_lifetime, std::chrono::seconds lifetime) {
  ike::Settings settings = gateway_settings();
  settings.rekey = true;
  settings.sa_lifetime = sa_lifetime;
  settings.lifetime = lifetime;
  return settings;
}

TEST(Renewal, OfPairsBeforeTheyEndWithoutAGap) {
  IkeLab lab(renewing(3600s, 86400s));
  auto& client = lab.add_client(client_settings(), nat_public, 2000);
  lab.connect_and_quick(client);
  const std::uint32_t first = lab.gateway.installed.begin()->second.spi_in;
  lab.pass(3299s);
  EXPECT_EQ(lab.gateway.install_count, 1U);
  lab.pass(5s);
  ASSERT_EQ(lab.gateway.install_count, 2U);
  ASSERT_EQ(lab.gateway.installed.size(), 2U);
  ASSERT_EQ(client.node.installed.size(), 2U);
  const auto& now_used = lab.gateway.installed.at(lab.gateway.outbound.begin()->second);
  EXPECT_NE(now_used.spi_in, first);
  const auto* theirs = client.node.pair_with_spi_in(now_used.spi_out);
  ASSERT_NE(theirs, nullptr);
  EXPECT_EQ(theirs->key_out, now_used.key_in);
  EXPECT_EQ(theirs->suite, now_used.suite);
  EXPECT_EQ(client.node.outbound.begin()->second, theirs->slot);
  // Over a day there are never fewer than one nor more than two, and the peer stays the same.
  const std::uint32_t id = lab.gateway.peer()->id;
  for (unsigned i = 0; i < 60; ++i) {
    lab.pass(300s);
    ASSERT_GE(lab.gateway.installed.size(), 1U);
    ASSERT_LE(lab.gateway.installed.size(), 3U);
    ASSERT_EQ(lab.gateway.installed.at(lab.gateway.outbound.at(id)).outbound, true);
  }
  EXPECT_EQ(lab.gateway.peer()->id, id);
  EXPECT_TRUE(client.node.removed_peers.empty());
}

TEST(Renewal, OfIkeSasJoinsThePeer) {
  IkeLab lab(renewing(86400s, 3600s));
  auto& client = lab.add_client(client_settings(), nat_public, 2000);
  lab.connect_and_quick(client);
  const std::uint32_t id = lab.gateway.peer()->id, client_id = client.node.peer()->id;
  lab.pass(3305s);
  ASSERT_NE(lab.gateway.peer(), nullptr);
  ASSERT_EQ(lab.gateway.peer()->ike_sas.size(), 2U);
  EXPECT_TRUE(lab.gateway.peer()->ike_sas.back()->we_initiated);
  for (unsigned i = 0; i < 40; ++i) {
    lab.pass(300s);
    ASSERT_NE(lab.gateway.peer(), nullptr);
    ASSERT_NE(lab.gateway.peer()->ike_sa(), nullptr);
    ASSERT_LE(lab.gateway.peer()->ike_sas.size(), 2U);
  }
  EXPECT_EQ(lab.gateway.peer()->id, id);
  EXPECT_EQ(client.node.peer()->id, client_id);
  EXPECT_EQ(lab.gateway.installed.size(), 1U);
  EXPECT_EQ(lab.gateway.core.negotiating(), 0U);
}

TEST(Renewal, ThatFailsIsTriedAgain) {
  IkeLab lab(renewing(3600s, 86400s));
  auto& client = lab.add_client(client_settings(), nat_public, 2000);
  lab.connect_and_quick(client);
  client.node.install_problem = "no";
  lab.pass(3305s);
  EXPECT_EQ(lab.gateway.install_count, 1U);
  client.node.install_problem.clear();
  lab.pass(200s);
  EXPECT_EQ(lab.gateway.install_count, 2U);
  // The same with ours.
  lab.gateway.install_problem = "no";
  lab.pass(3310s);
  const std::size_t before = lab.gateway.install_count;
  lab.gateway.install_problem.clear();
  lab.pass(200s);
  EXPECT_GT(lab.gateway.install_count, before);
  EXPECT_FALSE(lab.gateway.outbound.empty());
}

TEST(Renewal, OfAnIkeSaThatIsNotAnsweredLeavesNothingBehind) {
  IkeLab lab(renewing(86400s, 3600s));
  auto& client = lab.add_client(client_settings(), nat_public, 2000);
  lab.connect_and_quick(client);
  lab.pass(3290s);
  const std::string before = lab.gateway.all_reports();
  lab.on_wire = [](const IkeLab::Datagram& datagram) {
    // Main mode is lost, informational messages pass.
    return wire::IsakmpMessage::parse(datagram.bytes)->exchange() !=
           wire::IsakmpExchange::identity_protection;
  };
  lab.pass(250s);
  EXPECT_LE(lab.gateway.core.negotiating(), 1U);
  EXPECT_EQ(lab.gateway.peer()->ike_sas.size(), 1U);
  lab.on_wire = nullptr;
  lab.pass(60s);
  EXPECT_EQ(lab.gateway.peer()->ike_sas.size(), 2U);
  EXPECT_EQ(lab.gateway.core.negotiating(), 0U);
}

using Events = OnePeer;

TEST_F(Events, SoftLifeBeginsAQuickModeOnce) {
  const InstalledPair pair = gateway.installed.begin()->second;
  auto sent = gateway.event(channel::EventType::soft_life, pair);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(wire::IsakmpMessage::parse(sent.front().bytes)->exchange(), wire::IsakmpExchange::quick_mode);
  EXPECT_TRUE(gateway.event(channel::EventType::soft_life, pair).empty());
}

TEST_F(Events, HardLifeEndsThePair) {
  const InstalledPair pair = gateway.installed.begin()->second;
  const auto sent = gateway.event(channel::EventType::hard_life, pair);
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_TRUE(dialled.client.read_informational(sent.front().bytes));
  EXPECT_FALSE(gateway.installed.begin()->second.outbound);
  gateway.pass(6s);
  EXPECT_TRUE(gateway.installed.empty());
}

TEST_F(Events, OfAPairThatHadTheSlotBeforeAreNothing) {
  InstalledPair old = gateway.installed.begin()->second;
  old.spi_in ^= 1U;
  EXPECT_TRUE(gateway.event(channel::EventType::hard_life, old).empty());
  EXPECT_TRUE(gateway.event(channel::EventType::soft_life, old).empty());
  EXPECT_TRUE(gateway.installed.begin()->second.outbound);
}

TEST(FirstPacket, ConfirmsAPair) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  IkeClient::Quick quick;
  EXPECT_FALSE(dialled.say(dialled.client.quick_first(quick)).empty());
  EXPECT_TRUE(gateway.outbound.empty());
  gateway.event(channel::EventType::first_packet, gateway.installed.begin()->second);
  EXPECT_EQ(gateway.outbound.size(), 1U);
}

TEST(ThirdMessage, OfQuickModeThatNeverComesEndsThePair) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  IkeClient::Quick quick;
  EXPECT_FALSE(dialled.say(dialled.client.quick_first(quick)).empty());
  gateway.pass(59s);
  EXPECT_EQ(gateway.installed.size(), 1U);
  gateway.pass(2s);
  EXPECT_TRUE(gateway.installed.empty());
  EXPECT_EQ(gateway.refused(Reason::timeout), 1U);
}

TEST(ThirdMessage, OfMainModeThatNeverComesIsNoted) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  EXPECT_FALSE(dialled.say(dialled.client.first()).empty());
  gateway.pass(29s);
  EXPECT_EQ(gateway.core.half_open(), 1U);
  gateway.pass(2s);
  EXPECT_EQ(gateway.core.half_open(), 0U);
  EXPECT_THAT(gateway.journal(address(nat_public)), testing::HasSubstr("let UDP 500 pass"));
}

TEST(FifthMessage, ThatNeverComesIsNoted) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  EXPECT_FALSE(dialled.say(dialled.client.third(dialled.say(dialled.client.first()))).empty());
  gateway.pass(31s);
  EXPECT_EQ(gateway.core.negotiating(), 0U);
  EXPECT_THAT(gateway.journal(address(nat_public)), testing::HasSubstr("UDP 4500 does not pass"));
}

TEST(HalfOpen, AFloodLeavesTheNewest) {
  ike::Settings settings = gateway_settings();
  settings.most_half_open = 100;
  settings.most_half_open_per_network = 50;
  settings.most_half_open_per_address = 4;
  IkeNode gateway(std::move(settings));
  for (std::uint32_t i = 0; i < 1000; ++i) {
    auto options = client_options();
    options.seed = i;
    Dialled flood(gateway, std::move(options), wire::IpAddress::v4(0x0b000000 + i * 7919).to_string());
    EXPECT_FALSE(flood.say(flood.client.first()).empty());
  }
  EXPECT_EQ(gateway.core.half_open(), 100U);
  EXPECT_EQ(gateway.refused(Reason::half_open_limit), 900U);
  EXPECT_EQ(gateway.computed, 0U);
  Dialled real(gateway, client_options());
  EXPECT_TRUE(real.main_mode());
}

TEST(HalfOpen, CapsByAddressAndNetwork) {
  ike::Settings settings = gateway_settings();
  settings.most_half_open_per_network = 10;
  settings.most_half_open_per_address = 4;
  IkeNode gateway(std::move(settings));
  const auto flood = [&](std::string_view from, std::uint64_t seed) {
    auto options = client_options();
    options.seed = seed;
    Dialled one(gateway, std::move(options), from);
    EXPECT_FALSE(one.say(one.client.first()).empty());
  };
  for (std::uint64_t i = 0; i < 20; ++i) flood("192.0.2.1", i);
  EXPECT_EQ(gateway.core.half_open(), 4U);
  for (std::uint64_t i = 0; i < 20; ++i) flood("192.0.2." + std::to_string(10 + i), 100 + i);
  EXPECT_EQ(gateway.core.half_open(), 10U);
  flood("192.0.3.1", 1);
  EXPECT_EQ(gateway.core.half_open(), 11U);
}

TEST(TooBusy, TheThirdMessageWaitsForItsNextCopy) {
  ike::Settings settings = gateway_settings();
  settings.most_waiting_for_dh = 2;
  IkeNode gateway(std::move(settings));
  gateway.hold_computations = true;
  std::vector<Dialled> clients;
  std::vector<std::vector<std::byte>> thirds;
  for (std::uint16_t i = 0; i < 3; ++i) {
    auto options = client_options();
    options.seed = i;
    clients.emplace_back(gateway, std::move(options), nat_public, static_cast<std::uint16_t>(700 + i));
    thirds.push_back(clients[i].client.third(clients[i].say(clients[i].client.first())));
    clients[i].say(thirds[i]);
  }
  EXPECT_EQ(gateway.computations.size(), 2U);
  EXPECT_EQ(gateway.refused(Reason::too_busy), 1U);
  EXPECT_EQ(gateway.core.half_open(), 1U);
  gateway.hold_computations = false;
  EXPECT_EQ(gateway.compute().size(), 2U);
  EXPECT_FALSE(clients[2].say(thirds[2]).empty());
}

TEST(TooBusy, AQuickModeToo) {
  ike::Settings settings = gateway_settings();
  settings.most_waiting_for_dh = 1;
  IkeNode gateway(std::move(settings));
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  gateway.hold_computations = true;
  IkeClient::Quick one, two;
  one.group = two.group = crypto::DhGroup::curve25519;
  dialled.say(dialled.client.quick_first(one));
  const auto first = dialled.client.quick_first(two);
  EXPECT_TRUE(dialled.say(first).empty());
  EXPECT_EQ(gateway.refused(Reason::too_busy), 1U);
  gateway.hold_computations = false;
  EXPECT_EQ(gateway.compute().size(), 1U);
  EXPECT_FALSE(dialled.say(first).empty());
}

TEST(ThirdMessage, MustBePlausibleBeforeAnythingIsComputed) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  const auto third = dialled.client.third(dialled.say(dialled.client.first()));
  for (std::size_t cut = 28; cut < third.size(); cut += 5) {
    auto shorter = third;
    shorter.resize(cut);
    wire::store_big_endian(shorter.data() + 24, static_cast<std::uint32_t>(cut));
    EXPECT_TRUE(dialled.say(shorter).empty());
  }
  auto strange = third;
  strange[8] ^= std::byte{1};  // our cookie
  EXPECT_TRUE(dialled.say(strange).empty());
  auto encrypted = third;
  encrypted[19] = std::byte{1};
  EXPECT_TRUE(dialled.say(encrypted).empty());
  EXPECT_EQ(gateway.computed, 0U);
  EXPECT_EQ(gateway.core.half_open(), 1U);
  EXPECT_FALSE(dialled.say(third).empty());
}

TEST(Abandoned, ALateSecretIsNotMistakenForTheNextOnes) {
  IkeNode gateway(gateway_settings());
  gateway.hold_computations = true;
  Dialled dialled(gateway, client_options());
  const auto first = dialled.client.first();
  const auto third = dialled.client.third(dialled.say(first));
  dialled.say(third);
  gateway.pass(31s);
  EXPECT_EQ(gateway.core.negotiating(), 0U);
  // The same messages, the same cookies, another key pair of ours.
  EXPECT_FALSE(dialled.say(first).empty());
  dialled.say(third);
  EXPECT_EQ(gateway.computations.size(), 2U);
  const auto fourth = gateway.compute();
  ASSERT_EQ(fourth.size(), 1U);
  dialled.path = dialled.natt;
  EXPECT_TRUE(dialled.client.finish(dialled.say(dialled.client.fifth(fourth.front().bytes))));
}

TEST(AsInitiator, ASilentGatewayIsGivenUp) {
  IkeNode client(client_settings());
  client.core.connect({endpoint(client_private, 500), endpoint(elastic_ip, 500), false}, client.now);
  std::size_t sent = client.settle().size() + client.pass(29s).size();
  EXPECT_GE(sent, 4U);
  EXPECT_LE(sent, 5U);
  client.pass(2s);
  EXPECT_EQ(client.core.negotiating(), 0U);
  EXPECT_TRUE(client.pass(60s).empty());
}

}  // namespace
}  // namespace espgate::test
