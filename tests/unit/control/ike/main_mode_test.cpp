// SPDX-License-Identifier: Apache-2.0
// Both roles against each other, and a scripted client against the gateway, over everything negotiable.
#include "tests/unit/control/ike/ike_lab.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using crypto::DhGroup;
using crypto::IkeHash;
using ike::NatTraversal;
using wire::IsakmpVendor;

std::string hex(wire::Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

// Both ends have the one pair, each one's outbound half being the other's inbound half.
void expect_same_pair(const IkeNode& gateway, const IkeNode& client) {
  ASSERT_EQ(gateway.installed.size(), 1U) << gateway.all_reports();
  ASSERT_EQ(client.installed.size(), 1U) << client.all_reports();
  const InstalledPair& ours = gateway.installed.begin()->second;
  const InstalledPair& theirs = client.installed.begin()->second;
  EXPECT_EQ(ours.spi_in, theirs.spi_out);
  EXPECT_EQ(ours.spi_out, theirs.spi_in);
  EXPECT_EQ(ours.key_in, theirs.key_out);
  EXPECT_EQ(ours.key_out, theirs.key_in);
  EXPECT_NE(ours.key_in, ours.key_out);
  EXPECT_EQ(ours.suite, theirs.suite);
  EXPECT_EQ(ours.lifetime.seconds, theirs.lifetime.seconds);
  EXPECT_EQ(ours.lifetime.kilobytes, theirs.lifetime.kilobytes);
  EXPECT_EQ(gateway.outbound.at(ours.peer_id), ours.slot);
  EXPECT_EQ(client.outbound.at(theirs.peer_id), theirs.slot);
}

TEST(IkeLab, TwoNegotiatorsAgreeThroughNat) {
  IkeLab lab;
  auto& client = lab.add_client(client_settings(), nat_public, 40000);
  lab.connect_and_quick(client);
  expect_same_pair(lab.gateway, client.node);
  ASSERT_NE(lab.gateway.peer(), nullptr);
  EXPECT_EQ(lab.gateway.peer()->path.remote, endpoint(nat_public, 40001));
  EXPECT_TRUE(lab.gateway.peer()->path.natt);
  EXPECT_TRUE(lab.gateway.peer()->pairs.front()->udp_encapsulation());
  EXPECT_EQ(lab.gateway.peer()->identity, "10.10.1.2");
  EXPECT_EQ(client.node.peer()->identity, elastic_ip);
}

TEST(IkeLab, TwoNegotiatorsAgreeWithoutNat) {
  for (const bool force : {true, false}) {
    ike::Settings settings = gateway_settings();
    settings.force_encapsulation = force;
    IkeLab lab(std::move(settings));
    auto& client = lab.add_client(client_settings("192.0.2.7"), "");
    lab.connect_and_quick(client);
    expect_same_pair(lab.gateway, client.node);
    // The Elastic IP is known to the gateway, so nobody is behind a NAT and only force encapsulates.
    EXPECT_EQ(lab.gateway.peer()->path.natt, force);
    EXPECT_EQ(lab.gateway.peer()->pairs.front()->udp_encapsulation(), force);
    EXPECT_EQ(client.node.peer()->pairs.front()->udp_encapsulation(), force);
  }
}

TEST(IkeLab, NatIsFoundWithoutForce) {
  ike::Settings settings = gateway_settings();
  settings.force_encapsulation = false;
  IkeLab lab(std::move(settings));
  auto& client = lab.add_client(client_settings(), nat_public, 1024);
  lab.connect_and_quick(client);
  expect_same_pair(lab.gateway, client.node);
  EXPECT_TRUE(lab.gateway.peer()->pairs.front()->udp_encapsulation());
}

// Vendor ids are covered by no hash, so the network can turn one version of NAT traversal into another.
TEST(IkeLab, EveryVersionOfNatTraversal) {
  for (const NatTraversal version : {NatTraversal::draft_02_newline, NatTraversal::draft_02,
                                     NatTraversal::draft_03, NatTraversal::rfc3947}) {
    IkeLab lab;
    auto& client = lab.add_client(client_settings(), nat_public, 2000);
    lab.on_wire = [&](IkeLab::Datagram& datagram) {
      const auto from = wire::bytes_of(IsakmpVendor::rfc3947);
      const auto found = std::ranges::search(datagram.bytes, from);
      if (datagram.to_gateway && !found.empty())
        std::ranges::copy(wire::bytes_of(ike::vendor_of(version)), found.begin());
      return true;
    };
    lab.connect_and_quick(client);
    expect_same_pair(lab.gateway, client.node);
    const auto& pair = *lab.gateway.peer()->pairs.front();
    EXPECT_EQ(pair.offer.encapsulation_mode, version == NatTraversal::rfc3947 ? 4 : 61444);
    EXPECT_EQ(lab.gateway.peer()->ike_sas.front()->kind.nat_traversal, version);
  }
}

TEST(IkeLab, OurIdentityMayBeAName) {
  ike::Settings settings = gateway_settings();
  settings.identity = "vpn.example.org";
  IkeLab lab(std::move(settings));
  auto& client = lab.add_client(client_settings(), nat_public, 2000);
  lab.connect_and_quick(client);
  expect_same_pair(lab.gateway, client.node);
  EXPECT_EQ(client.node.peer()->identity, "vpn.example.org");
}

TEST(IkeLab, ShorterLifetimesAreTold) {
  ike::Settings settings = gateway_settings();
  settings.sa_lifetime = std::chrono::seconds(1800);
  settings.sa_lifetime_kilobytes = 5000;
  IkeLab lab(std::move(settings));
  auto& client = lab.add_client(client_settings(), nat_public, 2000);
  lab.connect_and_quick(client);
  expect_same_pair(lab.gateway, client.node);
  EXPECT_EQ(client.node.installed.begin()->second.lifetime.seconds, std::chrono::seconds(1800));
  EXPECT_EQ(client.node.installed.begin()->second.lifetime.kilobytes, 5000U);
}

TEST(MainMode, EverySuiteThatIsAcceptedUnasked) {
  const auto suites = every_suite({IkeHash::sha1, IkeHash::sha2_256, IkeHash::sha2_384, IkeHash::sha2_512},
                                  {DhGroup::modp2048, DhGroup::modp3072, DhGroup::modp4096, DhGroup::ecp256,
                                   DhGroup::ecp384, DhGroup::ecp521, DhGroup::curve25519});
  std::size_t accepted = 0;
  for (const ike::Phase1Suite& suite : suites) {
    if (!ike::Phase1Policy().accepts(suite)) continue;
    ++accepted;
    SCOPED_TRACE(suite.to_string());
    IkeNode gateway(gateway_settings());
    auto options = client_options();
    options.suites = {suite};
    Dialled dialled(gateway, std::move(options));
    ASSERT_TRUE(dialled.main_mode()) << dialled.client.problem << gateway.all_reports();
    EXPECT_EQ(gateway.peer()->ike_sas.front()->suite, suite);
    // Every ESP suite on it.
    for (const crypto::SuiteId id : ike::preferred_suites()) {
      SCOPED_TRACE(crypto::suite(id).name);
      IkeClient::Quick quick;
      quick.suites = {id};
      ASSERT_TRUE(dialled.quick_mode(quick)) << dialled.client.problem << gateway.all_reports();
      const InstalledPair* pair = gateway.pair_with_spi_in(quick.mode.spi_out);
      ASSERT_NE(pair, nullptr);
      EXPECT_EQ(pair->suite, id);
      EXPECT_EQ(pair->spi_out, quick.spi);
      EXPECT_EQ(pair->key_in, hex(dialled.client.key_out(quick).bytes()));
      EXPECT_EQ(pair->key_out, hex(dialled.client.key_in(quick).bytes()));
      EXPECT_EQ(pair->lifetime.seconds, std::chrono::seconds(3600));
    }
  }
  EXPECT_EQ(accepted, 3U * 4U * 7U);
  EXPECT_EQ(ike::preferred_suites().size(), 15U);
}

TEST(MainMode, LegacySuitesOnlyWhereNamed) {
  for (const ike::Phase1Suite& suite : every_suite(
           {IkeHash::md5, IkeHash::sha1}, {DhGroup::modp1024, DhGroup::modp1536, DhGroup::modp2048})) {
    if (ike::Phase1Policy().accepts(suite)) continue;
    SCOPED_TRACE(suite.to_string());
    for (const bool named : {false, true}) {
      ike::Settings settings = gateway_settings();
      if (named) settings.phase1.legacy = {suite};
      IkeNode gateway(std::move(settings));
      auto options = client_options();
      options.suites = {suite};
      Dialled dialled(gateway, std::move(options));
      EXPECT_EQ(dialled.main_mode(), named);
      if (named) continue;
      EXPECT_EQ(gateway.refused(ike::Reason::no_proposal), 1U);
      EXPECT_THAT(gateway.journal(address(nat_public)),
                  testing::HasSubstr(fmt::format("add \"{}\" to ike.legacy", suite.to_string())));
    }
  }
}

TEST(QuickMode, LegacySuitesOnlyWhereNamed) {
  std::size_t legacy = 0;
  for (std::size_t i = 0; i < crypto::suites().size(); ++i) {
    const crypto::Suite& suite = crypto::suites()[i];
    const bool negotiable =
        suite.esp_transform != 0 && suite.integrity != crypto::Integrity::hmac_sha2_256_96;
    if (!suite.legacy || !negotiable) continue;
    ++legacy;
    SCOPED_TRACE(suite.name);
    for (const bool named : {false, true}) {
      ike::Settings settings = gateway_settings();
      if (named) settings.legacy_esp = {static_cast<crypto::SuiteId>(i)};
      IkeNode gateway(std::move(settings));
      Dialled dialled(gateway, client_options());
      ASSERT_TRUE(dialled.main_mode());
      IkeClient::Quick quick;
      quick.suites = {static_cast<crypto::SuiteId>(i)};
      EXPECT_EQ(dialled.quick_mode(quick), named);
      EXPECT_EQ(gateway.refused(ike::Reason::no_sa_proposal), named ? 0U : 1U);
      if (named) {
        EXPECT_EQ(gateway.installed.begin()->second.key_in, hex(dialled.client.key_out(quick).bytes()));
      }
    }
  }
  EXPECT_GE(legacy, 13U);
}

TEST(QuickMode, PerfectForwardSecrecyWithEveryGroup) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  for (const crypto::DhGroup group : crypto::supported_groups()) {
    SCOPED_TRACE(crypto::to_string(group));
    for (const std::string_view name : {"aes256-sha1", "aes128gcm16"}) {
      IkeClient::Quick quick;
      quick.group = group;
      quick.suites = {crypto::find_suite(name).value()};
      ASSERT_TRUE(dialled.quick_mode(quick)) << dialled.client.problem << gateway.all_reports();
      const InstalledPair* pair = gateway.pair_with_spi_in(quick.mode.spi_out);
      ASSERT_NE(pair, nullptr);
      EXPECT_EQ(pair->key_in, hex(dialled.client.key_out(quick).bytes()));
      EXPECT_EQ(pair->key_out, hex(dialled.client.key_in(quick).bytes()));
    }
  }
}

TEST(QuickMode, LifetimesAreTheShorterOfBoth) {
  struct Case {
    std::uint32_t offered;
    std::int64_t ours, expected;
    bool told;
  };
  for (const Case& each : {Case{3600, 86400, 3600, false}, Case{3600, 3600, 3600, false},
                           Case{86400, 3600, 3600, true}, Case{604800, 86400, 86400, true}}) {
    ike::Settings settings = gateway_settings();
    settings.sa_lifetime = std::chrono::seconds(each.ours);
    IkeNode gateway(std::move(settings));
    Dialled dialled(gateway, client_options());
    ASSERT_TRUE(dialled.main_mode());
    IkeClient::Quick quick;
    quick.lifetime_seconds = each.offered;
    ASSERT_TRUE(dialled.quick_mode(quick));
    EXPECT_EQ(gateway.installed.begin()->second.lifetime.seconds.count(), each.expected);
    EXPECT_EQ(quick.mode.lifetime.seconds.count(), each.expected);
    const bool told = std::ranges::count(quick.answered, wire::IsakmpPayloadType::notification) == 1;
    EXPECT_EQ(told, each.told);
  }
}

TEST(MainMode, TheIkeSaLivesNoLongerThanOffered) {
  IkeNode gateway(gateway_settings());
  auto options = client_options();
  options.lifetime_seconds = 1000;
  Dialled dialled(gateway, std::move(options));
  ASSERT_TRUE(dialled.main_mode());
  EXPECT_EQ(gateway.peer()->ike_sas.front()->expires, gateway.now + std::chrono::seconds(1000));
}

TEST(MainMode, KeysCanBeSavedForWireshark) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  IkeClient::Quick quick;
  quick.suites = {crypto::find_suite("aes256-sha1").value()};
  ASSERT_TRUE(dialled.quick_mode(quick));
  ASSERT_EQ(gateway.saved_keys.size(), 3U);
  EXPECT_EQ(gateway.saved_keys[0].line, fmt::format("{:016x},{}", dialled.client.sa.cookies.initiator,
                                                    hex(dialled.client.sa.keys.cipher_key.bytes())));
  const std::string key = hex(dialled.client.key_out(quick).bytes());
  EXPECT_EQ(
      gateway.saved_keys[1].line,
      fmt::format(
          R"("IPv4","198.51.100.2","10.20.0.10","{:#010x}","AES-CBC [RFC3602]","0x{}","HMAC-SHA-1-96 [RFC2404]","0x{}")",
          quick.mode.spi_out, key.substr(0, 64), key.substr(64)));
}

}  // namespace
}  // namespace espgate::test
