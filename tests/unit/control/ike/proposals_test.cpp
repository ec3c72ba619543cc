// SPDX-License-Identifier: Apache-2.0
// What real clients offer, and what the gateway makes of it. The table of docs/proposals.md is made from
// these cases, and this test compares it.
#include "control/ike/phase1_proposal.h"
#include "control/ike/phase2_proposal.h"
#include "tests/ike_decrypted.h"
#include "wire/isakmp_builder.h"

#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

namespace ike = control::ike;
using Names = std::vector<std::string>;

// "aes256-sha1-modp2048" and the like, as one transform.
struct Parts {
  std::string cipher, hash, group;
};
Parts split(const std::string& name) {
  std::istringstream stream(name);
  Parts parts;
  std::getline(stream, parts.cipher, '-');
  std::getline(stream, parts.hash, '-');
  std::getline(stream, parts.group, '-');
  return parts;
}

std::uint64_t key_bits(const std::string& cipher) {
  return cipher.starts_with("aes") ? std::stoul(cipher.substr(3)) : 0;
}

std::uint64_t ike_hash(const std::string& name) {
  const std::map<std::string, std::uint64_t> numbers = {
      {"md5", 1}, {"sha1", 2}, {"sha256", 4}, {"sha384", 5}, {"sha512", 6}};
  return numbers.at(name);
}

// All transforms in one proposal, attributes in the order and form of Windows and racoon.
std::vector<std::byte> phase1_offer(const Names& names, std::uint32_t lifetime) {
  wire::IsakmpSaBuilder builder;
  builder.begin_proposal(1, wire::IsakmpProtocol::isakmp, {});
  std::uint8_t number = 0;
  for (const std::string& name : names) {
    const Parts parts = split(name);
    builder.begin_transform(++number, wire::IsakmpTransformId::key_ike);
    const std::uint64_t cipher = parts.cipher == "des" ? 1 : parts.cipher == "3des" ? 5 : 7;
    builder.attribute(wire::IkeAttribute::encryption, cipher);
    if (cipher == 7) builder.attribute(wire::IkeAttribute::key_length, key_bits(parts.cipher));
    builder.attribute(wire::IkeAttribute::hash, ike_hash(parts.hash));
    builder.attribute(wire::IkeAttribute::group_description,
                      std::uint64_t{static_cast<std::uint16_t>(crypto::find_dh_group(parts.group).value())});
    builder.attribute(wire::IkeAttribute::authentication, std::uint64_t{1});
    builder.attribute(wire::IkeAttribute::life_type, std::uint64_t{1});
    std::array<std::byte, 4> seconds = {};
    wire::store_big_endian(seconds.data(), lifetime);
    builder.attribute_bytes(wire::IkeAttribute::life_duration, seconds);
  }
  return builder.finish();
}

std::vector<std::byte> phase2_offer(const Names& names, std::uint32_t lifetime, std::uint32_t kilobytes) {
  wire::IsakmpSaBuilder builder;
  const std::array spi = {std::byte{0x12}, std::byte{0x34}, std::byte{0x56}, std::byte{0x78}};
  std::uint8_t number = 0;
  for (const std::string& name : names) {
    const Parts parts = split(name);
    const bool gcm = parts.cipher.find("gcm16") != std::string::npos;
    builder.begin_proposal(++number, wire::IsakmpProtocol::esp, spi);
    const std::uint8_t transform = gcm                      ? 20
                                   : parts.cipher == "des"  ? 2
                                   : parts.cipher == "3des" ? 3
                                   : parts.cipher == "null" ? 11
                                                            : 12;
    builder.begin_transform(1, transform);
    builder.attribute(wire::IpsecAttribute::encapsulation_mode, std::uint64_t{4});
    if (transform == 12 || gcm)
      builder.attribute(wire::IpsecAttribute::key_length, key_bits(parts.cipher.substr(0, 6)));
    const std::map<std::string, std::uint64_t> numbers = {
        {"md5", 1}, {"sha1", 2}, {"sha256", 5}, {"sha384", 6}, {"sha512", 7}};
    if (!gcm) builder.attribute(wire::IpsecAttribute::authentication_algorithm, numbers.at(parts.hash));
    builder.attribute(wire::IpsecAttribute::life_type, std::uint64_t{1});
    std::array<std::byte, 4> duration = {};
    wire::store_big_endian(duration.data(), lifetime);
    builder.attribute_bytes(wire::IpsecAttribute::life_duration, duration);
    if (kilobytes == 0) continue;
    builder.attribute(wire::IpsecAttribute::life_type, std::uint64_t{2});
    wire::store_big_endian(duration.data(), kilobytes);
    builder.attribute_bytes(wire::IpsecAttribute::life_duration, duration);
  }
  return builder.finish();
}

Names times(const Names& left, const Names& right) {
  Names all;
  for (const auto& a : left)
    for (const auto& b : right) all.push_back(fmt::format("{}-{}", a, b));
  return all;
}

Names joined(std::initializer_list<Names> lists) {
  Names all;
  for (const Names& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

struct Client {
  std::string name, source;
  Names phase1, phase2;
  std::uint32_t ike_lifetime = 28800, sa_lifetime = 3600, kilobytes = 0;
  bool racoon = false;
  Names legacy = {};  // ike.legacy
  // What is expected; empty: refused.
  std::string phase1_choice, phase2_choice;
  // From a capture: the SA payloads as they were sent.
  std::vector<std::byte> phase1_body = {}, phase2_body = {};
};

ike::Phase1Suite suite_of(const std::string& name) {
  const Parts parts = split(name);
  const bool aes = parts.cipher.starts_with("aes");
  const std::map<std::string, crypto::IkeHash> hashes = {{"md5", crypto::IkeHash::md5},
                                                         {"sha1", crypto::IkeHash::sha1},
                                                         {"sha256", crypto::IkeHash::sha2_256},
                                                         {"sha384", crypto::IkeHash::sha2_384},
                                                         {"sha512", crypto::IkeHash::sha2_512}};
  return {aes ? crypto::IkeCipher::aes_cbc : crypto::IkeCipher::des3_cbc,
          static_cast<std::uint16_t>(aes ? key_bits(parts.cipher) : 192), hashes.at(parts.hash),
          crypto::find_dh_group(parts.group).value()};
}

std::vector<Client> documented() {
  const Names android1 = joined({times({"aes256"}, {"sha384-modp1024", "sha256-modp1024", "sha512-modp1024",
                                                    "sha1-modp1024", "md5-modp1024"}),
                                 times({"aes128"}, {"sha512-modp1024", "sha384-modp1024", "sha256-modp1024",
                                                    "sha1-modp1024", "md5-modp1024"}),
                                 times({"3des"}, {"sha256-modp1024", "sha1-modp1024", "md5-modp1024"}),
                                 times({"des"}, {"sha256-modp1024", "sha1-modp1024", "md5-modp1024"})});
  const Names android2 =
      times({"aes256", "aes128", "3des", "des"}, {"sha512", "sha384", "sha1", "sha256", "md5"});
  std::vector<Client> all;
  all.push_back({.name = "Windows 7 to 11",
                 .source = "documentation: users' logs of several servers",
                 .phase1 = {"aes256-sha1-ecp384", "aes128-sha1-ecp256", "aes256-sha1-modp2048",
                            "3des-sha1-modp2048", "3des-sha1-modp1024"},
                 .phase2 = {"aes256-sha1", "aes128-sha1", "3des-sha1", "des-sha1", "null-sha1"},
                 .kilobytes = 250000,
                 .phase1_choice = "aes256-sha1-ecp384",
                 .phase2_choice = "aes256-sha1"});
  all.push_back({.name = "macOS, iOS",
                 .source = "documentation: Apple's vpnd, ipsec_utils.c",
                 .phase1 = joined(
                     {times({"aes256"}, {"sha256-modp2048", "sha1-modp2048", "md5-modp2048",
                                         "sha512-modp2048", "sha256-modp1536", "sha1-modp1536",
                                         "md5-modp1536", "sha256-modp1024", "sha1-modp1024", "md5-modp1024"}),
                      times({"aes128", "3des"}, {"sha1-modp1024", "md5-modp1024"})}),
                 .phase2 = times({"aes256", "aes128", "3des"}, {"sha256", "sha1", "md5"}),
                 .ike_lifetime = 3600,
                 .phase1_choice = "aes256-sha256-modp2048",
                 .phase2_choice = "aes256-sha256"});
  all.push_back({.name = "Android up to 11",
                 .source = "documentation: its ipsec-tools, setup.c",
                 .phase1 = android1,
                 .phase2 = android2,
                 .sa_lifetime = 28800,
                 .racoon = true,
                 .phase1_choice = "",
                 .phase2_choice = "aes256-sha512"});
  all.push_back({.name = "Android up to 11, `ike.legacy = [\"aes256-sha1-modp1024\"]`",
                 .source = "documentation: its ipsec-tools, setup.c",
                 .phase1 = android1,
                 .phase2 = android2,
                 .sa_lifetime = 28800,
                 .racoon = true,
                 .legacy = {"aes256-sha1-modp1024"},
                 .phase1_choice = "aes256-sha1-modp1024",
                 .phase2_choice = "aes256-sha512"});
  all.push_back({.name = "Android up to 11, everything with modp1024 in `ike.legacy`",
                 .source = "documentation: its ipsec-tools, setup.c",
                 .phase1 = android1,
                 .phase2 = android2,
                 .sa_lifetime = 28800,
                 .racoon = true,
                 .legacy = {"aes256-sha384-modp1024", "aes256-sha256-modp1024", "aes256-sha512-modp1024",
                            "aes256-sha1-modp1024", "aes128-sha512-modp1024", "3des-sha1-modp1024"},
                 .phase1_choice = "aes256-sha512-modp1024",
                 .phase2_choice = "aes256-sha512"});
  all.push_back({.name = "ChromeOS",
                 .source = "documentation: shill, ipsec_connection.cc",
                 .phase1 = {"aes128-sha256-modp3072", "aes128-sha1-modp2048", "3des-sha1-modp1536",
                            "3des-sha1-modp1024"},
                 .phase2 = {"aes128gcm16", "aes128-sha256", "aes128-sha1", "3des-sha1", "3des-md5"},
                 .phase1_choice = "aes128-sha256-modp3072",
                 .phase2_choice = "aes128gcm16"});
  all.push_back({.name = "NetworkManager-l2tp from 1.2.16",
                 .source = "documentation: its README",
                 .phase1 = {"aes256-sha256-modp2048", "aes256-sha256-modp1536", "aes256-sha256-modp1024",
                            "aes256-sha1-modp2048", "aes256-sha1-modp1536", "aes256-sha1-modp1024",
                            "aes256-sha1-ecp384", "aes128-sha1-modp1024", "aes128-sha1-ecp256",
                            "3des-sha1-modp2048", "3des-sha1-modp1024"},
                 .phase2 = {"aes256-sha1", "aes128-sha1", "3des-sha1"},
                 .phase1_choice = "aes256-sha256-modp2048",
                 .phase2_choice = "aes256-sha1"});
  all.push_back({.name = "Linux as setup-ipsec-vpn's guide sets it up",
                 .source = "documentation: that guide",
                 .phase1 = {"aes128-sha1-modp2048"},
                 .phase2 = {"aes128-sha1"},
                 .phase1_choice = "aes128-sha1-modp2048",
                 .phase2_choice = "aes128-sha1"});
  return all;
}

// What of a real offer makes sense to us, in its order.
Names phase1_names(wire::Bytes body) {
  Names names;
  const auto sa = wire::IsakmpSa::parse(body);
  for (const auto& proposal : sa->proposals) {
    const auto transforms = proposal.list();
    for (const auto& transform : *transforms)
      if (const auto read = ike::read_phase1_transform(transform)) names.push_back(read->suite.to_string());
  }
  return names;
}

Names phase2_names(wire::Bytes body) {
  Names names;
  const auto sa = wire::IsakmpSa::parse(body);
  for (const auto& proposal : sa->proposals) {
    const auto transforms = proposal.list();
    for (const auto& transform : *transforms)
      if (const auto read = ike::read_phase2_transform(transform))
        names.emplace_back(crypto::suite(read->suite).name);
  }
  return names;
}

Client captured(const std::string& folder, std::string name, std::string phase1, std::string phase2,
                Names legacy = {}) {
  Client client = {.name = std::move(name),
                   .source = fmt::format("capture: tests/captures/{}", folder),
                   .phase1 = {},
                   .phase2 = {},
                   .legacy = std::move(legacy),
                   .phase1_choice = std::move(phase1),
                   .phase2_choice = std::move(phase2)};
  const auto capture = decrypt_ike(std::filesystem::path(ESPGATE_SOURCE_DIR) / "tests/captures" / folder);
  for (const DecryptedMessage& message : capture.messages) {
    const auto sa = find_payload(message, wire::IsakmpPayloadType::sa);
    if (!sa || !message.from_initiator) continue;
    auto& body = message.header.message_id.host() == 0 ? client.phase1_body : client.phase2_body;
    if (body.empty()) body = {sa->begin(), sa->end()};
  }
  client.phase1 = phase1_names(client.phase1_body);
  if (!client.phase2_body.empty()) client.phase2 = phase2_names(client.phase2_body);
  return client;
}

std::vector<Client> from_captures() {
  return {
      captured("aes128-sha1", "strongSwan 5.9, `aes128-sha1-modp2048!`", "aes128-sha1-modp2048",
               "aes128-sha1"),
      captured("aes256-sha256", "strongSwan 5.9, `aes256-sha256-modp2048!`", "aes256-sha256-modp2048",
               "aes256-sha256"),
      captured("aes128gcm16", "strongSwan 5.9, `aes128gcm16!`", "aes128-sha256-modp2048", "aes128gcm16"),
      captured("ss-default-proposals", "strongSwan 5.9, its default", "aes128-sha256-curve25519", ""),
      captured("ls-client-rekey", "Libreswan 4.10, `aes256-sha1;modp2048`", "aes256-sha1-modp2048",
               "aes256-sha1"),
      captured("dh2-3des", "strongSwan 5.9, `3des-sha1-modp1024!`", "", ""),
      captured("dh2-3des", "the same, `ike.legacy = [\"3des-sha1-modp1024\"]`", "3des-sha1-modp1024", "",
               {"3des-sha1-modp1024"}),
  };
}

std::vector<Client> every_client() {
  auto all = documented();
  for (auto& client : from_captures()) all.push_back(std::move(client));
  return all;
}

void expect_phase1(const Client& client) {
  const auto body =
      client.phase1_body.empty() ? phase1_offer(client.phase1, client.ike_lifetime) : client.phase1_body;
  const auto offer = wire::IsakmpSa::parse(body);
  ASSERT_TRUE(offer);
  ike::Phase1Policy policy;
  for (const auto& name : client.legacy) policy.legacy.push_back(suite_of(name));
  const auto choice = ike::choose_phase1(*offer, policy, client.racoon);
  EXPECT_EQ(choice ? choice->suite.to_string() : "", client.phase1_choice);
  if (!choice) {
    EXPECT_TRUE(client.phase1_choice.empty());
    EXPECT_EQ(choice.error().reason, ike::Reason::no_proposal);
    EXPECT_THAT(choice.error().text, testing::HasSubstr("to ike.legacy to allow it"));
    return;
  }
  if (client.phase1_body.empty()) {
    EXPECT_EQ(choice->lifetime_seconds, client.ike_lifetime);
  }
  // The answer is the chosen transform, attribute by attribute as it came.
  const auto answer_body = choice->answer();
  const auto answer = wire::IsakmpSa::parse(answer_body);
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->proposals.size(), 1U);
  const auto transforms = answer->proposals.front().list();
  ASSERT_EQ(transforms->size(), 1U);
  EXPECT_EQ(transforms->front().number, choice->transform_number);
  EXPECT_TRUE(std::ranges::equal(transforms->front().attributes, choice->attributes));
  EXPECT_FALSE(std::ranges::search(body, choice->attributes).empty());
}

void expect_phase2(const Client& client) {
  if (client.phase2.empty()) return;
  const auto body = client.phase2_body.empty()
                        ? phase2_offer(client.phase2, client.sa_lifetime, client.kilobytes)
                        : client.phase2_body;
  const auto offer = wire::IsakmpSa::parse(body);
  ASSERT_TRUE(offer);
  const auto choice =
      ike::choose_phase2(*offer, {.legacy = {}, .udp_encapsulation = true, .racoon = client.racoon});
  EXPECT_EQ(choice ? crypto::suite(choice->offer.suite).name : "", client.phase2_choice);
  if (!choice) return;
  if (client.phase2_body.empty()) {
    EXPECT_EQ(choice->offer.lifetime_seconds, client.sa_lifetime);
    EXPECT_EQ(choice->offer.lifetime_kilobytes, client.kilobytes);
    EXPECT_EQ(choice->peer_spi, 0x12345678U);
  }
  const auto answer_body = choice->answer(0xabcdef01);
  const auto answer = wire::IsakmpSa::parse(answer_body);
  ASSERT_TRUE(answer);
  EXPECT_EQ(wire::load_big_endian<std::uint32_t>(answer->proposals.front().spi.data()), 0xabcdef01U);
  EXPECT_EQ(answer->proposals.front().number, choice->proposal_number);
  const auto transforms = answer->proposals.front().list();
  EXPECT_TRUE(std::ranges::equal(transforms->front().attributes, choice->attributes));
}

class Offers : public testing::TestWithParam<Client> {};

TEST_P(Offers, AreChosenFromAsWeLike) {
  expect_phase1(GetParam());
  expect_phase2(GetParam());
}

std::string test_name(const testing::TestParamInfo<Client>& info) {
  std::string name = info.param.source.starts_with("capture") ? "FromCapture_" : "FromDocumentation_";
  for (const char letter : info.param.name)
    if (std::isalnum(static_cast<unsigned char>(letter)) != 0) name += letter;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Clients, Offers, testing::ValuesIn(every_client()), test_name);

std::string cell(const std::string& choice, bool offered) {
  return !offered ? "not captured" : choice.empty() ? "nothing: refused" : fmt::format("**{}**", choice);
}

TEST(ProposalsPage, HasTheTableThatTheseTestsMake) {
  std::string table =
      "| Client | Phase 1: offers | We choose | Phase 2: offers | We choose | Source "
      "|\n|---|---|---|---|---|---|\n";
  for (const Client& client : every_client()) {
    table += fmt::format(
        "| {} | {} | {} | {} | {} | {} |\n", client.name, fmt::join(client.phase1, ", "),
        cell(client.phase1_choice, true),
        client.phase2.empty() ? std::string("–") : fmt::format("{}", fmt::join(client.phase2, ", ")),
        cell(client.phase2_choice, !client.phase2.empty()), client.source);
  }
  std::ifstream file(ESPGATE_SOURCE_DIR "/docs/proposals.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(page, testing::HasSubstr(table)) << "the table is:\n" << table;
}

// strongSwan's default offer has transforms for AEADs, without an encryption attribute that IKEv1 knows.
TEST(Proposals, TransformsThatMakeNoSenseAreSkipped) {
  const Client client = captured("ss-default-proposals", "", "", "");
  std::size_t transforms = 0;
  const auto sa = wire::IsakmpSa::parse(client.phase1_body);
  for (const auto& proposal : sa->proposals) transforms += proposal.list()->size();
  EXPECT_GT(transforms, client.phase1.size());
  EXPECT_FALSE(client.phase1.empty());
}

TEST(Proposals, AWholeOfferIsLookedThroughNotTheFirstThatWillDo) {
  const auto body = phase1_offer({"3des-sha1-modp1024", "aes128-sha1-modp2048", "aes256-sha1-modp2048",
                                  "aes256-sha256-modp4096", "aes256-sha256-curve25519"},
                                 3600);
  const auto offer = wire::IsakmpSa::parse(body);
  const auto choice = ike::choose_phase1(*offer, {}, false);
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->suite.to_string(), "aes256-sha256-curve25519");
  EXPECT_EQ(choice->transform_number, 5);
}

// Old Androids cut SHA2-256 after 96 bits; nothing tells them from those that do not.
TEST(Proposals, RacoonGetsSha256OnlyIfThereIsNothingElse) {
  const auto choose = [](const Names& names) {
    const auto body = phase2_offer(names, 3600, 0);
    const auto offer = wire::IsakmpSa::parse(body);
    const auto choice = ike::choose_phase2(*offer, {.legacy = {}, .udp_encapsulation = true, .racoon = true});
    return std::string(crypto::suite(choice.value().offer.suite).name);
  };
  EXPECT_EQ(choose({"aes256-sha256", "aes256-sha1"}), "aes256-sha1");
  EXPECT_EQ(choose({"aes256-sha256", "aes256-sha512", "aes256-sha1"}), "aes256-sha512");
  EXPECT_EQ(choose({"aes256-sha256"}), "aes256-sha256");
}

TEST(Proposals, AKeyLengthThatIsNoneIsSkipped) {
  for (const std::uint64_t bits : {0U, 64U, 100U, 512U}) {
    wire::IsakmpSaBuilder builder;
    builder.begin_proposal(1, wire::IsakmpProtocol::isakmp, {});
    builder.begin_transform(1, wire::IsakmpTransformId::key_ike);
    builder.attribute(wire::IkeAttribute::encryption, std::uint64_t{7});
    if (bits != 0) builder.attribute(wire::IkeAttribute::key_length, bits);
    builder.attribute(wire::IkeAttribute::hash, std::uint64_t{2});
    builder.attribute(wire::IkeAttribute::group_description, std::uint64_t{14});
    builder.attribute(wire::IkeAttribute::authentication, std::uint64_t{1});
    const auto body = builder.finish();
    const auto offer = wire::IsakmpSa::parse(body);
    const auto choice = ike::choose_phase1(*offer, {}, false);
    ASSERT_FALSE(choice);
    EXPECT_THAT(choice.error().text, testing::HasSubstr("let the client offer AES-CBC"));
  }
}

}  // namespace
}  // namespace espgate::test
