// SPDX-License-Identifier: Apache-2.0
// Which connections of an ipsec.conf are carried over, and how several become one.
#include "tests/unit/cli/import/imported.h"

namespace espgate::openswan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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

}  // namespace
}  // namespace espgate::openswan
