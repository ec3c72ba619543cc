// SPDX-License-Identifier: Apache-2.0
// What both sides say of their addresses, and what follows from it.
#include "tests/unit/control/ike/ike_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using namespace std::chrono_literals;
using ike::NatTraversal;
using wire::IsakmpVendor;

// The hash as a client computes it.
std::vector<std::byte> hash_of(const Dialled& dialled, const ike::Endpoint& of) {
  const auto& sa = dialled.client.sa;
  return copy(ike::nat_d_hash(sa.suite.hash, sa.cookies.initiator, sa.cookies.responder, of).span());
}

ike::Settings unforced() {
  ike::Settings settings = gateway_settings();
  settings.force_encapsulation = false;
  return settings;
}

TEST(NatD, OursIsOverThePublicAddressAndThePortThatWasAsked) {
  for (const std::uint16_t port : {std::uint16_t{500}, std::uint16_t{4500}}) {
    IkeNode gateway(unforced());
    Dialled dialled(gateway, client_options(), nat_public, 33333);
    dialled.path.local.port = port;
    dialled.path.natt = port == 4500;
    dialled.client.options.gateway.port = port;
    ASSERT_TRUE(dialled.main_mode());
    ASSERT_EQ(dialled.client.heard_nat_d.size(), 2U);
    EXPECT_EQ(dialled.client.heard_nat_d[0], hash_of(dialled, endpoint(nat_public, 33333)));
    EXPECT_EQ(dialled.client.heard_nat_d[1], hash_of(dialled, endpoint(elastic_ip, port)));
  }
}

TEST(NatD, ThePeersIsSpoiltByForceSoThatItEncapsulates) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options("192.0.2.7"), "192.0.2.7");
  ASSERT_TRUE(dialled.main_mode());
  EXPECT_NE(dialled.client.heard_nat_d[0], hash_of(dialled, endpoint("192.0.2.7", 500)));
  EXPECT_EQ(dialled.client.heard_nat_d[0].size(), dialled.client.heard_nat_d[1].size());
  // Ours is true: Windows would not talk to a gateway that seems translated.
  EXPECT_EQ(dialled.client.heard_nat_d[1], hash_of(dialled, endpoint(elastic_ip, 500)));
  EXPECT_TRUE(gateway.peer()->ike_sas.front()->udp_encapsulation);
}

TEST(NatD, AMicrosoftClientHearsItsOwnWordsAboutUs) {
  auto options = client_options();
  options.vendor_ids = IkeClient::microsoft_vendor_ids();
  // It dials an address that the gateway does not know of.
  options.gateway = endpoint("192.0.2.200", 500);
  for (const bool force : {true, false}) {
    IkeNode gateway(force ? gateway_settings() : unforced());
    Dialled dialled(gateway, options);
    ASSERT_TRUE(dialled.main_mode());
    EXPECT_EQ(dialled.client.heard_nat_d[1] == dialled.client.sent_nat_d[0], force);
    EXPECT_EQ(dialled.client.heard_nat_d[1],
              hash_of(dialled, endpoint(force ? "192.0.2.200" : elastic_ip, 500)));
    EXPECT_TRUE(gateway.peer()->ike_sas.front()->udp_encapsulation);
  }
}

TEST(NatD, WhoDialsThePrivateAddressHearsOfThatOne) {
  IkeNode gateway(unforced());
  auto options = client_options("10.20.0.77");
  options.gateway = endpoint(gateway_private, 500);
  Dialled dialled(gateway, std::move(options), "10.20.0.77");
  dialled.float_to_natt = false;
  ASSERT_TRUE(dialled.main_mode());
  EXPECT_EQ(dialled.client.heard_nat_d[1], hash_of(dialled, endpoint(gateway_private, 500)));
  EXPECT_FALSE(gateway.peer()->ike_sas.front()->udp_encapsulation);
}

TEST(NatD, WithoutForceOnlyATranslatedPeerEncapsulates) {
  struct Case {
    std::string_view inside, outside;
    std::uint16_t port;
    bool encapsulates;
  };
  for (const Case& each :
       {Case{"192.0.2.7", "192.0.2.7", 500, false}, Case{"10.1.1.1", "192.0.2.7", 500, true},
        Case{"192.0.2.7", "192.0.2.7", 1234, true}}) {
    IkeNode gateway(unforced());
    Dialled dialled(gateway, client_options(each.inside), each.outside, each.port);
    dialled.float_to_natt = each.encapsulates;
    ASSERT_TRUE(dialled.main_mode());
    EXPECT_EQ(gateway.peer()->ike_sas.front()->udp_encapsulation, each.encapsulates);
    IkeClient::Quick quick;
    quick.encapsulation_mode = each.encapsulates ? 4 : 2;
    EXPECT_TRUE(dialled.quick_mode(quick)) << dialled.client.problem;
    IkeClient::Quick wrong;
    wrong.encapsulation_mode = each.encapsulates ? 2 : 4;
    EXPECT_FALSE(dialled.quick_mode(wrong));
    EXPECT_EQ(gateway.refused(ike::Reason::no_sa_proposal), 1U);
  }
}

TEST(NatD, AClientWithoutNatTraversalGetsPlainTransportMode) {
  IkeNode gateway(gateway_settings());
  auto options = client_options("192.0.2.7");
  options.vendor_ids.clear();
  Dialled dialled(gateway, std::move(options), "192.0.2.7");
  ASSERT_TRUE(dialled.main_mode());
  EXPECT_TRUE(dialled.client.heard_nat_d.empty());
  EXPECT_FALSE(gateway.peer()->ike_sas.front()->udp_encapsulation);
  IkeClient::Quick quick;
  quick.encapsulation_mode = 2;
  ASSERT_TRUE(dialled.quick_mode(quick)) << dialled.client.problem;
  EXPECT_FALSE(gateway.peer()->pairs.front()->udp_encapsulation());
  EXPECT_EQ(gateway.peer()->path.local.port, 500);
}

TEST(NatTraversalVersion, ExactlyTheBestOneIsAnswered) {
  struct Case {
    std::vector<std::vector<std::byte>> offered;
    NatTraversal chosen;
  };
  const auto ids = [](std::initializer_list<IsakmpVendor> vendors) { return IkeClient::vendor_ids(vendors); };
  const std::vector<Case> cases = {
      {ids({IsakmpVendor::nat_t_draft_02_newline, IsakmpVendor::rfc3947}), NatTraversal::rfc3947},
      {ids({IsakmpVendor::nat_t_draft_02, IsakmpVendor::nat_t_draft_03}), NatTraversal::draft_03},
      {ids({IsakmpVendor::nat_t_draft_02_newline, IsakmpVendor::nat_t_draft_02}), NatTraversal::draft_02},
      {ids({IsakmpVendor::nat_t_draft_02_newline}), NatTraversal::draft_02_newline},
      {ids({IsakmpVendor::nat_t_draft_00, IsakmpVendor::dpd}), NatTraversal::none},
      {IkeClient::microsoft_vendor_ids(), NatTraversal::rfc3947},
  };
  for (const Case& each : cases) {
    IkeNode gateway(gateway_settings());
    auto options = client_options();
    options.vendor_ids = each.offered;
    Dialled dialled(gateway, std::move(options));
    ASSERT_TRUE(dialled.main_mode());
    std::vector<NatTraversal> answered;
    for (const auto& id : dialled.client.heard_vendor_ids) {
      for (const NatTraversal version : {NatTraversal::draft_02_newline, NatTraversal::draft_02,
                                         NatTraversal::draft_03, NatTraversal::rfc3947})
        if (wire::recognise(id) == ike::vendor_of(version)) answered.push_back(version);
    }
    std::vector<NatTraversal> expected;
    if (each.chosen != NatTraversal::none) expected.push_back(each.chosen);
    EXPECT_EQ(answered, expected);
  }
}

TEST(NatOa, IsAnsweredWhenItWasSent) {
  for (const bool sent : {true, false}) {
    IkeNode gateway(gateway_settings());
    Dialled dialled(gateway, client_options());
    ASSERT_TRUE(dialled.main_mode());
    IkeClient::Quick quick;
    quick.nat_oa = sent;
    ASSERT_TRUE(dialled.quick_mode(quick));
    EXPECT_EQ(std::ranges::count(quick.answered, wire::IsakmpPayloadType::nat_oa), sent ? 2 : 0);
  }
}

TEST(NatMapping, PeerAndIkeSasFollowIt) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  IkeClient::Quick quick;
  ASSERT_TRUE(dialled.quick_mode(quick));
  const auto moved = endpoint("198.51.100.3", 61000);
  gateway.event(channel::EventType::nat_mapping, gateway.installed.begin()->second, moved);
  EXPECT_EQ(gateway.peer()->path.remote, moved);
  const auto sent = gateway.pass(40s);  // dead peer detection asks there
  ASSERT_FALSE(sent.empty());
  EXPECT_EQ(sent.front().path.remote, moved);
  EXPECT_TRUE(sent.front().path.natt);
  // Reauthentication from there joins.
  Dialled again(gateway, client_options(), "198.51.100.3", 61000, 61000);
  again.client.options.seed = 5;
  again.path = again.natt;
  again.client = IkeClient(again.client.options);
  ASSERT_TRUE(again.main_mode());
  EXPECT_EQ(gateway.core.peers().size(), 1U);
}

TEST(Keepalive, GoesToTranslatedPeersOnlyWhenAsked) {
  for (const int seconds : {0, 20}) {
    ike::Settings settings = gateway_settings();
    settings.keepalive = std::chrono::seconds(seconds);
    settings.dpd_delay = 0s;
    IkeNode gateway(std::move(settings));
    Dialled dialled(gateway, client_options());
    ASSERT_TRUE(dialled.main_mode());
    const auto sent = gateway.pass(105s);
    EXPECT_EQ(sent.size(), seconds == 0 ? 0U : 5U);
    for (const auto& each : sent) EXPECT_EQ(each.bytes, std::vector{std::byte{0xff}});
    // One that comes is nothing.
    EXPECT_TRUE(gateway.give(dialled.path, std::vector{std::byte{0xff}}).empty());
    EXPECT_EQ(gateway.refused(ike::Reason::malformed), 0U);
  }
}

}  // namespace
}  // namespace espgate::test
