// SPDX-License-Identifier: Apache-2.0
// What ipsec.conf and ipsec.secrets come to.
#include "config/check.h"
#include "config/config_file.h"
#include "tests/unit/cli/import/made_up_files.h"

#include <algorithm>
#include <cstring>

#include <gmock/gmock.h>

namespace espgate::openswan {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string conn_l2tp =
    "conn L2TP\n\tauthby=secret\n\ttype=transport\n\tleft=10.20.0.10\n\tleftprotoport=17/1701\n"
    "\tright=%any\n\trightprotoport=17/%any\n\tike=aes256-sha1;modp2048\n\tauto=add\n";
const std::string any_psk = "%any %any : PSK \"a key for whoever dials\"\n";

// An import, and the configuration that comes out of it, which must be without errors.
struct Imported {
  config::Config config;
  std::vector<std::string> lost, same;
  std::string text;
};

Imported import_these(MadeUpFiles files, bool with_secrets = true) {
  Notes notes;
  const Sources sources{"ipsec.conf", with_secrets ? "ipsec.secrets" : "", made_up_surroundings};
  auto draft = import_openswan(sources, files, notes);
  if (!draft) throw std::runtime_error(draft.error());
  notes.sort();
  Imported imported;
  for (const Note& note : notes.all())
    (note.kind == Note::Kind::lost ? imported.lost : imported.same).push_back(note.to_string());
  const DraftText text = to_toml(*draft);
  imported.text = as_text(text.text);
  auto parsed = config::parse_config(imported.text, "made.toml");
  if (!parsed) throw std::runtime_error(parsed.error().to_string() + imported.text);
  EXPECT_THAT(config::check(parsed->config, parsed->places).errors, IsEmpty()) << imported.text;
  EXPECT_THAT(text.missing, IsEmpty());
  imported.config = std::move(parsed->config);
  return imported;
}
Imported import_texts(const std::string& conf, const std::string& secrets = any_psk) {
  MadeUpFiles files;
  files.contents = {{"ipsec.conf", conf}, {"ipsec.secrets", secrets}};
  return import_these(std::move(files));
}
// With one more line in the connection.
Imported import_with(const std::string& setting) { return import_texts(conn_l2tp + "\t" + setting + "\n"); }

std::string key_of(const config::Psk& psk) { return std::string(as_text(psk.key)); }
std::vector<std::string> networks_of(const config::Psk& psk) {
  std::vector<std::string> networks;
  for (const auto& network : psk.from) networks.push_back(network.to_string());
  return networks;
}

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
  const Imported silent = import_with("dpddelay=200");
  EXPECT_EQ(silent.config.ike.dpd_timeout_seconds, 1000U);
  EXPECT_THAT(silent.lost,
              ElementsAre(HasSubstr("ipsec.conf:10: dpddelay=200: dpd_timeout_seconds has to be more")));
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

TEST(Import, OwnSettingsWinThenAlsoThenTheDefault) {
  const Imported imported = import_texts(
      "conn %default\n ikelifetime=1h\n salifetime=1h\n dpddelay=11\n ike=aes256-sha1-modp2048\n"
      "conn base\n salifetime=2h\n dpddelay=12\n also=deeper\n"
      "conn deeper\n dpdtimeout=77\n type=transport\n also=base\n"
      "conn L2TP\n dpddelay=13\n also=base\n right=%any\n auto=add\n");
  EXPECT_EQ(imported.config.ike.lifetime_seconds, 3600U);
  EXPECT_EQ(imported.config.ike.sa_lifetime_seconds, 7200U);
  EXPECT_EQ(imported.config.ike.dpd_delay_seconds, 13U);
  EXPECT_EQ(imported.config.ike.dpd_timeout_seconds, 77U);
  EXPECT_THAT(imported.lost, IsEmpty());
}

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

TEST(Import, OtherConnectionsAreNamedAndLeftOut) {
  const Imported imported =
      import_texts(conn_l2tp +
                   "conn xauth\n authby=secret\n leftxauthserver=yes\n auto=add\n"
                   "conn ikev2\n ikev2=insist\n auto=add\n"
                   "conn ikev2-strongswan\n keyexchange=ikev2\n type=transport\n auto=add\n"
                   "conn site\n leftsubnet=10.0.0.0/8\n auto=start\n"
                   "conn gre\n type=transport\n leftprotoport=47\n auto=add\n"
                   "conn certificates\n type=transport\n leftprotoport=17/1701\n authby=rsasig\n auto=add\n"
                   "conn clear\n type=passthrough\n auto=route\n"
                   "conn resting\n type=transport\n leftprotoport=17/1701\n ike=3des-md5-modp1024\n");
  EXPECT_THAT(
      imported.lost,
      ElementsAre(
          HasSubstr("conn xauth: not carried over: XAUTH"), HasSubstr("conn ikev2: not carried over: IKEv2"),
          HasSubstr("conn ikev2-strongswan: not carried over: IKEv2"),
          HasSubstr("conn site: not carried over: a tunnel without L2TP"),
          HasSubstr("conn gre: not carried over: it protects another protocol"),
          HasSubstr("conn certificates: not carried over: clients are authenticated by pre-shared keys"),
          HasSubstr("conn clear: not carried over: a policy without IPsec"),
          HasSubstr("conn resting: auto= does not load it; not carried over")));
  EXPECT_THAT(imported.config.ike.legacy, IsEmpty());
}

TEST(Import, WithoutAnyL2tpThereIsNothingToImport) {
  MadeUpFiles files;
  files.contents = {{"ipsec.conf", "conn site\n leftsubnet=10.0.0.0/8\n auto=start\n"}};
  Notes notes;
  const auto draft = import_openswan({"ipsec.conf", "", {}}, files, notes);
  ASSERT_FALSE(draft);
  EXPECT_THAT(draft.error(), HasSubstr("ipsec.conf: no conn in it is for L2TP with a pre-shared key"));
  EXPECT_EQ(notes.all().size(), 1U);
  EXPECT_THAT(import_openswan({"missing.conf", "", {}}, files, notes).error(),
              HasSubstr("missing.conf: cannot be opened: No such file"));
}

TEST(Import, ConnectionsThatAgreeAreOne) {
  const Imported imported = import_texts(
      "conn NAT\n rightsubnet=vhost:%priv\n also=noNAT\nconn noNAT\n type=transport\n right=%any\n "
      "ike=aes256-sha1-modp2048\n"
      " auto=add\n ikelifetime=8h\n");
  EXPECT_THAT(imported.lost, IsEmpty());
  EXPECT_EQ(imported.config.ike.lifetime_seconds, 28800U);
}

TEST(Import, WhereConnectionsDifferItIsTold) {
  const Imported imported = import_texts(
      "conn one\n type=transport\n right=%any\n ikelifetime=8h\n ike=3des-sha1-modp1024\n auto=add\n"
      "conn two\n type=transport\n right=198.51.100.9\n ikelifetime=4h\n ike=aes128-sha1-modp1024\n "
      "dpddelay=20\n auto=add\n");
  EXPECT_EQ(imported.config.ike.lifetime_seconds, 28800U);
  EXPECT_EQ(imported.config.ike.dpd_delay_seconds, 20U);
  EXPECT_THAT(imported.config.ike.legacy, ElementsAre("3des-sha1-modp1024", "aes128-sha1-modp1024"));
  EXPECT_THAT(
      imported.lost,
      ElementsAre(HasSubstr("ipsec.conf:1: conn one has no dpddelay=20, which conn two has (ipsec.conf:12)"),
                  HasSubstr("ipsec.conf:10: ikelifetime=4h: conn one has ikelifetime=8h (ipsec.conf:4)")));
}

TEST(Import, AFileMayCallUsRight) {
  const Imported imported = import_texts(
      "conn L2TP\n left=%any\n right=10.20.0.10\n rightid=203.0.113.10\n rightprotoport=17/1701\n "
      "leftprotoport=17/0\n"
      " type=transport\n ike=aes256-sha1-modp2048\n auto=add\n");
  EXPECT_EQ(imported.config.public_address, 0xcb00710aU);
  EXPECT_THAT(imported.lost, IsEmpty());
}

// ipsec.secrets

struct SecretCase {
  const char* line;
  std::string key;
  std::vector<std::string> from;
};
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

// The text

TEST(DraftText, MarksWhatIsNotKnown) {
  MadeUpFiles files;
  files.contents = {{"ipsec.conf", "config setup\n interfaces=\"ipsec0=ens6\"\n" + conn_l2tp +
                                       "\tleftnexthop=10.20.0.254\n"}};
  Notes notes;
  const auto draft = import_openswan({"ipsec.conf", "", {}}, files, notes);
  ASSERT_TRUE(draft);
  const DraftText text = to_toml(*draft);
  EXPECT_EQ(text.missing.size(), 7U);
  for (const char* place : {"# FILL IN: interface = \"ens6\"", "# FILL IN: address = \"10.20.0.10/24\"",
                            "# FILL IN: gateway = \"10.20.0.254\"", "# FILL IN: pool", "# FILL IN: secret"})
    EXPECT_THAT(std::string(as_text(text.text)), HasSubstr(place));
  const auto parsed = config::parse_config(as_text(text.text), "made.toml");
  ASSERT_FALSE(parsed);
  for (const config::Problem& problem : parsed.error().errors)
    EXPECT_THAT(problem.what, HasSubstr("is missing in ["))
        << "an error other than a missing key: " << problem.to_string();
}

TEST(DraftText, StaysTomlWhateverAConnectionIsCalled) {
  const Imported imported = import_texts(
      "conn of\x9a\x9e\x1b[2J\n type=transport\n right=%any\n auto=add\n ike=aes256-sha1-modp2048\n");
  EXPECT_THAT(imported.text, HasSubstr("conn of??"));
  EXPECT_THAT(imported.text, Not(HasSubstr("\x1b")));
}

TEST(DraftText, CanBeShownWithoutKeys) {
  MadeUpFiles files;
  files.contents = {{"ipsec.conf", conn_l2tp}, {"ipsec.secrets", any_psk}};
  Notes notes;
  const auto draft = import_openswan({"ipsec.conf", "ipsec.secrets", made_up_surroundings}, files, notes);
  const DraftText text = to_toml(draft.value());
  EXPECT_THAT(std::string(as_text(text.text)), HasSubstr("secret = 'a key for whoever dials'"));
  EXPECT_THAT(std::string(as_text(text.covered)),
              AllOf(HasSubstr("secret = '…'"), Not(HasSubstr("whoever"))));
}

}  // namespace
}  // namespace espgate::openswan
