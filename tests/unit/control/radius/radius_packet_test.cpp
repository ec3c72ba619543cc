// SPDX-License-Identifier: Apache-2.0
// RADIUS packets: those of RFC 2865's examples, and what must not be believed.
#include "control/aaa/radius_packet.h"

#include "tests/unit/control/radius/radius_reply.h"

#include <algorithm>
#include <array>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace espgate::control::radius {
namespace {

std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> bytes;
  std::string digits;
  for (const char c : text) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<std::byte>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

Authenticator authenticator(std::string_view hex) {
  Authenticator result;
  std::ranges::copy(from_hex(hex), result.begin());
  return result;
}

// RFC 2865 §7.1.
const Authenticator nemo = authenticator("0f 40 3f 94 73 97 80 57 bd 83 d5 cb 98 f4 22 7a");
const std::string nemo_secret = "xyzzy5461";
const std::vector<std::byte> nemo_accepted = from_hex(
    "02 00 00 26 86 fe 22 0e 76 24 ba 2a 10 05 f6 bf 9b 55 e0 b2"
    "06 06 00 00 00 01 0f 06 00 00 00 00 0e 06 c0 a8 01 03");

std::vector<std::byte> request() {
  RequestBuilder builder(Code::access_request, 7, nemo);
  builder.add(type::user_name, "nemo");
  return builder.finish(octets_of(nemo_secret)).value();
}

TEST(RadiusRequest, HidesAPasswordAsTheRfcsExampleDoes) {
  RequestBuilder builder(Code::access_request, 0, nemo);
  builder.add_password(octets_of("arctangent"), octets_of(nemo_secret));
  const auto packet = builder.finish(octets_of(nemo_secret)).value();
  const auto hidden = from_hex("02 12 0d be 70 8d 93 d4 13 ce 31 96 e4 3f 78 2a 0a ee");
  ASSERT_EQ(packet.size(), 20U + 18 + hidden.size());
  EXPECT_TRUE(std::equal(hidden.begin(), hidden.end(), packet.end() - 18));
}

TEST(RadiusRequest, HidesALongPasswordBlockByBlock) {
  const std::string password(40, 'p');
  RequestBuilder builder(Code::access_request, 0, nemo);
  builder.add_password(octets_of(password), octets_of(nemo_secret));
  const auto packet = builder.finish(octets_of(nemo_secret)).value();
  // Undone by the definition of §5.2: what hides a block is made of the hidden block before.
  const Octets hidden = Octets(packet).last(48);
  std::string clear;
  std::vector<std::byte> before(nemo.begin(), nemo.end());
  for (std::size_t at = 0; at < 48; at += 16) {
    std::vector<std::byte> pad_request(20);
    std::ranges::copy(before, pad_request.begin() + 4);
    RequestBuilder pad(Code::access_request, 0, authenticator_of(pad_request));
    pad.add_password(Octets(std::vector<std::byte>(1)),
                     octets_of(nemo_secret));  // a zero: what is left is the MD5
    const auto padding = pad.finish(octets_of(nemo_secret)).value();
    for (std::size_t i = 0; i < 16; ++i)
      clear += static_cast<char>(hidden[at + i] ^ padding[padding.size() - 16 + i]);
    before.assign(hidden.begin() + static_cast<std::ptrdiff_t>(at),
                  hidden.begin() + static_cast<std::ptrdiff_t>(at) + 16);
  }
  EXPECT_EQ(clear, password + std::string(8, '\0'));
}

TEST(RadiusRequest, BeginsWithItsMessageAuthenticator) {
  const auto packet = request();
  EXPECT_EQ(packet[20], std::byte{80});
  EXPECT_EQ(packet[21], std::byte{18});
  auto zeroed = packet;
  std::fill(zeroed.begin() + 22, zeroed.begin() + 38, std::byte{0});
  std::array<unsigned char, 16> mac{};
  ::HMAC(EVP_md5(), nemo_secret.data(), static_cast<int>(nemo_secret.size()),
         reinterpret_cast<const unsigned char*>(zeroed.data()), zeroed.size(), mac.data(), nullptr);
  EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::span(mac)), Octets(packet).subspan(22, 16)));
}

TEST(RadiusRequest, FailsWhenSomethingDoesNotFit) {
  for (const std::size_t length : {0U, 254U}) {
    RequestBuilder builder(Code::access_request, 0, nemo);
    builder.add(type::user_name, std::string(length, 'x'));
    EXPECT_FALSE(builder.finish(octets_of(nemo_secret))) << length;
  }
  RequestBuilder full(Code::accounting_request, 0, {});
  for (int i = 0; i < 20; ++i) full.add(type::class_value, std::string(253, 'x'));
  EXPECT_FALSE(full.finish(octets_of(nemo_secret)));
  RequestBuilder long_password(Code::access_request, 0, nemo);
  long_password.add_password(octets_of(std::string(129, 'x')), octets_of(nemo_secret));
  EXPECT_FALSE(long_password.finish(octets_of(nemo_secret)));
}

TEST(RadiusReply, OfTheRfcIsAuthentic) {
  const auto reply = Reply::parse(nemo_accepted);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), Code::access_accept);
  EXPECT_TRUE(reply->is_authentic(nemo, octets_of(nemo_secret)));
  ASSERT_EQ(reply->attributes().size(), 3U);
  EXPECT_EQ(reply->attributes()[2].type, 14);
  EXPECT_EQ(reply->attributes()[2].value[3], std::byte{3});
}

TEST(RadiusReply, IsNotBelievedWithOneBitChanged) {
  for (std::size_t i = 0; i < nemo_accepted.size(); ++i) {
    if (i == 2 || i == 3) continue;  // its length
    auto changed = nemo_accepted;
    changed[i] ^= std::byte{1};
    const auto reply = Reply::parse(changed);
    EXPECT_FALSE(reply && reply->is_authentic(nemo, octets_of(nemo_secret))) << "byte " << i;
  }
}

TEST(RadiusReply, IsNotBelievedUnderAnotherSecretOrForAnotherRequest) {
  const auto reply = Reply::parse(nemo_accepted);
  Authenticator other = nemo;
  other[15] ^= std::byte{1};
  EXPECT_FALSE(reply->is_authentic(nemo, octets_of("xyzzy5462")));
  EXPECT_FALSE(reply->is_authentic(other, octets_of(nemo_secret)));
}

TEST(RadiusReply, NeedsEveryMessageAuthenticatorToBeRight) {
  const auto packet = request();
  const auto check = [&](std::string_view mac_secret) {
    const auto bytes = ReplyBuilder(Code::access_accept, packet)
                           .add(type::session_timeout, 60U)
                           .add_message_authenticator(mac_secret)
                           .signed_with(nemo_secret);
    const auto reply = Reply::parse(bytes);
    EXPECT_TRUE(reply->has_message_authenticator());
    return reply->is_authentic(nemo, octets_of(nemo_secret));
  };
  EXPECT_TRUE(check(nemo_secret));
  EXPECT_FALSE(check("another"));
  const auto short_one = ReplyBuilder(Code::access_accept, packet)
                             .add(type::message_authenticator, "four")
                             .signed_with(nemo_secret);
  EXPECT_FALSE(Reply::parse(short_one)->is_authentic(nemo, octets_of(nemo_secret)));
}

TEST(RadiusReply, IsRefusedWhenItsLengthsContradict) {
  auto bytes = nemo_accepted;
  EXPECT_FALSE(Reply::parse(Octets(bytes).first(19)));
  EXPECT_FALSE(Reply::parse(Octets(bytes).first(37)));
  bytes[3] = std::byte{19};
  EXPECT_FALSE(Reply::parse(bytes));
  for (const int length : {0, 1, 7, 255}) {
    bytes = nemo_accepted;
    bytes[33] = std::byte(length);  // of the last attribute
    EXPECT_FALSE(Reply::parse(bytes)) << length;
  }
}

TEST(RadiusReply, IgnoresWhatLiesBehindIt) {
  auto bytes = nemo_accepted;
  bytes.resize(200, std::byte{0xff});
  const auto reply = Reply::parse(bytes);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->is_authentic(nemo, octets_of(nemo_secret)));
}

TEST(RadiusReply, ShowsVendorsAttributesOneByOne) {
  const auto packet = request();
  // Two of Microsoft's in one attribute; a vendor's of another format; one without anything.
  const auto both = from_hex("00 00 01 37 1c 06 0a 1e 00 35 1d 06 0a 1e 00 36");
  const auto other_format = from_hex("00 00 00 09 01 02 03 04 05");
  const auto bytes = ReplyBuilder(Code::access_accept, packet)
                         .add(type::vendor_specific, both)
                         .add(type::vendor_specific, other_format)
                         .add(type::vendor_specific, from_hex("00 00"))
                         .add(type::session_timeout, 60U)
                         .signed_with(nemo_secret);
  const auto attributes = Reply::parse(bytes)->attributes();
  ASSERT_EQ(attributes.size(), 3U);
  EXPECT_EQ(attributes[0].vendor, microsoft);
  EXPECT_EQ(attributes[0].type, 28);
  EXPECT_EQ(attributes[1].type, 29);
  EXPECT_EQ(attributes[1].value[3], std::byte{0x36});
  EXPECT_EQ(attributes[2].vendor, 0U);
  EXPECT_EQ(attributes[2].type, type::session_timeout);
}

}  // namespace
}  // namespace espgate::control::radius
