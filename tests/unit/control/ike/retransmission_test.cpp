// SPDX-License-Identifier: Apache-2.0
// Datagrams that are lost, come twice, come late or come again from elsewhere.
#include "tests/unit/control/ike/ike_lab.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t messages_of_both_modes = 9;

void dial_with_patience(IkeLab& lab, IkeLab::Client& client) {
  lab.connect(client);
  lab.pass(25s);
  ASSERT_NE(client.node.peer(), nullptr) << client.node.all_reports();
  ASSERT_TRUE(client.node.core.begin_quick_mode(client.node.peer()->id, client.node.now));
  lab.pass(25s);
}

void expect_one_of_everything(const IkeLab& lab, const IkeLab::Client& client) {
  EXPECT_EQ(lab.gateway.core.peers().size(), 1U);
  EXPECT_EQ(lab.gateway.core.half_open(), 0U);
  EXPECT_EQ(lab.gateway.core.negotiating(), 0U);
  EXPECT_EQ(lab.gateway.install_count, 1U);
  EXPECT_EQ(client.node.install_count, 1U);
  EXPECT_EQ(lab.gateway.computed, 1U);
  ASSERT_EQ(lab.gateway.installed.size(), 1U);
  ASSERT_EQ(client.node.installed.size(), 1U);
  EXPECT_EQ(lab.gateway.installed.begin()->second.key_in, client.node.installed.begin()->second.key_out);
  EXPECT_EQ(lab.gateway.peer()->ike_sas.size(), 1U);
}

TEST(Retransmission, ThereAreNineMessages) {
  IkeLab lab;
  auto& client = lab.add_client(client_settings(), nat_public, 2000);
  lab.connect_and_quick(client);
  EXPECT_EQ(lab.log.size(), messages_of_both_modes);
}

TEST(Retransmission, EachMessageLostOnce) {
  for (std::size_t lost = 0; lost < messages_of_both_modes; ++lost) {
    SCOPED_TRACE(lost);
    IkeLab lab;
    auto& client = lab.add_client(client_settings(), nat_public, 2000);
    std::size_t passed = 0;
    lab.on_wire = [&](const IkeLab::Datagram&) { return passed++ != lost; };
    dial_with_patience(lab, client);
    expect_one_of_everything(lab, client);
    // Nobody says the last one again: a packet on the new SA tells as much.
    if (lost == messages_of_both_modes - 1) {
      EXPECT_TRUE(lab.gateway.outbound.empty());
      lab.gateway.event(channel::EventType::first_packet, lab.gateway.installed.begin()->second);
    }
    EXPECT_EQ(lab.gateway.outbound.size(), 1U);
    EXPECT_EQ(lab.gateway.peer()->pairs.front()->state, ike::SaPair::State::live);
  }
}

TEST(Retransmission, EachMessageTwice) {
  IkeLab lab;
  auto& client = lab.add_client(client_settings(), nat_public, 2000);
  lab.on_wire = [&](const IkeLab::Datagram& datagram) {
    lab.deliver(datagram);
    return true;
  };
  dial_with_patience(lab, client);
  expect_one_of_everything(lab, client);
  EXPECT_EQ(lab.gateway.outbound.size(), 1U);
}

TEST(Retransmission, OldCopiesChangeNothing) {
  IkeLab lab;
  auto& client = lab.add_client(client_settings(), nat_public, 2000);
  lab.connect_and_quick(client);
  const std::string before = lab.gateway.digest(), client_before = client.node.digest();
  const auto log = lab.log;
  const auto outbound = lab.gateway.outbound;
  for (unsigned round = 0; round < 3; ++round) {
    for (const auto& datagram : log) {
      IkeNode& node = datagram.to_gateway ? lab.gateway : client.node;
      for (const auto& answer : node.give(datagram.path, datagram.bytes)) {
        // At most what was said before, word by word.
        EXPECT_TRUE(std::ranges::any_of(log, [&](const auto& each) { return each.bytes == answer.bytes; }));
      }
    }
  }
  EXPECT_EQ(lab.gateway.digest(), before);
  EXPECT_EQ(client.node.digest(), client_before);
  EXPECT_EQ(lab.gateway.outbound, outbound);
  EXPECT_EQ(lab.gateway.core.half_open(), 0U);
  expect_one_of_everything(lab, client);
}

TEST(Retransmission, OldCopiesFromElsewhereChangeNothing) {
  IkeLab lab;
  auto& client = lab.add_client(client_settings(), nat_public, 2000);
  lab.connect_and_quick(client);
  const std::string before = lab.gateway.digest();
  for (const auto& datagram : lab.log) {
    ike::Path path = datagram.path;
    path.remote = endpoint("192.0.2.66", 4500);
    if (!datagram.to_gateway) continue;
    for (const auto& answer : lab.gateway.give(path, datagram.bytes)) {
      // Whoever replays the first message is answered as anybody who sends a first message.
      const auto message = wire::IsakmpMessage::parse(answer.bytes);
      if (answer.path.remote == path.remote) {
        EXPECT_FALSE(message->is_encrypted());
      }
    }
  }
  EXPECT_EQ(lab.gateway.digest(), before);
}

TEST(Retransmission, ALateFirstMessageMakesNoMoreThanAHalfOpenRecord) {
  IkeLab lab;
  auto& client = lab.add_client(client_settings(), nat_public, 2000);
  lab.connect_and_quick(client);
  const auto log = lab.log;
  lab.pass(10min);
  const std::string before = lab.gateway.digest();
  for (const auto& datagram : log)
    if (datagram.to_gateway) lab.gateway.give(datagram.path, datagram.bytes);
  EXPECT_EQ(lab.gateway.digest(), before);
  EXPECT_EQ(lab.gateway.core.half_open(), 1U);
  EXPECT_EQ(lab.gateway.computed, 1U);
  lab.pass(1min);
  EXPECT_EQ(lab.gateway.core.half_open(), 0U);
}

// Whatever the network does, both ends agree on each pair that both have, and the gateway makes one pair for
// each quick mode at most.
TEST(Retransmission, AChaoticNetwork) {
  std::size_t connected = 0;
  for (unsigned seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(seed);
    IkeLab lab;
    auto& client = lab.add_client(client_settings(), nat_public, 2000);
    std::mt19937 dice(seed);
    lab.on_wire = [&](IkeLab::Datagram& datagram) {
      const auto roll = dice() % 100;
      if (roll < 15) return false;
      if (roll < 30) lab.deliver(datagram);
      if (roll >= 30 && roll < 45 && !lab.queue.empty()) {
        lab.queue.push_back(datagram);
        return false;
      }
      if (roll >= 45 && roll < 55) {
        const auto old = lab.log[dice() % lab.log.size()];
        lab.deliver(old);
      }
      return true;
    };
    lab.connect(client);
    lab.pass(25s);
    if (client.node.peer() == nullptr) continue;
    client.node.core.begin_quick_mode(client.node.peer()->id, client.node.now);
    lab.pass(25s);
    ASSERT_LE(lab.gateway.core.peers().size(), 1U);
    ASSERT_LE(lab.gateway.install_count, 1U);
    ASSERT_LE(client.node.install_count, 1U);
    if (client.node.installed.empty()) continue;
    ++connected;
    ASSERT_EQ(lab.gateway.installed.size(), 1U);
    EXPECT_EQ(lab.gateway.installed.begin()->second.key_in, client.node.installed.begin()->second.key_out);
    EXPECT_EQ(lab.gateway.installed.begin()->second.key_out, client.node.installed.begin()->second.key_in);
  }
  EXPECT_GT(connected, 100U);
}

TEST(Retransmission, TheSameFirstMessageGetsTheSameCookie) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  const auto first = dialled.client.first();
  const auto second = dialled.say(first);
  EXPECT_EQ(dialled.say(first), second);
  gateway.pass(20s);
  EXPECT_EQ(dialled.say(first), second);
  EXPECT_EQ(gateway.core.half_open(), 1U);
  // From another port it is another client.
  dialled.path.remote.port = 501;
  EXPECT_NE(dialled.say(first), second);
  EXPECT_EQ(gateway.core.half_open(), 2U);
}

TEST(Retransmission, TheCookieStaysWhileTheSecretChanges) {
  IkeNode gateway(gateway_settings());
  gateway.pass(110s);
  Dialled dialled(gateway, client_options());
  const auto first = dialled.client.first();
  const auto second = dialled.say(first);
  gateway.pass(15s);  // over the change
  EXPECT_EQ(dialled.say(first), second);
  EXPECT_EQ(gateway.core.half_open(), 1U);
  EXPECT_FALSE(dialled.say(dialled.client.third(second)).empty());
  EXPECT_TRUE(dialled.say(first).empty());
  EXPECT_EQ(gateway.core.half_open(), 0U);
}

TEST(Retransmission, AThirdMessageFromElsewhereIsRefused) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  const auto third = dialled.client.third(dialled.say(dialled.client.first()));
  const ike::Path right = dialled.path;
  for (const auto& remote : {endpoint("192.0.2.66", 500), endpoint(nat_public, 501)}) {
    dialled.path.remote = remote;
    EXPECT_TRUE(dialled.say(third).empty());
  }
  EXPECT_EQ(gateway.refused(ike::Reason::wrong_address), 2U);
  EXPECT_EQ(gateway.computed, 0U);
  dialled.path = right;
  EXPECT_FALSE(dialled.say(third).empty());
  EXPECT_EQ(gateway.computed, 1U);
}

TEST(Retransmission, WhileKeysAreComputedNothingIsBegunTwice) {
  IkeNode gateway(gateway_settings());
  gateway.hold_computations = true;
  Dialled dialled(gateway, client_options());
  const auto third = dialled.client.third(dialled.say(dialled.client.first()));
  EXPECT_TRUE(dialled.say(third).empty());
  EXPECT_TRUE(dialled.say(third).empty());
  EXPECT_EQ(gateway.computations.size(), 1U);
  auto fourth = gateway.compute();
  ASSERT_EQ(fourth.size(), 1U);
  EXPECT_EQ(dialled.say(third), fourth.front().bytes);
  EXPECT_EQ(gateway.computed, 1U);
}

TEST(Retransmission, AQuickModeComesBackOnlyAsItsStoredAnswer) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  gateway.hold_installs = true;
  IkeClient::Quick quick;
  const auto first = dialled.client.quick_first(quick);
  EXPECT_TRUE(dialled.say(first).empty());
  EXPECT_TRUE(dialled.say(first).empty());  // still being installed
  EXPECT_EQ(gateway.install_count, 1U);
  const auto second = gateway.install();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(dialled.say(first), second.front().bytes);
  dialled.say(dialled.client.quick_third(quick, second.front().bytes));
  EXPECT_EQ(gateway.peer()->pairs.front()->state, ike::SaPair::State::live);
  // It is over: neither the first nor the third means anything any more, not even a day later.
  EXPECT_TRUE(dialled.say(first).empty());
  gateway.highest[gateway.installed.begin()->first] = 1;
  for (unsigned i = 0; i < 10; ++i) {
    gateway.pass(1min);
    gateway.highest.begin()->second += 1;
  }
  EXPECT_TRUE(dialled.say(first).empty());
  EXPECT_EQ(gateway.refused(ike::Reason::repeated_message_id), 2U);
  EXPECT_EQ(gateway.install_count, 1U);
}

}  // namespace
}  // namespace espgate::test
