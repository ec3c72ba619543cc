// SPDX-License-Identifier: Apache-2.0
// Where single settings of an ipsec.conf go.
#include "tests/unit/cli/import/imported.h"

namespace espgate::openswan {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Import, SettingsGoWhereTheyBelong) {
  const Imported imported = import_texts(
      "version 2.0\nconfig setup\n\tnat_traversal=yes\n\toe=off\n\tprotostack=netkey\n" + conn_l2tp +
      "\tleftid=203.0.113.10\n\tikelifetime=8h\n\tkeylife=60m\n\trekey=no\n\tdpddelay=20\n\tdpdtimeout=100s\n"
      "\tdpdaction=clear\n\tforceencaps=yes\n\tpfs=no\n\tkeyingtries=3\n");
  const config::Ike& ike = imported.config.ike;
  EXPECT_EQ(imported.config.public_address, 0xcb00710aU);
  EXPECT_EQ(ike.identity, "");
  EXPECT_EQ(ike.lifetime_seconds, 28800U);
  EXPECT_EQ(ike.sa_lifetime_seconds, 3600U);
  EXPECT_FALSE(ike.rekey);
  EXPECT_EQ(ike.dpd_delay_seconds, 20U);
  EXPECT_EQ(ike.dpd_timeout_seconds, 100U);
  EXPECT_TRUE(ike.force_encapsulation);
  EXPECT_THAT(ike.legacy, IsEmpty());
  EXPECT_THAT(imported.lost, IsEmpty());
  EXPECT_THAT(imported.same, Contains("ipsec.conf:4: oe=off: there is no opportunistic encryption"));
}

TEST(Import, EveryLineSaysWhereItComesFrom) {
  EXPECT_THAT(import_with("ikelifetime=8h").text,
              testing::ContainsRegex("lifetime_seconds = 28800 +# ikelifetime=8h \\(ipsec.conf:10\\)\n"));
}

TEST(Import, DurationsHaveUnitsAndBounds) {
  EXPECT_EQ(import_with("ikelifetime=1d").config.ike.lifetime_seconds, 86400U);
  EXPECT_EQ(import_with("salifetime = 1.5h").config.ike.sa_lifetime_seconds, 5400U);
  EXPECT_EQ(import_with("lifetime=\"7200\"").config.ike.sa_lifetime_seconds, 7200U);
  const Imported much = import_with("ikelifetime=30d");
  EXPECT_EQ(much.config.ike.lifetime_seconds, 604800U);
  EXPECT_THAT(much.lost,
              ElementsAre("ipsec.conf:10: ikelifetime=30d: ike.lifetime_seconds is 300 to 604800 seconds; "
                          "set to 604800"));
  EXPECT_THAT(import_with("ikelifetime=soon").lost,
              ElementsAre("ipsec.conf:10: ikelifetime=soon: no duration; left out"));
}

TEST(Import, LifetimesAndLivenessAreMadeToFit) {
  const Imported rekeying = import_with("rekey=yes\n\tsalifetime=20m\n\trekeymargin=15m");
  EXPECT_TRUE(rekeying.config.ike.rekey);
  EXPECT_EQ(rekeying.config.ike.rekey_margin_seconds, 600U);
  EXPECT_THAT(rekeying.lost,
              ElementsAre(HasSubstr("ipsec.conf:12: rekeymargin=15m: rekey_margin_seconds is at most")));
  const Imported silent = import_with("dpddelay=1000");
  EXPECT_EQ(silent.config.ike.dpd_timeout_seconds, 5000U);
  EXPECT_THAT(silent.lost,
              ElementsAre(HasSubstr("ipsec.conf:10: dpddelay=1000: dpd_timeout_seconds has to be more")));
  EXPECT_EQ(import_with("dpddelay=200\n\tdpdaction=none").config.ike.dpd_delay_seconds, 0U);
}

TEST(Import, WeakProposalsAreNamedAndOthersNeedNoName) {
  const Imported imported = import_texts(
      "conn L2TP\n type=transport\n right=%any\n auto=add\n"
      " ike=aes256-sha2_256;modp2048,3des-sha1-modp1024!,aes-md5;dh14,aes128-sha1;modp1536,blowfish-sha1;"
      "modp2048\n"
      " phase2alg=aes_gcm-null,aes256-sha2_512,3des-sha1,aes-128-md5,null-sha1\n");
  EXPECT_THAT(imported.config.ike.legacy, ElementsAre("3des-sha1-modp1024", "aes128-md5-modp2048",
                                                      "aes256-md5-modp2048", "aes128-sha1-modp1536"));
  std::vector<std::string> esp;
  for (const crypto::SuiteId suite : imported.config.ike.legacy_esp)
    esp.emplace_back(crypto::suite(suite).name);
  EXPECT_THAT(esp, ElementsAre("3des-sha1", "aes128-md5", "null-sha1"));
  EXPECT_THAT(imported.lost,
              ElementsAre("ipsec.conf:5: ike: \"blowfish-sha1;modp2048\" is not there; left out"));
}

TEST(Import, AProposalWithoutAGroupDoesNotLetWeakOnesIn) {
  const Imported imported =
      import_texts("conn L2TP\n type=transport\n right=%any\n auto=add\n ike=3des-sha1,aes256-sha1\n");
  EXPECT_THAT(imported.config.ike.legacy, ElementsAre("3des-sha1-modp2048"));
  EXPECT_THAT(imported.lost,
              ElementsAre(AllOf(HasSubstr("3des-sha1-modp1024"), HasSubstr("aes256-sha1-modp1536"))));
}

TEST(Import, WithoutProposalsItTellsWhatOldReleasesTook) {
  const Imported imported = import_texts("conn L2TP\n type=transport\n right=%any\n auto=add\n");
  EXPECT_THAT(imported.config.ike.legacy, IsEmpty());
  EXPECT_THAT(imported.lost, ElementsAre(HasSubstr("ipsec.conf:1: conn L2TP has no ike=")));
}

TEST(Import, NetworksOfClientsKeepTheirExclusions) {
  const Imported imported = import_texts(
      "config setup\n "
      "virtual_private=%v4:10.0.0.0/8,%v4:192.168.1.7/16,%v4:!10.40.0.0/24,%v6:fd00::/8,nonsense\n" +
      conn_l2tp);
  const auto& rules = imported.config.ike.allowed_client_networks;
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules[1].prefix.to_string(), "192.168.0.0/16");
  EXPECT_TRUE(rules[2].excluded);
  EXPECT_TRUE(imported.config.ike.allows_client(0x0a010101));
  EXPECT_FALSE(imported.config.ike.allows_client(0x0a280005));
  EXPECT_THAT(imported.lost,
              ElementsAre(HasSubstr("\"%v4:192.168.1.7/16\" has host bits set; taken as 192.168.0.0/16"),
                          HasSubstr("\"%v6:fd00::/8\": clients' networks are IPv4; left out"),
                          HasSubstr("\"nonsense\" is no %v4:NETWORK; left out")));
}

TEST(Import, AnAddressThatIsNotThePortsOwnIsThePublicOne) {
  EXPECT_FALSE(import_with("leftid=10.20.0.10").config.public_address);
  EXPECT_EQ(import_with("leftid=203.0.113.10").config.public_address, 0xcb00710aU);
  EXPECT_EQ(import_with("leftid=@vpn.example.com").config.ike.identity, "vpn.example.com");
  EXPECT_THAT(import_with("leftid=vpn.example.com").lost, ElementsAre(HasSubstr("sent as a name")));
  EXPECT_THAT(import_with("leftid=\"C=CH, CN=gateway\"").lost, ElementsAre(HasSubstr("left out")));
  EXPECT_THAT(import_with("leftid=224.0.0.1").lost,
              ElementsAre(HasSubstr("no address that clients can reach")));
}

TEST(Import, WhatIsNotSoHereIsTold) {
  const std::pair<std::string, std::string> cases[] = {
      {"pfs=yes", "ipsec.conf:10: pfs=yes: PFS is accepted when a client proposes it, and never demanded"},
      {"compress=yes", "ipsec.conf:10: compress=yes: IPComp is refused"},
      {"sha2-truncbug=yes", "SHA2-256 always has its whole ICV"},
      {"sha2_truncbug=yes", "SHA2-256 always has its whole ICV"},
      {"dpdaction=restart", "a client that is gone is forgotten"},
      {"auto=start", "only clients dial"},
      {"rightid=@office", "is not compared with anything"},
      {"rightsubnet=10.99.0.0/16", "transport mode protects L2TP between the two hosts"},
      {"encapsulation=no", "clients behind a NAT are encapsulated always"},
      {"frobnicate=maybe", "ipsec.conf:10: frobnicate: not known here; left out"},
      {"plutostderrlog=/var/log/x", "runtime.debug_log"}};
  for (const auto& [setting, told] : cases)
    EXPECT_THAT(import_with(setting).lost, ElementsAre(HasSubstr(told))) << setting;
  for (const char* setting :
       {"pfs=no", "compress=no", "sha2-truncbug=no", "rightsubnet=vhost:%priv,%no", "overlapip=yes",
        "ikev2=never", "x-comment=for somebody else", "fragmentation=yes"})
    EXPECT_THAT(import_with(setting).lost, IsEmpty()) << setting;
}

TEST(Import, SettingsThatAreOnOrOff) {
  EXPECT_FALSE(import_with("forceencaps=no").config.ike.force_encapsulation);
  EXPECT_FALSE(import_with("encapsulation=auto").config.ike.force_encapsulation);
  EXPECT_TRUE(import_with("encapsulation=yes").config.ike.force_encapsulation);
  EXPECT_TRUE(import_with("aggrmode=yes").config.ike.aggressive);
  EXPECT_FALSE(import_with("aggrmode=no").config.ike.aggressive);
  EXPECT_EQ(import_texts("config setup\n plutodebug=\"control parsing\"\n keep_alive=20\n" + conn_l2tp)
                .config.log_level,
            "debug");
  EXPECT_EQ(import_texts("config setup\n plutodebug=none\n" + conn_l2tp).config.log_level, "info");
  EXPECT_EQ(import_texts("config setup\n keep_alive=20\n" + conn_l2tp).config.ike.keepalive_seconds, 20U);
}

}  // namespace
}  // namespace espgate::openswan
