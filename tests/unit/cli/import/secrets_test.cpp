// SPDX-License-Identifier: Apache-2.0
// What an ipsec.secrets comes to.
#include "tests/unit/cli/import/imported.h"

namespace espgate::openswan {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct SecretCase {
  const char* line;
  std::string key;
  std::vector<std::string> from;
};
// NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const SecretCase& secret, std::ostream* out) { *out << secret.line; }

class PresharedKeys : public testing::TestWithParam<SecretCase> {};

TEST_P(PresharedKeys, AreCarriedOver) {
  const Imported imported =
      import_texts(conn_l2tp + "\tleftid=203.0.113.10\n", std::string(GetParam().line) + "\n");
  ASSERT_EQ(imported.config.ike.psks.size(), 1U);
  EXPECT_EQ(key_of(imported.config.ike.psks[0]), GetParam().key);
  EXPECT_EQ(networks_of(imported.config.ike.psks[0]), GetParam().from);
  EXPECT_THAT(imported.lost, IsEmpty());
}

const std::string key = "twelve bytes";
INSTANTIATE_TEST_SUITE_P(
    Lines, PresharedKeys,
    testing::Values(SecretCase{"%any %any : PSK \"twelve bytes\"", key, {}},
                    SecretCase{": PSK 'twelve bytes'", key, {}},
                    SecretCase{": psk \"twelve bytes\" # the group's", key, {}},
                    SecretCase{":PSK \"twelve bytes\"", key, {}},
                    SecretCase{"203.0.113.10 %any: PSK 0x7477656c7665206279746573", key, {}},
                    SecretCase{"203.0.113.10 %any\n  : PSK\n  0x7477656c_7665_2062_79746573", key, {}},
                    SecretCase{"10.20.0.10 : PSK 0sdHdlbHZlIGJ5dGVz", key, {}},
                    SecretCase{"%any : PSK 0ttwelvebytes12", "twelvebytes12", {}},
                    SecretCase{"%any : PSK twelve-bytes", "twelve-bytes", {}},
                    SecretCase{"203.0.113.10 198.51.100.7 : PSK \"twelve bytes\"", key, {"198.51.100.7/32"}},
                    SecretCase{"198.51.100.7 203.0.113.10 : PSK \"twelve bytes\"", key, {"198.51.100.7/32"}},
                    SecretCase{"%any 198.51.100.0/24 : PSK \"twelve bytes\"", key, {"198.51.100.0/24"}},
                    SecretCase{"10.20.0.10 198.51.100.7 192.0.2.0/25: PSK \"twelve bytes\"",
                               key,
                               {"198.51.100.7/32", "192.0.2.0/25"}},
                    SecretCase{"198.51.100.7 : PSK \"twelve bytes\"", key, {"198.51.100.7/32"}},
                    SecretCase{"%any %any : PSK \"0xnot hexadecimal\"", "0xnot hexadecimal", {}},
                    SecretCase{"%any %any : PSK \"it's # no comment\"", "it's # no comment", {}},
                    SecretCase{"%any %any : PSK 'with \"quotes\" and \\'", "with \"quotes\" and \\", {}},
                    SecretCase{"%any %any : PSK \"g\xc3\xa4nsef\xc3\xbc\xc3\x9f"
                               "chen\"",
                               "g\xc3\xa4nsef\xc3\xbc\xc3\x9f"
                               "chen",
                               {}}));

TEST(Secrets, OfANameAreOursIfItIsOurName) {
  const Imported imported =
      import_texts(conn_l2tp + "\tleftid=@vpn.example.com\n",
                   "@vpn.example.com : PSK \"twelve bytes\"\n@other : PSK \"thirteen bytes\"\n");
  ASSERT_EQ(imported.config.ike.psks.size(), 1U);
  EXPECT_EQ(key_of(imported.config.ike.psks[0]), key);
  EXPECT_THAT(imported.lost, ElementsAre(HasSubstr("ipsec.secrets:2: PSK: \"@other\" is no address")));
}

TEST(Secrets, WithoutAConnectionTheFirstIdentityIsOurs) {
  MadeUpFiles files;
  files.contents = {
      {"s", "203.0.113.10 198.51.100.7 : PSK \"twelve bytes\"\n203.0.113.10 : PSK \"thirteen bytes\"\n"}};
  Notes notes;
  const auto draft = import_openswan({"", "s", {}}, files, notes);
  ASSERT_TRUE(draft);
  ASSERT_EQ(draft->psks.size(), 2U);
  EXPECT_THAT(draft->psks[0].from, ElementsAre("198.51.100.7/32"));
  EXPECT_THAT(draft->psks[1].from, IsEmpty());
}

TEST(Secrets, OfOtherKindsAreSkipped) {
  const Imported imported = import_texts(
      conn_l2tp, ": RSA\t{\n\t# a comment with } in it\n\tModulus: 0xdeadbeefdeadbeef\n}\n" + any_psk +
                     ": RSA key.pem \"secret words\"\nalice : XAUTH \"secret words\"\n"
                     "bob : EAP \"secret words\"\n: PIN %smartcard \"secret words\"\n");
  EXPECT_EQ(imported.config.ike.psks.size(), 1U);
  EXPECT_THAT(imported.lost,
              ElementsAre(HasSubstr("ipsec.secrets:1: an RSA key"), HasSubstr("ipsec.secrets:6: an RSA key"),
                          HasSubstr("ipsec.secrets:7: a user's XAUTH password"),
                          HasSubstr("ipsec.secrets:8: a user's EAP password"),
                          HasSubstr("ipsec.secrets:9: a smart card's PIN")));
}

TEST(Secrets, ThatAreNotUnderstoodAreNamedAndNeverShown) {
  const char* const lines[] = {"%any %any PSK \"hush-hush\"",
                               "%any : hush-hush",
                               "%any : \"hush-hush\"",
                               "\"hush-hush\"",
                               "%any : PSK",
                               "%any : PSK \"hush-hush",
                               "%any : PSK hush-hush and more",
                               "%any : PSK 0xhush-hush",
                               "%any : PSK \"\"",
                               "%any : PSK 0s!hush-hush",
                               "2001:db8::1 : PSK \"hush-hush\"",
                               "%any %any6 2001:db8::1/64 x : PSK hush\"-hush\"",
                               "include hush hush-hush",
                               ": RSA {\n hush-hush"};
  for (const char* line : lines) {
    const Imported imported = import_texts(conn_l2tp, any_psk + line + "\n");
    EXPECT_EQ(imported.config.ike.psks.size(), 1U) << line;
    EXPECT_THAT(imported.lost, Not(IsEmpty())) << line;
    EXPECT_THAT(imported.lost, Each(HasSubstr("ipsec.secrets:2: "))) << line;
    for (const auto* notes : {&imported.lost, &imported.same})
      EXPECT_THAT(*notes, Each(Not(HasSubstr("hush-hush")))) << line;
  }
}

TEST(Secrets, ThatStandThereTwiceAreOne) {
  EXPECT_EQ(import_texts(conn_l2tp, any_psk + any_psk).config.ike.psks.size(), 1U);
}

}  // namespace
}  // namespace espgate::openswan
