// SPDX-License-Identifier: Apache-2.0
#include "wire/isakmp_builder.h"

#include "tests/isakmp_reencode.h"
#include "tests/unit/wire/bytes.h"
#include "wire/isakmp_payloads.h"
#include "wire/isakmp_sa.h"
#include "wire/isakmp_vendor_id.h"

namespace espgate::wire {
namespace {

using test::ByteVector;
using test::from_hex;
using test::to_hex;

constexpr std::uint64_t cookie_i = 0x9f6b27c49bd69545;
constexpr std::uint64_t cookie_r = 0x1122334455667788;

std::string bare(std::string_view hex) { return to_hex(from_hex(hex)); }

IsakmpBuilder quick_mode() {
  return {cookie_i, cookie_r, IsakmpExchange::quick_mode, isakmp_flag_encryption, 0xdeadbeef};
}

TEST(IsakmpBuilder, WritesTheFirstMessageAsStrongSwanDoes) {
  IsakmpSaBuilder sa;
  sa.begin_proposal(1, IsakmpProtocol::isakmp, {}).begin_transform(1, IsakmpTransformId::key_ike);
  sa.attribute(IkeAttribute::encryption, IkeEncryption::aes)
      .attribute(IkeAttribute::key_length, 256u)
      .attribute(IkeAttribute::hash, IkeHash::sha1)
      .attribute(IkeAttribute::group_description, 14u)
      .attribute(IkeAttribute::authentication, IkeAuthentication::pre_shared_key)
      .attribute(IkeAttribute::life_type, LifeType::seconds)
      .attribute(IkeAttribute::life_duration, 10800u);
  const auto flags = from_hex("80000000");
  IsakmpBuilder builder(cookie_i, 0, IsakmpExchange::identity_protection, 0, 0);
  builder.payload(IsakmpPayloadType::sa, {sa.finish()})
      .payload(IsakmpPayloadType::vendor_id, {bytes_of(IsakmpVendor::xauth)})
      .payload(IsakmpPayloadType::vendor_id, {bytes_of(IsakmpVendor::dpd)})
      .payload(IsakmpPayloadType::vendor_id, {bytes_of(IsakmpVendor::fragmentation), flags})
      .payload(IsakmpPayloadType::vendor_id, {bytes_of(IsakmpVendor::rfc3947)})
      .payload(IsakmpPayloadType::vendor_id, {bytes_of(IsakmpVendor::nat_t_draft_02_newline)});
  EXPECT_EQ(builder.size(), 180u);
  EXPECT_EQ(to_hex(builder.finish()),
            bare("9f6b27c49bd69545 0000000000000000 01 10 02 00 00000000 000000b4"
                 "0d 00 0038 00000001 00000001 00 00 002c 01 01 00 01 00 00 0024 01 01 0000"
                 "  8001 0007 800e 0100 8002 0002 8004 000e 8003 0001 800b 0001 800c 2a30"
                 "0d 00 000c 09002689dfd6b712"
                 "0d 00 0014 afcad71368a1f1c96b8696fc77570100"
                 "0d 00 0018 4048b7d56ebce88525e7de7f00d6c2d380000000"
                 "0d 00 0014 4a131c81070358455c5728f20e95452f"
                 "00 00 0014 90cb80913ebb696e086381b5ec427b1f"));
}

TEST(IsakmpBuilder, WritesAHeaderAloneAndEmptyBodies) {
  EXPECT_EQ(to_hex(IsakmpBuilder(cookie_i, cookie_r, IsakmpExchange::informational, 0, 7).finish()),
            bare("9f6b27c49bd69545 1122334455667788 00 10 05 00 00000007 0000001c"));
  IsakmpBuilder builder(cookie_i, cookie_r, IsakmpExchange::informational, 0, 7);
  builder.payload(IsakmpPayloadType::nonce, {}).payload(IsakmpPayloadType::hash, {Bytes{}});
  EXPECT_EQ(to_hex(builder.finish()),
            bare("9f6b27c49bd69545 1122334455667788 0a 10 05 00 00000007 00000024 08 00 0004 00 00 0004"));
}

TEST(IsakmpBuilder, LetsAHashBeFilledInAfterwards) {
  IsakmpBuilder builder = quick_mode();
  builder.payload(IsakmpPayloadType::hash, {ByteVector(4)});
  const std::size_t hash = builder.last_begin();
  EXPECT_EQ(hash, 28u);
  EXPECT_EQ(builder.body_of_last().size(), 4u);
  builder.payload(IsakmpPayloadType::nonce, {from_hex("aabb"), from_hex("cc")});
  EXPECT_EQ(builder.last_begin(), 36u);
  EXPECT_EQ(to_hex(builder.body_of_last()), "aabbcc");
  EXPECT_EQ(to_hex(builder.bytes().subspan(hash + 4 + 4)), "00000007aabbcc") << "what a hash covers";
  ASSERT_EQ(builder.body_at(hash).size(), 4u);
  for (std::byte& byte : builder.body_at(hash)) byte = std::byte{0x11};
  EXPECT_EQ(to_hex(builder.finish()), bare("9f6b27c49bd69545 1122334455667788 08 10 20 01 deadbeef 0000002b"
                                           "0a 00 0008 11111111 00 00 0007 aabbcc"));
}

TEST(IsakmpBuilder, PadsToTheBlockAndNotBeyond) {
  for (std::size_t length = 0; length < 40; ++length) {
    for (const std::size_t block : {std::size_t{8}, std::size_t{16}}) {
      IsakmpBuilder builder = quick_mode();
      builder.payload(IsakmpPayloadType::nonce, {ByteVector(length, std::byte{0xff})});
      const auto message = builder.finish_padded(block);
      const std::size_t encrypted = message.size() - 28;
      EXPECT_EQ(encrypted % block, 0u);
      EXPECT_LT(encrypted - 4 - length, block);
      const auto parsed = IsakmpMessage::parse(message);
      ASSERT_TRUE(parsed);
      EXPECT_EQ(parsed->payload().size(), encrypted) << "the length field counts the padding";
      IsakmpPayloadWalk walk = parsed->payloads();
      EXPECT_EQ((*walk.next())->body.size(), length);
      EXPECT_EQ(to_hex(walk.rest()), std::string(2 * (encrypted - 4 - length), '0'));
    }
  }
}

TEST(IsakmpBuilder, TakesTheLongestPayload) {
  IsakmpBuilder builder = quick_mode();
  builder.payload(IsakmpPayloadType::certificate, {ByteVector(65531)});
  builder.payload(IsakmpPayloadType::certificate, {ByteVector(65531)});
  const auto message = builder.finish();
  EXPECT_EQ(message.size(), 28u + 2 * 65535);
  IsakmpPayloadWalk walk = IsakmpMessage::parse(message)->payloads();
  EXPECT_EQ((*walk.next())->body.size(), 65531u);
  EXPECT_EQ((*walk.next())->body.size(), 65531u);
}

TEST(IsakmpSaBuilder, LinksProposalsAndTransformsAndCountsThem) {
  const auto spi = from_hex("c0ffee01");
  IsakmpSaBuilder sa;
  sa.begin_proposal(1, IsakmpProtocol::esp, spi);
  sa.begin_transform(1, EspTransformId::aes_cbc)
      .attribute(IpsecAttribute::encapsulation_mode, EncapsulationMode::udp_transport)
      .attribute(IpsecAttribute::authentication_algorithm, IpsecAuthentication::hmac_sha1)
      .attribute(IpsecAttribute::key_length, 256u)
      .attribute(IpsecAttribute::life_type, LifeType::seconds)
      .attribute_bytes(IpsecAttribute::life_duration, from_hex("00000e10"));
  sa.begin_transform(2, EspTransformId::des3)
      .attribute(IpsecAttribute::encapsulation_mode, EncapsulationMode::udp_transport)
      .attribute(IpsecAttribute::authentication_algorithm, IpsecAuthentication::hmac_md5)
      .attribute(IpsecAttribute::life_type, LifeType::kilobytes)
      .attribute(IpsecAttribute::life_duration, 250000u);
  sa.begin_proposal(1, IsakmpProtocol::ipcomp, from_hex("a1b2"));
  sa.begin_transform(1, std::uint8_t{2})
      .attribute(IpsecAttribute::encapsulation_mode, EncapsulationMode::udp_transport);
  EXPECT_EQ(to_hex(sa.finish()),
            bare("00000001 00000001"
                 "02 00 0048 01 03 04 02 c0ffee01"
                 "  03 00 0020 01 0c 0000  8004 0004 8005 0002 8006 0100 8001 0001 0002 0004 00000e10"
                 "  00 00 001c 02 03 0000  8004 0004 8005 0001 8001 0002 0002 0004 0003d090"
                 "00 00 0016 01 04 02 01 a1b2"
                 "  00 00 000c 01 02 0000 8004 0004"));
}

TEST(IsakmpSaBuilder, TakesTheShortestFormThatHoldsANumber) {
  struct Case {
    std::uint64_t value;
    std::string_view hex;
  };
  const Case cases[] = {{0, "800c0000"},
                        {65535, "800cffff"},
                        {65536, "000c000400010000"},
                        {0xffffffff, "000c0004ffffffff"},
                        {0x100000000, "000c00080000000100000000"}};
  for (const auto& c : cases) {
    IsakmpSaBuilder sa;
    sa.begin_proposal(1, IsakmpProtocol::isakmp, {}).begin_transform(1, IsakmpTransformId::key_ike);
    const auto body = sa.attribute(IkeAttribute::life_duration, c.value).finish();
    const auto parsed = IsakmpSa::parse(body);
    ASSERT_TRUE(parsed);
    const auto transforms = parsed->proposals[0].list();
    ASSERT_TRUE(transforms);
    EXPECT_EQ(to_hex((*transforms)[0].attributes), c.hex);
    EXPECT_EQ((*IsakmpAttributeWalk((*transforms)[0].attributes).next())->number(), c.value);
  }
}

TEST(IsakmpBodies, AreWrittenAsTheRfcsDrawThem) {
  const auto cookies = from_hex("9f6b27c49bd69545 1122334455667788");
  EXPECT_EQ(to_hex(isakmp_identification(IsakmpIdType::ipv4_address, 17, 1701, from_hex("0a0a0102"))),
            "011106a50a0a0102");
  EXPECT_EQ(to_hex(isakmp_notification(IsakmpProtocol::isakmp, cookies, IsakmpNotifyType::r_u_there,
                                       from_hex("0000002a"))),
            bare("00000001 01 10 8d28 9f6b27c49bd69545 1122334455667788 0000002a"));
  EXPECT_EQ(to_hex(isakmp_notification(std::uint8_t{0}, {}, std::uint16_t{14}, {}, isakmp_doi_generic)),
            bare("00000000 00 00 000e"));
  EXPECT_EQ(to_hex(isakmp_delete(IsakmpProtocol::esp, 4, from_hex("c0ffee01 c0ffee02"))),
            bare("00000001 03 04 0002 c0ffee01 c0ffee02"));
  EXPECT_EQ(to_hex(isakmp_delete(IsakmpProtocol::isakmp, 16, cookies)),
            bare("00000001 01 10 0001 9f6b27c49bd69545 1122334455667788"));
  EXPECT_EQ(to_hex(isakmp_nat_oa(IpAddress::v4(0x0a0a0102))), bare("01 000000 0a0a0102"));
  EXPECT_EQ(to_hex(isakmp_nat_oa(*IpAddress::from_string("2001:db8::1"))),
            bare("05 000000 20010db8000000000000000000000001"));
  EXPECT_EQ(to_hex(isakmp_fragment(0xabcd, 3, false, from_hex("aa"))), bare("abcd 03 00 aa"));
  EXPECT_EQ(to_hex(isakmp_fragment(0xabcd, 4, true, {})), bare("abcd 04 01"));
}

// One of each kind, with padding: a message that no peer would send.
ByteVector one_of_each() {
  IsakmpSaBuilder sa;
  sa.begin_proposal(1, IsakmpProtocol::esp, from_hex("c0ffee01"));
  sa.begin_transform(1, EspTransformId::aes_gcm_16).attribute(IpsecAttribute::key_length, 128u);
  const auto id = isakmp_identification(IsakmpIdType::fqdn, 17, 1701, from_hex("686f7374"));
  const auto nat_oa = isakmp_nat_oa(IpAddress::v4(0x0a0a0102));
  IsakmpBuilder builder = quick_mode();
  builder.payload(IsakmpPayloadType::hash, {from_hex("00112233445566778899aabbccddeeff00112233")})
      .payload(IsakmpPayloadType::sa, {sa.finish()})
      .payload(IsakmpPayloadType::nonce, {from_hex("0123456789abcdef")})
      .payload(IsakmpPayloadType::key_exchange, {from_hex("fedcba98")})
      .payload(IsakmpPayloadType::identification, {id})
      .payload(IsakmpPayloadType::nat_oa, {nat_oa})
      .payload(IsakmpPayloadType::nat_oa_draft, {isakmp_nat_oa(*IpAddress::from_string("2001:db8::1"))})
      .payload(IsakmpPayloadType::nat_d, {from_hex("aa")})
      .payload(IsakmpPayloadType::nat_d_draft, {from_hex("bb")})
      .payload(IsakmpPayloadType::vendor_id, {bytes_of(IsakmpVendor::dpd)})
      .payload(IsakmpPayloadType::notification,
               {isakmp_notification(IsakmpProtocol::esp, from_hex("c0ffee01"),
                                    IsakmpNotifyType::responder_lifetime, from_hex("80010001"))})
      .payload(IsakmpPayloadType::delete_payload,
               {isakmp_delete(IsakmpProtocol::esp, 4, from_hex("c0ffee01 c0ffee02"))})
      .payload(IsakmpPayloadType::fragment, {isakmp_fragment(1, 2, true, from_hex("9f6b"))});
  return builder.finish_padded(16);
}

TEST(IsakmpRoundTrip, GivesTheSameBytesForEveryKindOfPayload) {
  const auto message = one_of_each();
  const auto parsed = IsakmpMessage::parse(message);
  ASSERT_TRUE(parsed);
  const auto again = test::reencode(parsed->header(), parsed->payload());
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(to_hex(*again), to_hex(message));
}

TEST(IsakmpRoundTrip, RefusesAMessageCutAnywhereInItsPayloads) {
  const auto message = one_of_each();
  const auto parsed = IsakmpMessage::parse(message);
  ASSERT_TRUE(parsed);
  IsakmpPayloadWalk walk = parsed->payloads();
  for (auto payload = walk.next(); payload && *payload; payload = walk.next()) {
  }
  const std::size_t whole = parsed->payload().size() - walk.rest().size();
  for (std::size_t length = 0; length < whole; ++length) {
    // A copy of that many bytes, so that the sanitizers see a read behind them.
    const ByteVector cut(message.begin() + 28, message.begin() + 28 + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(test::reencode(parsed->header(), cut)) << "took the first " << length << " bytes";
  }
  EXPECT_TRUE(test::reencode(parsed->header(), parsed->payload().first(whole)));
}

}  // namespace
}  // namespace espgate::wire
