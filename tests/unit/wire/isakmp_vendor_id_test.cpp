// SPDX-License-Identifier: Apache-2.0
#include "wire/isakmp_vendor_id.h"

#include "tests/unit/wire/bytes.h"

#include <set>

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

struct Case {
  IsakmpVendor vendor;
  std::string_view hex;
};

// Each is the MD5 of its text (printf 'RFC 3947' | md5sum) but those of DPD, XAUTH and Cisco.
constexpr Case cases[] = {
    {IsakmpVendor::rfc3947, "4a131c81070358455c5728f20e95452f"},
    {IsakmpVendor::nat_t_draft_00, "4485152d18b6bbcd0be8a8469579ddcc"},
    {IsakmpVendor::nat_t_draft_01, "16f6ca16e4a4066d83821a0f0aeaa862"},
    {IsakmpVendor::nat_t_draft_02, "cd60464335df21f87cfdb2fc68b6a448"},
    {IsakmpVendor::nat_t_draft_02_newline, "90cb80913ebb696e086381b5ec427b1f"},
    {IsakmpVendor::nat_t_draft_03, "7d9419a65310ca6f2c179d9215529d56"},
    {IsakmpVendor::nat_t_draft_later, "9909b64eed937c6573de52ace952fa6b"},
    {IsakmpVendor::nat_t_draft_later, "80d0bb3def54565ee84645d4c85ce3ee"},
    {IsakmpVendor::nat_t_draft_later, "4d1e0e136deafa34c4f3ea9f02ec7285"},
    {IsakmpVendor::nat_t_draft_later, "439b59f8ba676c4c7737ae22eab8f582"},
    {IsakmpVendor::nat_t_draft_later, "8f8d83826d246b6fc7a8a6a428c11de8"},
    {IsakmpVendor::apple_nat_t, "4df37928e9fc4fd1b3262170d515c662"},
    {IsakmpVendor::dpd, "afcad71368a1f1c96b8696fc77570100"},
    {IsakmpVendor::fragmentation, "4048b7d56ebce88525e7de7f00d6c2d3"},
    {IsakmpVendor::fragmentation, "4048b7d56ebce88525e7de7f00d6c2d380000000"},
    {IsakmpVendor::fragmentation, "4048b7d56ebce88525e7de7f00d6c2d3c0000000"},
    {IsakmpVendor::xauth, "09002689dfd6b712"},
    {IsakmpVendor::cisco_unity, "12f5f28c457168a9702d9fe274cc0100"},
    {IsakmpVendor::microsoft, "1e2b516905991c7d7c96fcbfb587e461"},
    {IsakmpVendor::microsoft, "1e2b516905991c7d7c96fcbfb587e46100000009"},
    {IsakmpVendor::ms_initial_contact, "26244d38eddb61b3172a36e3d0cfb819"},
    {IsakmpVendor::ms_negotiation_discovery, "fb1de3cdf341b7ea16b7e5be0855f120"},
    {IsakmpVendor::ike_cga, "e3a5966a76379fe707228231e5ce8652"},
    {IsakmpVendor::ms_authip, "214ca4faffa7f32d6748e5303395ae83"},
    {IsakmpVendor::ms_nlbs, "72872b95fcda2eb708efe322119b4971"},
    {IsakmpVendor::racoon, "7003cbc1097dbe9c2600ba6983bc8b35"},
    {IsakmpVendor::strongswan, "882fe56d6fd20dbc2251613b2ebe5beb"},
};

TEST(IsakmpVendor, IsRecognisedByItsBytes) {
  for (const auto& c : cases) {
    const auto bytes = from_hex(c.hex);
    EXPECT_EQ(to_string(recognise(bytes)), to_string(c.vendor)) << c.hex;
  }
}

TEST(IsakmpVendor, IsUnknownWhenAByteIsMissingWrongOrTooMany) {
  for (const auto& c : cases) {
    const auto bytes = from_hex(c.hex);
    const std::size_t id_bytes = std::min<std::size_t>(bytes.size(), 16);
    for (std::size_t length = 0; length < id_bytes; ++length) {
      EXPECT_EQ(recognise(Bytes(bytes).first(length)), IsakmpVendor::unknown) << c.hex;
    }
    for (std::size_t at = 0; at < id_bytes; ++at) {
      auto changed = bytes;
      changed[at] ^= std::byte{1};
      EXPECT_EQ(recognise(changed), IsakmpVendor::unknown) << c.hex;
    }
    auto longer = bytes;
    longer.push_back(std::byte{0});
    const bool may_be_longer = c.vendor == IsakmpVendor::microsoft || c.vendor == IsakmpVendor::fragmentation;
    EXPECT_EQ(recognise(longer) == c.vendor, may_be_longer) << c.hex;
  }
}

TEST(IsakmpVendor, HasTheBytesThatItIsRecognisedBy) {
  for (const auto& c : cases) {
    if (c.vendor == IsakmpVendor::nat_t_draft_later) continue;
    EXPECT_EQ(recognise(bytes_of(c.vendor)), c.vendor);
    EXPECT_EQ(to_hex(bytes_of(c.vendor)), c.hex.substr(0, 32));
  }
  EXPECT_TRUE(bytes_of(IsakmpVendor::unknown).empty());
  EXPECT_TRUE(bytes_of(IsakmpVendor::nat_t_draft_later).empty()) << "five of them";
}

TEST(IsakmpVendor, HasANameOfItsOwn) {
  std::set<std::string_view> names{to_string(IsakmpVendor::unknown)};
  std::set<IsakmpVendor> vendors{IsakmpVendor::unknown};
  for (const auto& c : cases) {
    names.insert(to_string(c.vendor));
    vendors.insert(c.vendor);
  }
  EXPECT_EQ(names.size(), vendors.size());
  EXPECT_FALSE(names.contains(""));
}

TEST(IsakmpVendor, KnowsMicrosoftsVersion) {
  const auto windows_10 = from_hex("1e2b516905991c7d7c96fcbfb587e461 00000009");
  EXPECT_EQ(microsoft_version(windows_10), 9u);
  EXPECT_EQ(microsoft_version(Bytes(windows_10).first(16)), std::nullopt) << "no version";
  EXPECT_EQ(microsoft_version(Bytes(windows_10).first(19)), std::nullopt) << "a cut version";
  EXPECT_EQ(microsoft_version(from_hex("4048b7d56ebce88525e7de7f00d6c2d3 80000000")), std::nullopt);
  EXPECT_EQ(microsoft_version({}), std::nullopt);
}

}  // namespace
}  // namespace espgate::wire
