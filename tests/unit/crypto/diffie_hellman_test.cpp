// SPDX-License-Identifier: Apache-2.0
#include "crypto/diffie_hellman.h"

#include "crypto/ike_hash.h"
#include "tests/unit/crypto/esp_oracle.h"

#include <ostream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>

namespace espgate::crypto {
std::ostream& operator<<(std::ostream& out, DhGroup group) { return out << to_string(group); }
}  // namespace espgate::crypto

namespace espgate::crypto::test {
namespace {

using testing::HasSubstr;

std::string sha256(View bytes) { return to_hex(hash(IkeHash::sha2_256, {bytes}).span()); }

DhKeyPair imported(DhGroup group, const Bytes& private_value) {
  auto pair = DhKeyPair::from_private(group, private_value);
  if (!pair) throw std::runtime_error(pair.error());
  return std::move(*pair);
}

std::string refusal(const DhKeyPair& pair, View peer) {
  const auto shared = pair.shared(peer);
  return shared ? "accepted" : shared.error();
}

Bytes bytes_of(BIGNUM* number, DhGroup group) {
  Bytes bytes(public_bytes(group));
  EXPECT_GT(
      BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())),
      0);
  BN_free(number);
  return bytes;
}

class EveryGroup : public testing::TestWithParam<DhGroup> {};
INSTANTIATE_TEST_SUITE_P(Group, EveryGroup,
                         testing::ValuesIn(supported_groups().begin(), supported_groups().end()),
                         [](const auto& instance) { return std::string(to_string(instance.param)); });

TEST_P(EveryGroup, TwoSidesAgree) {
  const DhGroup group = GetParam();
  const DhKeyPair ours = DhKeyPair::generate(group);
  const DhKeyPair theirs = DhKeyPair::generate(group);
  EXPECT_EQ(ours.public_value().size(), public_bytes(group));
  EXPECT_NE(to_hex(ours.public_value()), to_hex(theirs.public_value()));
  const auto here = ours.shared(theirs.public_value());
  const auto there = theirs.shared(ours.public_value());
  ASSERT_TRUE(here && there);
  EXPECT_EQ(here->size(), shared_bytes(group));
  EXPECT_EQ(to_hex(here->bytes()), to_hex(there->bytes()));
}

TEST_P(EveryGroup, RefusesAValueOfTheWrongLength) {
  const DhGroup group = GetParam();
  const DhKeyPair ours = DhKeyPair::generate(group);
  const DhKeyPair theirs = DhKeyPair::generate(group);
  const View right = theirs.public_value();
  const Bytes longer = joined({Bytes(1), right});
  EXPECT_EQ(refusal(ours, longer), "the peer's Diffie-Hellman value has " + std::to_string(right.size() + 1) +
                                       " bytes, but those of " + std::string(to_string(group)) + " have " +
                                       std::to_string(right.size()));
  EXPECT_THAT(refusal(ours, right.subspan(1)), HasSubstr("bytes, but those of"));
  EXPECT_THAT(refusal(ours, {}), HasSubstr("has 0 bytes"));
}

TEST_P(EveryGroup, RefusesZeros) {
  const DhKeyPair ours = DhKeyPair::generate(GetParam());
  EXPECT_NE(refusal(ours, Bytes(public_bytes(GetParam()))), "accepted");
}

TEST_P(EveryGroup, IsFoundByItsNameAndNumber) {
  EXPECT_EQ(find_dh_group(to_string(GetParam())), GetParam());
  EXPECT_TRUE(is_supported(static_cast<std::uint16_t>(GetParam())));
}

TEST_P(EveryGroup, MayBeUsedByManyThreads) {
  const DhGroup group = GetParam();
  const DhKeyPair theirs = DhKeyPair::generate(group);
  std::vector<std::string> secrets(8);
  {
    std::vector<std::jthread> threads;
    for (std::size_t at = 0; at < secrets.size(); at += 2) {
      threads.emplace_back([&, at] {
        const DhKeyPair ours = DhKeyPair::generate(group);
        const DhKeyPair copy = DhKeyPair::generate(group);
        secrets[at] = to_hex(ours.shared(copy.public_value()).value().bytes());
        secrets[at + 1] = to_hex(copy.shared(ours.public_value()).value().bytes());
      });
    }
  }
  for (std::size_t at = 0; at < secrets.size(); at += 2) EXPECT_EQ(secrets[at], secrets[at + 1]);
}

TEST(DiffieHellman, KnowsNoOtherGroups) {
  std::vector<unsigned> supported;
  for (unsigned number = 0; number <= 0xffff; ++number)
    if (is_supported(static_cast<std::uint16_t>(number))) supported.push_back(number);
  EXPECT_THAT(supported, testing::ElementsAre(2, 5, 14, 15, 16, 19, 20, 21, 31));
  EXPECT_EQ(to_string(DhGroup::modp768), "modp768");
  EXPECT_EQ(to_string(DhGroup{22}), "unknown");
  EXPECT_EQ(public_bytes(DhGroup::modp768), 0U);
  EXPECT_EQ(shared_bytes(DhGroup{22}), 0U);
  EXPECT_EQ(find_dh_group("modp768"), std::nullopt);
  EXPECT_EQ(find_dh_group(""), std::nullopt);
  EXPECT_THROW((void)DhKeyPair::generate(DhGroup::modp768), std::invalid_argument);
}

TEST(DiffieHellman, CanBeMoved) {
  DhKeyPair first = DhKeyPair::generate(DhGroup::ecp256);
  const std::string value = to_hex(first.public_value());
  const DhKeyPair theirs = DhKeyPair::generate(DhGroup::ecp256);
  const DhKeyPair second = std::move(first);
  EXPECT_EQ(to_hex(second.public_value()), value);
  EXPECT_EQ(to_hex(second.shared(theirs.public_value()).value().bytes()),
            to_hex(theirs.shared(second.public_value()).value().bytes()));
}

// Worked out by Python's integers, the primes from the digits of pi as RFC 2409 §6.2 and RFC 3526 define
// them. The values are given by their SHA2-256, of the full length: g^x and g^xy begin with a byte of zero,
// which must not get lost.
struct ModpVector {
  DhGroup group;
  const char* x;
  const char* y;
  const char* g_x;
  const char* g_y;
  const char* g_xy;
};

const std::vector<ModpVector> modp_vectors = {
    {DhGroup::modp1024, "1e843fdf21bdcc60edc65a68503622dd44a367b74daaf1a7aba73c0b67268985",
     "37dc950c783dc0abcfa048d1e7ceb6aae0059728ae800cadb2e007713f85c81e",
     "ba977ac7e1f2a56748fc6d934e87422b7db141455ce27f7f2083b64f9baca737",
     "4a9421a948e81d602775d6bc63ab0edf852bc74130e47e21c1ce28dea926b412",
     "a176e873089203c7e332a439aa3bf27d1e46e62474c02c0b9d99d41dc3ff67ff"},
    {DhGroup::modp1536, "743464778492ae585fccef59ed99f55ae3a2a472d256a2622592508ea0ba5ee1",
     "6f1a4cca55e0a4631df3f1b8bf2254592100712921371a62f5a1e13b09056cea",
     "bf71a40ca0e31d49013af3840463e6a0bbb5c752e17729c7542e1f4670594b7e",
     "e7c9529a4c1a8a849106383974b925b6d58fed725c85f6275415833f839b1636",
     "5cce8330e76d8b8a9c2f7641236299f5a188d6f78bf2016ca3bc1cca433b50f3"},
    {DhGroup::modp2048, "566b5d4a256c14bcab1bb4a0412a643688116b1b2782c4e5df95d1d5e80d6215",
     "55e8989c3b24a643b2659571a259e87ebe7950c7053f993b3e4cc287520ad14a",
     "bbb966d1183c285fc6e13f6d3fa16aa3d9d7551bebab4caedbaf89190661e92e",
     "e3a33904c166c361523608cb290a4f2a16b36cd49ee6825313469af1a6001da2",
     "bcaba9347070049957d1fe8391f951c36248372a8b4beb3334fd81ac0162bc4c"},
    {DhGroup::modp3072, "1bec8f6c4f401bb77d76b9b794338f6e233adb64c53a849d9a5019c7392920d1",
     "4b32a1ee777897d1670276c8af1aab2df68d1039dae327758028c3222ef59877",
     "c209af99d005e5aa94be08298f9cd306d362f74b0d45f8c2f1eba2a6a53a5409",
     "b8ef8b606e312851c9de0b026172fd675a42ac0f47fc1d3cd33d04155f67ccac",
     "4e7ae9a39b6d87909f6cc38299cdc2186cc64a1d2287f4e6439813561ec5d75c"},
    {DhGroup::modp4096, "30d2597d2ad4c8484f89d5dbbf3c9a8485a9aea8bc2edfe32106e6583ab897ec",
     "6828b91fff48a80e2fe21cb5486216dfae8adadc90fc6594a09250ab273fc1d3",
     "7fc821d292e9db0a9938837613d92188bc6cd463503e4d8a756c48552feecf3d",
     "f460c7366baf218df464a7cfd0286e108b6ded006add62c3324e4506bd52fa89",
     "b6c25a19a17274759db0b25b0a38dc2218bef076c8e09125b6d9c2dbff8cee74"},
};

TEST(DiffieHellman, ModpValuesAreThoseOfIndependentArithmetic) {
  for (const ModpVector& vector : modp_vectors) {
    SCOPED_TRACE(to_string(vector.group));
    const DhKeyPair ours = imported(vector.group, from_hex(vector.x));
    const DhKeyPair theirs = imported(vector.group, from_hex(vector.y));
    EXPECT_EQ(sha256(ours.public_value()), vector.g_x);
    EXPECT_EQ(ours.public_value().front(), std::byte{0});
    EXPECT_EQ(sha256(theirs.public_value()), vector.g_y);
    for (const auto& shared : {ours.shared(theirs.public_value()), theirs.shared(ours.public_value())}) {
      ASSERT_TRUE(shared) << shared.error();
      EXPECT_EQ(sha256(shared->bytes()), vector.g_xy);
      EXPECT_EQ(*shared->data(), std::byte{0});
    }
  }
}

TEST(DiffieHellman, ModpTakesValuesFromTwoToTheBound) {
  const std::vector<std::pair<DhGroup, BIGNUM* (*)(BIGNUM*)>> primes = {
      {DhGroup::modp1024, BN_get_rfc2409_prime_1024},
      {DhGroup::modp1536, BN_get_rfc3526_prime_1536},
      {DhGroup::modp2048, BN_get_rfc3526_prime_2048},
      {DhGroup::modp3072, BN_get_rfc3526_prime_3072},
      {DhGroup::modp4096, BN_get_rfc3526_prime_4096}};
  for (const auto& each : primes) {
    const DhGroup group = each.first;
    SCOPED_TRACE(to_string(group));
    const DhKeyPair ours = DhKeyPair::generate(group);
    const auto below_prime = [&](BN_ULONG distance) {
      BIGNUM* number = each.second(nullptr);
      EXPECT_EQ(BN_sub_word(number, distance), 1);
      return bytes_of(number, group);
    };
    const auto small = [&](unsigned value) {
      Bytes bytes(public_bytes(group));
      bytes.back() = static_cast<std::byte>(value);
      return bytes;
    };
    const std::string out_of_range =
        "the peer's Diffie-Hellman value is not between 2 and p-2 of " + std::string(to_string(group));
    EXPECT_EQ(refusal(ours, small(0)), out_of_range);
    EXPECT_EQ(refusal(ours, small(1)), out_of_range);
    EXPECT_EQ(refusal(ours, below_prime(1)), out_of_range);
    EXPECT_EQ(refusal(ours, below_prime(0)), out_of_range);
    EXPECT_EQ(refusal(ours, repeated(0xff, public_bytes(group))), out_of_range);
    EXPECT_EQ(refusal(ours, small(2)), "accepted");
    EXPECT_EQ(refusal(ours, small(0xff)), "accepted");
    EXPECT_EQ(refusal(ours, below_prime(2)), "accepted");
  }
}

struct EcpVector {
  const char* source;
  DhGroup group;
  const char* i;
  const char* g_i;
  const char* r;
  const char* g_r;
  const char* g_ir;
};

const std::vector<EcpVector> ecp_vectors = {
    {"RFC 5903 §8.1", DhGroup::ecp256, "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433",
     "DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180"
     "5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3",
     "C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53",
     "D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63"
     "56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB",
     "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE"},
    {"RFC 5903 §8.2", DhGroup::ecp384,
     "099F3C7034D4A2C699884D73A375A67F7624EF7C6B3C0F160647B67414DCE655E35B538041E649EE3FAEF896783AB194",
     "667842D7D180AC2CDE6F74F37551F55755C7645C20EF73E31634FE72B4C55EE6DE3AC808ACB4BDB4C88732AEE95F41AA"
     "9482ED1FC0EEB9CAFC4984625CCFC23F65032149E0E144ADA024181535A0F38EEB9FCFF3C2C947DAE69B4C634573A81C",
     "41CB0779B4BDB85D47846725FBEC3C9430FAB46CC8DC5060855CC9BDA0AA2942E0308312916B8ED2960E4BD55A7448FC",
     "E558DBEF53EECDE3D3FCCFC1AEA08A89A987475D12FD950D83CFA41732BC509D0D1AC43A0336DEF96FDA41D0774A3571"
     "DCFBEC7AACF3196472169E838430367F66EEBE3C6E70C416DD5F0C68759DD1FFF83FA40142209DFF5EAAD96DB9E6386C",
     "11187331C279962D93D604243FD592CB9D0A926F422E47187521287E7156C5C4D603135569B9E9D09CF5D4A270F59746"},
    {"RFC 5903 §8.3", DhGroup::ecp521,
     "0037ADE9319A89F4DABDB3EF411AACCCA5123C61ACAB57B5393DCE47608172A095AA85A30FE1C2952C6771D937BA9777F5957B2"
     "639BAB0"
     "72462F68C27A57382D4A52",
     "0015417E84DBF28C0AD3C278713349DC7DF153C897A1891BD98BAB4357C9ECBEE1E3BF42E00B8E380AEAE57C2D1075649418859"
     "42AF5A7"
     "F4601723C4195D176CED3E"
     "017CAE20B6641D2EEB695786D8C946146239D099E18E1D5A514C739D7CB4A10AD8A788015AC405D7799DC75E7B7D5B6CF2261A6"
     "A7F1507"
     "438BF01BEB6CA3926F9582",
     "0145BA99A847AF43793FDD0E872E7CDFA16BE30FDC780F97BCCC3F078380201E9C677D600B343757A3BDBF2A3163E4C2F869CCA"
     "7458AA4"
     "A4EFFC311F5CB151685EB9",
     "00D0B3975AC4B799F5BEA16D5E13E9AF971D5E9B984C9F39728B5E5739735A219B97C356436ADC6E95BB0352F6BE64A6C2912D4"
     "EF2D043"
     "3CED2B6171640012D9460F"
     "015C68226383956E3BD066E797B623C27CE0EAC2F551A10C2C724D9852077B87220B6536C5C408A1D2AEBB8E86D678AE49CB570"
     "91F4732"
     "296579AB44FCD17F0FC56A",
     "01144C7D79AE6956BC8EDB8E7C787C4521CB086FA64407F97894E5E6B2D79B04D1427E73CA4BAA240A34786859810C06B3C715A"
     "3A8CC31"
     "51F2BEE417996D19F3DDEA"}};

TEST(DiffieHellman, EcpValuesAreThoseOfRfc5903) {
  for (const EcpVector& vector : ecp_vectors) {
    SCOPED_TRACE(vector.source);
    const DhKeyPair initiator = imported(vector.group, from_hex(vector.i));
    const DhKeyPair responder = imported(vector.group, from_hex(vector.r));
    EXPECT_EQ(to_hex(initiator.public_value()), to_hex(from_hex(vector.g_i)));
    EXPECT_EQ(to_hex(responder.public_value()), to_hex(from_hex(vector.g_r)));
    const auto here = initiator.shared(responder.public_value());
    const auto there = responder.shared(initiator.public_value());
    ASSERT_TRUE(here && there);
    EXPECT_EQ(to_hex(here->bytes()), to_hex(from_hex(vector.g_ir)));
    EXPECT_EQ(to_hex(there->bytes()), to_hex(from_hex(vector.g_ir)));
  }
}

TEST(DiffieHellman, EcpRefusesPointsThatAreNotOnTheCurve) {
  for (const EcpVector& vector : ecp_vectors) {
    SCOPED_TRACE(vector.source);
    const DhKeyPair ours = DhKeyPair::generate(vector.group);
    Bytes other_y = from_hex(vector.g_r);
    other_y.back() ^= std::byte{1};
    const std::string off_curve = "the peer's Diffie-Hellman value is not a point on the curve of " +
                                  std::string(to_string(vector.group));
    EXPECT_EQ(refusal(ours, other_y), off_curve);
    EXPECT_EQ(refusal(ours, repeated(0xff, public_bytes(vector.group))), off_curve) << "coordinates beyond p";
    EXPECT_EQ(refusal(ours, Bytes(public_bytes(vector.group))), off_curve);
  }
}

TEST(DiffieHellman, Curve25519ValuesAreThoseOfRfc7748) {  // §6.1
  const DhKeyPair alice = imported(
      DhGroup::curve25519, from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const DhKeyPair bob = imported(
      DhGroup::curve25519, from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  EXPECT_EQ(to_hex(alice.public_value()), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(bob.public_value()), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const auto here = alice.shared(bob.public_value());
  const auto there = bob.shared(alice.public_value());
  ASSERT_TRUE(here && there);
  EXPECT_EQ(to_hex(here->bytes()), "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  EXPECT_EQ(to_hex(there->bytes()), to_hex(here->bytes()));
}

TEST(DiffieHellman, Curve25519RefusesPointsOfSmallOrder) {
  const DhKeyPair ours = DhKeyPair::generate(DhGroup::curve25519);
  // 0, 1 and p-1 lead to zero, whatever the private value (RFC 7748 §6.1).
  const Bytes minus_one = from_hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
  Bytes one(32);
  one.front() = std::byte{1};
  const std::string small_order =
      "the peer's Diffie-Hellman value leads to no secret of curve25519: it is of small order";
  EXPECT_EQ(refusal(ours, Bytes(32)), small_order);
  EXPECT_EQ(refusal(ours, one), small_order);
  EXPECT_EQ(refusal(ours, minus_one), small_order);
}

TEST(DiffieHellman, RefusesPrivateValuesThatNoGroupHas) {
  EXPECT_FALSE(DhKeyPair::from_private(DhGroup::modp2048, Bytes(1)));
  EXPECT_FALSE(DhKeyPair::from_private(DhGroup::modp1024, repeated(0xff, 128)));
  EXPECT_FALSE(DhKeyPair::from_private(DhGroup::ecp256, Bytes(32)));
  EXPECT_FALSE(DhKeyPair::from_private(DhGroup::ecp256, repeated(0xff, 32)));
  EXPECT_FALSE(DhKeyPair::from_private(DhGroup::curve25519, Bytes(31)));
}

}  // namespace
}  // namespace espgate::crypto::test
