// SPDX-License-Identifier: Apache-2.0
// Odd, broken and included files.
#include "tests/unit/cli/import/imported.h"

namespace espgate::openswan {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Import, OddWaysToWriteAFile) {
  const Imported imported = import_texts(
      "\xef\xbb\xbf"
      "conn L2TP   # L2TP clients\r\n"
      "\ttype = transport\t# a comment\r\n"
      "\n\n"
      "    right=%any\r\n"
      "auto=add\r\n"
      "\tike=aes256-sha1-modp2048,\r\n"
      "\t    3des-sha1-modp1024\r\n"
      "\tIKElifetime='8h'\n"
      "\tvirtual-private=\"%v4:10.0.0.0/8,\\\n%v4:192.168.0.0/16\"\n"
      "\tleftid=@#odd\n");
  EXPECT_EQ(imported.config.ike.lifetime_seconds, 28800U);
  EXPECT_THAT(imported.config.ike.legacy, ElementsAre("3des-sha1-modp1024"));
  EXPECT_EQ(imported.config.ike.allowed_client_networks.size(), 2U);
  EXPECT_THAT(imported.lost, ElementsAre(HasSubstr("leftid=@#odd: ike.identity is")));
}

TEST(Import, WhatIsNoIpsecConfIsNamed) {
  const Imported imported = import_texts(
      "stray=value\nconn broken\n also=nowhere\n ike=\"open\n auto=ignore\n" + conn_l2tp + "\tnonsense\n");
  EXPECT_THAT(imported.lost,
              ElementsAre("ipsec.conf:1: stray: stands in no section",
                          HasSubstr("ipsec.conf:2: conn broken: not carried over: a tunnel without L2TP"),
                          "ipsec.conf:3: also=nowhere: there is no such conn",
                          HasSubstr("ipsec.conf:4: a quote is opened and not closed"),
                          "ipsec.conf:15: no key=value, and begins no section; left out"));
}

TEST(Import, SecretsInTheWrongFileAreNotShown) {
  const Imported imported = import_texts(
      conn_l2tp +
      "%any %any : PSK \"hush-hush\"\n%any : PSK 0shush-hush==\n: PSK hush-hush=\npassword=hush-hush\n");
  EXPECT_EQ(imported.lost.size(), 4U);
  EXPECT_THAT(imported.lost, Each(Not(HasSubstr("hush-hush"))));
}

TEST(Import, FilesAreIncluded) {
  MadeUpFiles files;
  files.contents = {{"ipsec.conf", "include ipsec.d/*\ninclude /nowhere/x.conf\n"},
                    {"ipsec.d/a.conf", conn_l2tp + "\tikelifetime=8h\n"},
                    {"ipsec.d/b.conf", "include ipsec.d/../nowhere.conf\nconn site\n\tauto=start\n"},
                    {"ipsec.secrets", "include *\n" + any_psk}};
  files.contents["loop/x"] = "unused";
  const Imported imported = import_these(files);
  EXPECT_EQ(imported.config.ike.lifetime_seconds, 28800U);
  EXPECT_THAT(imported.lost, Contains(HasSubstr("ipsec.d/b.conf:2: conn site: not carried over")));
  EXPECT_THAT(imported.same, Contains("ipsec.conf:2: include: no file fits \"/nowhere/x.conf\""));
}

TEST(Import, AFileThatIncludesItselfEnds) {
  MadeUpFiles files;
  files.contents = {{"ipsec.conf", conn_l2tp + "include ipsec.conf\ninclude ipsec.conf\n"},
                    {"ipsec.secrets", any_psk + "include ipsec.secrets\ninclude ipsec.secrets\n"}};
  const Imported imported = import_these(files);
  EXPECT_THAT(imported.lost, Contains(HasSubstr("include: not read, it is included too deeply")));
  EXPECT_EQ(imported.config.ike.psks.size(), 1U);
}

}  // namespace
}  // namespace espgate::openswan
