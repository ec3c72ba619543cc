// SPDX-License-Identifier: Apache-2.0
// Pre-shared keys, identities and selectors: who is let in, and for what.
#include "tests/unit/control/ike/ike_lab.h"
#include "wire/isakmp_builder.h"
#include "wire/isakmp_payloads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using namespace std::chrono_literals;
using ike::Reason;
using testing::HasSubstr;
using wire::IsakmpIdType;
using wire::IsakmpNotifyType;

ike::Settings several_keys() {
  ike::Settings settings = gateway_settings();
  settings.psks.clear();
  settings.psks.push_back(psk("for everybody"));
  settings.psks.push_back(psk("for the office", {"198.51.100.0/24", "192.0.2.0/28"}));
  settings.psks.push_back(psk("for the very host", {"198.51.100.2/32"}));
  settings.psks.push_back(psk("for the office, new", {"198.51.100.0/24"}));
  return settings;
}

TEST(Psk, TheMostSpecificComesFirst) {
  const ike::Settings settings = several_keys();
  EXPECT_EQ(settings.psks_for(address("198.51.100.2")), (std::vector<std::size_t>{2, 1, 3, 0}));
  EXPECT_EQ(settings.psks_for(address("198.51.100.3")), (std::vector<std::size_t>{1, 3, 0}));
  EXPECT_EQ(settings.psks_for(address("192.0.2.9")), (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(settings.psks_for(address("192.0.2.200")), (std::vector<std::size_t>{0}));
}

TEST(Psk, EveryOneThatFitsTheAddressOpensTheFifthMessage) {
  for (const std::string key :
       {"for everybody", "for the office", "for the very host", "for the office, new"}) {
    IkeNode gateway(several_keys());
    auto options = client_options();
    options.psk = key;
    Dialled dialled(gateway, std::move(options));
    EXPECT_TRUE(dialled.main_mode()) << key;
    EXPECT_EQ(gateway.refused(Reason::authentication_failed), 0U);
  }
  // Not the others.
  IkeNode gateway(several_keys());
  auto options = client_options();
  options.psk = "for the very host";
  Dialled dialled(gateway, std::move(options), "198.51.100.3");
  EXPECT_FALSE(dialled.main_mode());
  EXPECT_EQ(gateway.refused(Reason::authentication_failed), 1U);
}

TEST(Psk, NoneForTheAddress) {
  ike::Settings settings = gateway_settings();
  settings.psks.clear();
  settings.psks.push_back(psk("for the office", {"192.0.2.0/24"}));
  IkeNode gateway(std::move(settings));
  Dialled dialled(gateway, client_options());
  EXPECT_TRUE(dialled.say(dialled.client.first()).empty());
  EXPECT_EQ(gateway.refused(Reason::no_psk), 1U);
  EXPECT_EQ(gateway.core.half_open(), 0U);
  EXPECT_THAT(gateway.journal(address(nat_public)), HasSubstr("[[ike.psk]]"));
}

TEST(Psk, AWrongOneChangesNothingAndTheRightOneAfterwardsSucceeds) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  dialled.messages[0] = dialled.client.first();
  dialled.messages[2] = dialled.client.third(dialled.say(dialled.messages[0]));
  const auto fourth = dialled.say(dialled.messages[2]);
  dialled.path = dialled.natt;
  dialled.client.options.psk = "not the key";
  const auto wrong = dialled.client.fifth(fourth);
  EXPECT_TRUE(dialled.say(wrong).empty());
  EXPECT_TRUE(dialled.say(wrong).empty());
  EXPECT_EQ(gateway.core.peers().size(), 0U);
  EXPECT_EQ(gateway.core.negotiating(), 1U);
  EXPECT_EQ(gateway.refused(Reason::authentication_failed), 2U);
  EXPECT_THAT(gateway.journal(address(nat_public)), HasSubstr("main mode bad x2"));
  EXPECT_THAT(gateway.journal(address(nat_public)), HasSubstr("the pre-shared key of gateway.toml:14:9"));
  // The third message is still answered as before.
  EXPECT_EQ(
      gateway.give({endpoint(gateway_private, 500), endpoint(nat_public, 500), false}, dialled.messages[2])
          .front()
          .bytes,
      fourth);
  dialled.client.options.psk = group_psk;
  EXPECT_TRUE(dialled.client.finish(dialled.say(dialled.client.fifth(fourth))));
  EXPECT_EQ(gateway.core.peers().size(), 1U);
  EXPECT_THAT(gateway.journal(address(nat_public)),
              HasSubstr("main mode good x1: authenticated as 10.10.1.2"));
}

TEST(Psk, NoKeyIsEverReported) {
  IkeNode gateway(several_keys());
  auto options = client_options();
  options.psk = "for everybody";
  Dialled dialled(gateway, std::move(options));
  ASSERT_TRUE(dialled.main_mode());
  auto wrong_options = client_options();
  wrong_options.psk = "not the key";
  Dialled wrong(gateway, std::move(wrong_options), nat_public, 777, 778);
  EXPECT_FALSE(wrong.main_mode());
  for (const auto& text : {gateway.all_reports(), gateway.journal(address(nat_public))}) {
    EXPECT_THAT(text, testing::Not(HasSubstr("for everybody")));
    EXPECT_THAT(text, testing::Not(HasSubstr("for the office")));
  }
}

TEST(FifthMessage, MustBeEncrypted) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  const auto fourth = dialled.say(dialled.client.third(dialled.say(dialled.client.first())));
  auto fifth = dialled.client.fifth(fourth);
  fifth[19] = std::byte{0};  // flags
  EXPECT_TRUE(dialled.say(fifth).empty());
  EXPECT_EQ(gateway.refused(Reason::not_encrypted), 1U);
  fifth[19] = std::byte{1};
  EXPECT_TRUE(dialled.client.finish(dialled.say(fifth)));
}

struct IdentityCase {
  std::vector<std::byte> body;
  std::string expected;
};

TEST(Identity, OfTheClientMayBeAnything) {
  const auto id = [](IsakmpIdType type, std::vector<std::byte> data) {
    return wire::isakmp_identification(type, 0, 0, data);
  };
  const std::vector<IdentityCase> cases = {
      {id(IsakmpIdType::fqdn, text_bytes("laptop.example")), "laptop.example"},
      {id(IsakmpIdType::user_fqdn, text_bytes("alice@example.org")), "alice@example.org"},
      {id(IsakmpIdType::key_id, text_bytes("group")), "0x67726f7570"},
      {id(IsakmpIdType::ipv6_address, copy(address("2001:db8::1").bytes())), "2001:db8::1"},
      {IkeClient::l2tp_id("10.10.1.2", 500), "10.10.1.2 udp/500"},
  };
  for (const IdentityCase& each : cases) {
    IkeNode gateway(gateway_settings());
    auto options = client_options();
    options.identity = each.body;
    Dialled dialled(gateway, std::move(options));
    ASSERT_TRUE(dialled.main_mode());
    EXPECT_EQ(gateway.peer()->identity, each.expected);
  }
}

TEST(Identity, OfOursIsThePublicAddressOrAName) {
  for (const bool named : {false, true}) {
    ike::Settings settings = gateway_settings();
    if (named) settings.identity = "vpn.example.org";
    IkeNode gateway(std::move(settings));
    Dialled dialled(gateway, client_options());
    ASSERT_TRUE(dialled.main_mode());
    const auto id = wire::IsakmpIdentification::parse(dialled.client.gateway_identity->id_body);
    ASSERT_TRUE(id);
    EXPECT_TRUE(id->type == (named ? IsakmpIdType::fqdn : IsakmpIdType::ipv4_address));
    EXPECT_EQ(dialled.client.gateway_identity->identity, named ? "vpn.example.org" : elastic_ip);
  }
}

TEST(Selectors, OurAddressIsThePublicOrThePrivateOneAndIsEchoed) {
  const auto subnet = [](std::string_view of) {
    auto data = copy(wire::Bytes(address(of).bytes()).last(4));
    data.resize(8, std::byte{0xff});
    return wire::isakmp_identification(IsakmpIdType::ipv4_subnet, 17, 1701, data);
  };
  for (const auto& ours : {IkeClient::l2tp_id(elastic_ip), IkeClient::l2tp_id(gateway_private),
                           subnet(elastic_ip), subnet(gateway_private)}) {
    IkeNode gateway(gateway_settings());
    Dialled dialled(gateway, client_options());
    ASSERT_TRUE(dialled.main_mode());
    IkeClient::Quick quick;
    quick.id_gateway = ours;
    ASSERT_TRUE(dialled.quick_mode(quick)) << gateway.all_reports();
    EXPECT_EQ(gateway.peer()->pairs.front()->our_id, ours);
    EXPECT_EQ(gateway.peer()->pairs.front()->client_id, quick.id_client);
    EXPECT_EQ(std::ranges::count(quick.answered, wire::IsakmpPayloadType::identification), 2);
  }
}

TEST(Selectors, OfTheClientMayBeOfAnyTypeAndPort) {
  const auto id = [](IsakmpIdType type, std::vector<std::byte> data, std::uint16_t port) {
    return wire::isakmp_identification(type, 17, port, data);
  };
  struct Case {
    std::vector<std::byte> body;
    std::string inner;
    std::uint16_t port;
  };
  const std::vector<Case> cases = {
      {IkeClient::l2tp_id("10.10.1.2", 0), "10.10.1.2", 0},
      {IkeClient::l2tp_id("10.10.1.2", 50123), "10.10.1.2", 50123},
      {IkeClient::l2tp_id("198.51.100.2", 1701), "198.51.100.2", 1701},
      {IkeClient::l2tp_id("0.0.0.0", 1701), "10.10.1.2", 1701},  // behind NAT64: NAT-OA says more
      {id(IsakmpIdType::fqdn, text_bytes("xp-machine"), 1701), "10.10.1.2", 1701},
      {id(IsakmpIdType::ipv6_address, copy(address("2001:db8::7").bytes()), 1701), "2001:db8::7", 1701},
      {id(IsakmpIdType::key_id, text_bytes("k"), 0), "10.10.1.2", 0},
  };
  for (const Case& each : cases) {
    IkeNode gateway(gateway_settings());
    Dialled dialled(gateway, client_options());
    ASSERT_TRUE(dialled.main_mode());
    IkeClient::Quick quick;
    quick.id_client = each.body;
    quick.nat_oa = true;
    ASSERT_TRUE(dialled.quick_mode(quick)) << gateway.all_reports();
    EXPECT_EQ(gateway.peer()->pairs.front()->inner.to_string(), each.inner);
    EXPECT_EQ(gateway.peer()->pairs.front()->client_port, each.port);
  }
}

// What is refused in quick mode, with the reason and what the client is told.
struct RefusedCase {
  std::string name;
  Reason reason;
  std::optional<IsakmpNotifyType> notify;
  std::function<void(IkeClient::Quick&)> shape;
};

void expect_refused(const RefusedCase& each) {
  SCOPED_TRACE(each.name);
  ike::Settings settings = gateway_settings();
  settings.allowed_client_networks = {{wire::Ipv4Prefix::from_string("10.0.0.0/8").value(), false},
                                      {wire::Ipv4Prefix::from_string("10.40.0.0/16").value(), true}};
  IkeNode gateway(std::move(settings));
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  IkeClient::Quick quick;
  each.shape(quick);
  EXPECT_FALSE(dialled.quick_mode(quick));
  EXPECT_EQ(gateway.refused(each.reason), 1U) << gateway.all_reports();
  EXPECT_EQ(gateway.install_count, 0U);
  EXPECT_TRUE(gateway.peer()->pairs.empty());
  EXPECT_TRUE(gateway.peer()->ike_sas.front()->exchanges.empty());
  EXPECT_THAT(gateway.journal(address(nat_public)), HasSubstr("quick mode bad"));
  // The failed one is answered by a protected notification, never by a second message.
  dialled.answers = gateway.give(dialled.path, dialled.client.quick_first(quick));
  EXPECT_TRUE(dialled.answers.empty()) << "the same message id again";
  quick.message_id = 0;
  dialled.answers = gateway.give(dialled.path, dialled.client.quick_first(quick));
  const auto heard = dialled.heard();
  ASSERT_EQ(heard.has_value(), each.notify.has_value());
  if (!heard) return;
  const auto notification = wire::IsakmpNotification::parse(heard->body);
  ASSERT_TRUE(notification);
  EXPECT_TRUE(notification->type == *each.notify);
  // Nothing was used up by it.
  IkeClient::Quick good;
  EXPECT_TRUE(dialled.quick_mode(good)) << dialled.client.problem;
}

std::vector<std::byte> offer(std::uint16_t mode, std::uint8_t protocol = 3, std::uint8_t transform = 12) {
  wire::IsakmpSaBuilder builder;
  const std::array spi = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  builder.begin_proposal(1, protocol, spi);
  builder.begin_transform(1, transform);
  builder.attribute(wire::IpsecAttribute::encapsulation_mode, mode);
  builder.attribute(wire::IpsecAttribute::authentication_algorithm, std::uint64_t{2});
  if (transform == 12) builder.attribute(wire::IpsecAttribute::key_length, std::uint64_t{256});
  return builder.finish();
}

std::vector<std::byte> offer_with_compression() {
  wire::IsakmpSaBuilder builder;
  const std::array spi = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  const std::array cpi = {std::byte{1}, std::byte{2}};
  builder.begin_proposal(1, wire::IsakmpProtocol::esp, spi).begin_transform(1, wire::EspTransformId::aes_cbc);
  builder.attribute(wire::IpsecAttribute::encapsulation_mode, std::uint64_t{4});
  builder.attribute(wire::IpsecAttribute::authentication_algorithm, std::uint64_t{2});
  builder.attribute(wire::IpsecAttribute::key_length, std::uint64_t{256});
  builder.begin_proposal(1, wire::IsakmpProtocol::ipcomp, cpi).begin_transform(1, std::uint8_t{2});
  builder.attribute(wire::IpsecAttribute::encapsulation_mode, std::uint64_t{4});
  return builder.finish();
}

TEST(QuickMode, RefusesWhatIsNotL2tpInTransportMode) {
  using Quick = IkeClient::Quick;
  const auto invalid_id = IsakmpNotifyType::invalid_id_information;
  const auto no_proposal = IsakmpNotifyType::no_proposal_chosen;
  const std::vector<RefusedCase> cases = {
      {"another port of ours", Reason::bad_selectors, invalid_id,
       [](Quick& quick) { quick.id_gateway = IkeClient::l2tp_id(elastic_ip, 80); }},
      {"any port of ours", Reason::bad_selectors, invalid_id,
       [](Quick& quick) { quick.id_gateway = IkeClient::l2tp_id(elastic_ip, 0); }},
      {"another protocol", Reason::bad_selectors, invalid_id,
       [](Quick& quick) { quick.id_gateway = IkeClient::l2tp_id(elastic_ip, 1701, 6); }},
      {"any protocol", Reason::bad_selectors, invalid_id,
       [](Quick& quick) {
         quick.id_client = IkeClient::l2tp_id(client_private, 0, 0);
         quick.id_gateway = IkeClient::l2tp_id(elastic_ip, 0, 0);
       }},
      {"another protocol at the client", Reason::bad_selectors, invalid_id,
       [](Quick& quick) { quick.id_client = IkeClient::l2tp_id(client_private, 1701, 6); }},
      {"a foreign address of ours", Reason::bad_selectors, invalid_id,
       [](Quick& quick) { quick.id_gateway = IkeClient::l2tp_id("203.0.113.11"); }},
      {"a network behind us", Reason::bad_selectors, invalid_id,
       [](Quick& quick) {
         quick.id_gateway =
             wire::isakmp_identification(IsakmpIdType::ipv4_subnet, 17, 1701, std::vector<std::byte>(8));
       }},
      {"no identities", Reason::bad_selectors, invalid_id, [](Quick& quick) { quick.ids = false; }},
      {"a foreign network", Reason::bad_network, invalid_id,
       [](Quick& quick) { quick.id_client = IkeClient::l2tp_id("172.16.0.1"); }},
      {"an excluded network", Reason::bad_network, invalid_id,
       [](Quick& quick) { quick.id_client = IkeClient::l2tp_id("10.40.0.9"); }},
      {"tunnel mode", Reason::tunnel_mode, no_proposal, [](Quick& quick) { quick.sa_body = offer(1); }},
      {"encapsulated tunnel mode", Reason::tunnel_mode, no_proposal,
       [](Quick& quick) { quick.sa_body = offer(3); }},
      {"the drafts' tunnel mode", Reason::tunnel_mode, no_proposal,
       [](Quick& quick) { quick.sa_body = offer(61443); }},
      {"compression", Reason::ip_compression, no_proposal,
       [](Quick& quick) { quick.sa_body = offer_with_compression(); }},
      {"AH", Reason::no_sa_proposal, no_proposal, [](Quick& quick) { quick.sa_body = offer(4, 2, 3); }},
      {"DES", Reason::no_sa_proposal, no_proposal, [](Quick& quick) { quick.sa_body = offer(4, 3, 2); }},
      {"no mode", Reason::no_sa_proposal, no_proposal, [](Quick& quick) { quick.sa_body = offer(0); }},
      {"a second SA payload", Reason::malformed, std::nullopt,
       [](Quick& quick) { quick.more.emplace_back(wire::IsakmpPayloadType::sa, offer(4)); }},
      {"a second nonce", Reason::malformed, std::nullopt,
       [](Quick& quick) {
         quick.more.emplace_back(wire::IsakmpPayloadType::nonce, std::vector<std::byte>(16));
       }},
  };
  for (const RefusedCase& each : cases) expect_refused(each);
}

TEST(QuickMode, APublicValueOfTheWrongLengthIsRefused) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  IkeClient::Quick quick;
  quick.sa_body = ike::offer_phase2({.suites = ike::preferred_suites(),
                                     .encapsulation_mode = 4,
                                     .group = crypto::DhGroup::modp2048,
                                     .lifetime_seconds = 3600,
                                     .spi = 0x1000});
  quick.group = crypto::DhGroup::curve25519;  // what it really sends
  EXPECT_FALSE(dialled.quick_mode(quick));
  EXPECT_EQ(gateway.refused(Reason::bad_key_exchange), 1U);
  EXPECT_EQ(gateway.computed, 1U);  // main mode's
}

TEST(QuickMode, APublicValueOfNoPointEndsTheExchangeOnly) {
  IkeNode gateway(gateway_settings());
  Dialled dialled(gateway, client_options());
  ASSERT_TRUE(dialled.main_mode());
  IkeClient::Quick quick;
  quick.group = crypto::DhGroup::ecp256;
  dialled.client.spoil = [](std::vector<std::byte>& rest) {
    // SA and nonce stay, the public value becomes no point of the curve.
    wire::IsakmpPayloadWalk walk(wire::IsakmpPayloadType::sa, rest);
    for (auto next = walk.next(); next && *next; next = walk.next()) {
      if ((*next)->type != wire::IsakmpPayloadType::key_exchange) continue;
      const auto at = static_cast<std::size_t>((*next)->body.data() - rest.data());
      std::fill_n(rest.begin() + static_cast<std::ptrdiff_t>(at), 64, std::byte{7});
    }
  };
  EXPECT_FALSE(dialled.quick_mode(quick));
  dialled.client.spoil = nullptr;
  EXPECT_EQ(gateway.refused(Reason::bad_key_exchange), 1U);
  EXPECT_TRUE(gateway.peer()->ike_sas.front()->exchanges.empty());
  IkeClient::Quick good;
  EXPECT_TRUE(dialled.quick_mode(good));
}

TEST(MainMode, APublicValueOfNoGroupMemberEndsIt) {
  IkeNode gateway(gateway_settings());
  auto options = client_options();
  options.suites = {{crypto::IkeCipher::aes_cbc, 256, crypto::IkeHash::sha1, crypto::DhGroup::ecp256}};
  Dialled dialled(gateway, std::move(options));
  auto third = dialled.client.third(dialled.say(dialled.client.first()));
  std::fill_n(third.begin() + 32, 64, std::byte{7});
  EXPECT_TRUE(dialled.say(third).empty());
  EXPECT_EQ(gateway.refused(Reason::bad_key_exchange), 1U);
  EXPECT_EQ(gateway.core.negotiating(), 0U);
}

TEST(FirstMessage, AnOfferTooLargeForARecordIsRefused) {
  IkeNode gateway(gateway_settings());
  auto options = client_options();
  options.suites.assign(40, options.suites.front());
  Dialled dialled(gateway, std::move(options));
  dialled.say(dialled.client.first());
  EXPECT_EQ(gateway.refused(Reason::offer_too_large), 1U);
  EXPECT_EQ(gateway.core.half_open(), 0U);
}

TEST(FirstMessage, NoProposalIsToldAFewTimesASecondOnly) {
  IkeNode gateway(gateway_settings());
  auto options = client_options();
  options.suites = {{crypto::IkeCipher::des3_cbc, 192, crypto::IkeHash::md5, crypto::DhGroup::modp1024}};
  std::size_t told = 0;
  for (unsigned i = 0; i < 500; ++i) {
    options.seed = i;
    Dialled dialled(gateway, options);
    const auto answer = dialled.say(dialled.client.first());
    if (answer.empty()) continue;
    ++told;
    const auto message = wire::IsakmpMessage::parse(answer);
    EXPECT_EQ(message->exchange(), wire::IsakmpExchange::informational);
    const auto payloads = ike::Payloads::read(message->payloads());
    const auto notification =
        wire::IsakmpNotification::parse(*payloads->one(wire::IsakmpPayloadType::notification, "N"));
    EXPECT_TRUE(notification->type == IsakmpNotifyType::no_proposal_chosen);
  }
  EXPECT_EQ(told, 100U);
  EXPECT_EQ(gateway.refused(Reason::no_proposal), 500U);
}

}  // namespace
}  // namespace espgate::test
