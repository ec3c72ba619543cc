// SPDX-License-Identifier: Apache-2.0
#include "crypto/mschapv2.h"

#include "tests/unit/wire/bytes.h"

#include <gtest/gtest.h>

namespace espgate::crypto {
namespace {

using test::from_hex;
using test::to_hex;

std::span<const std::byte> text(std::string_view value) {
  return std::as_bytes(std::span(value.data(), value.size()));
}

template <std::size_t Size>
std::array<std::byte, Size> array(std::string_view hex) {
  const auto bytes = from_hex(hex);
  std::array<std::byte, Size> result{};
  EXPECT_EQ(bytes.size(), Size);
  std::ranges::copy(bytes, result.begin());
  return result;
}

struct Exchange {
  std::string_view sentence, user, password, authenticator, peer, nt_response, success;
};
const Exchange exchanges[] = {
    {"RFC 2759 §9.2", "User", "clientPass", "5b5d7c7d7b3f2f3e3c2c602132262628",
     "21402324255e262a28295f2b3a337c7e", "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df",
     "S=407A5589115FD0D6209F510FE9C04566932CDA56"},
    {"a real login of pppd 2.4.9", "alice", "alice-pass-1", "0aa84c340dde4b748cb57bcfcaeda6ee",
     "1f6d6686a5d0d1a62688781e7d37bddc", "6cbef8bd676ba7cf9ffd8b6af3e6a32179ed416ea220ce4c",
     "S=A5ABCF2DAF036CA2D17CFB603625BC4888207EC9"},
};

std::vector<std::byte> response_value(const Exchange& exchange) {
  auto value = from_hex(exchange.peer);
  value.resize(24);
  const auto nt = from_hex(exchange.nt_response);
  value.insert(value.end(), nt.begin(), nt.end());
  value.push_back(std::byte{0});
  return value;
}

TEST(MsChapV2, HashesPasswordsAsTheRfcsDo) {
  // RFC 2759 §9.2 and RFC 3079 §3.5.
  const auto hash = nt_password_hash(text("clientPass"));
  EXPECT_EQ(to_hex(hash.bytes()), "44ebba8d5312b8d611474411f56989ae");
  EXPECT_EQ(
      to_hex(challenge_hash(array<16>(exchanges[0].peer), array<16>(exchanges[0].authenticator), "User")),
      "d02e4386bce91226");
}

TEST(MsChapV2, HashesPasswordsBeyondAscii) {
  struct Case {
    std::string_view sentence, password, hash;
  };
  // MD4 of the UTF-16LE text, by another implementation.
  const Case cases[] = {
      {"the empty one", "", "31d6cfe0d16ae931b73c59d7e0c089c0"},
      {"umlauts", "p\xc3\xa4ssw\xc3\xb6rd", "0553152250ac01adb4213cb9938663e4"},
      {"the same in ISO 8859-1, which is no UTF-8", "p\xe4ssw\xf6rd", "0553152250ac01adb4213cb9938663e4"},
      {"a surrogate pair", "\xf0\x9f\x94\x91key", "08636ad2dbbe22210305db7278de577f"},
      {"an overlong form is no UTF-8", "\xc0\x80", "040e2cc26dc58c25f71cd33e2cf91f5d"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    EXPECT_EQ(to_hex(nt_password_hash(text(c.password)).bytes()), c.hash);
  }
}

TEST(MsChapV2, AnswersAsOthersDo) {
  for (const auto& e : exchanges) {
    SCOPED_TRACE(std::string(e.sentence));
    const auto hash = nt_password_hash(text(e.password));
    EXPECT_EQ(to_hex(nt_response(array<16>(e.authenticator), array<16>(e.peer), e.user, hash.bytes())),
              e.nt_response);
    EXPECT_EQ(verify_mschapv2(text(e.password), array<16>(e.authenticator), response_value(e), e.user),
              e.success);
  }
}

TEST(MsChapV2, LeavesTheDomainOutOfTheHash) {
  const auto& e = exchanges[0];
  EXPECT_EQ(verify_mschapv2(text(e.password), array<16>(e.authenticator), response_value(e), "OFFICE\\User"),
            e.success);
  EXPECT_EQ(without_domain("a\\b\\c"), "c");
  EXPECT_EQ(without_domain("user@example.net"), "user@example.net");
}

TEST(MsChapV2, RefusesWhatIsNotThePasswords) {
  const auto& e = exchanges[0];
  const auto challenge = array<16>(e.authenticator);
  const auto good = response_value(e);
  EXPECT_FALSE(verify_mschapv2(text("clientpass"), challenge, good, e.user));
  EXPECT_FALSE(verify_mschapv2(text(e.password), challenge, good, "user"));
  EXPECT_FALSE(verify_mschapv2(text(e.password), array<16>(e.peer), good, e.user));
  EXPECT_FALSE(verify_mschapv2(text(e.password), challenge, std::span(good).first(48), e.user));
  for (const std::size_t at : {0U, 24U, 47U}) {
    auto changed = good;
    changed[at] ^= std::byte{1};
    EXPECT_FALSE(verify_mschapv2(text(e.password), challenge, changed, e.user)) << "byte " << at;
  }
  auto flags = good;
  flags[16] = flags[48] = std::byte{1};  // §4: not to be looked at
  EXPECT_TRUE(verify_mschapv2(text(e.password), challenge, flags, e.user));
}

TEST(Chap, ComparesMd5OfIdSecretAndChallenge) {
  // MD5("\x17" "secret" "0123456789abcdef"), by md5sum.
  const auto response = from_hex("d4ad1b49b8a616c5bc667849dcfeccde");
  EXPECT_TRUE(verify_chap_md5(text("secret"), 0x17, text("0123456789abcdef"), response));
  EXPECT_FALSE(verify_chap_md5(text("secret"), 0x18, text("0123456789abcdef"), response));
  EXPECT_FALSE(verify_chap_md5(text("Secret"), 0x17, text("0123456789abcdef"), response));
  EXPECT_FALSE(
      verify_chap_md5(text("secret"), 0x17, text("0123456789abcdef"), std::span(response).first(15)));
}

TEST(Pap, ComparesPasswords) {
  EXPECT_TRUE(verify_pap(text("secret"), text("secret")));
  EXPECT_FALSE(verify_pap(text("secret"), text("secreT")));
  EXPECT_FALSE(verify_pap(text("secret"), text("secre")));
  EXPECT_FALSE(verify_pap(text("secret"), {}));
}

}  // namespace
}  // namespace espgate::crypto
