// SPDX-License-Identifier: Apache-2.0
// What xl2tpd.conf, pppd's options and chap-secrets come to.
#include "tests/unit/cli/import/imported.h"

namespace espgate::openswan {
namespace {

using config::AuthMethod;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string lns =
    "[global]\nport = 1701\n[lns default]\nip range = 192.168.42.10-192.168.42.250\nlocal ip = "
    "192.168.42.1\n";
const std::string one_user = "alice\t*\t\"alice's words\"\t*\n";

struct Old {
  std::string xl2tpd = lns, options = "require-mschap-v2\n", users = one_user;
  std::string pool = {};
};

Imported import_old(const Old& old) {
  MadeUpFiles files;
  files.contents = {{"ipsec.conf", conn_l2tp},
                    {"ipsec.secrets", any_psk},
                    {"xl2tpd.conf", old.xl2tpd},
                    {"options", old.options},
                    {"chap-secrets", old.users}};
  Surroundings around = made_up_surroundings;
  around.pool = old.pool;
  return import_these(files,
                      {"ipsec.conf", "ipsec.secrets", around, "xl2tpd.conf", "options", "chap-secrets"});
}
Imported import_lns(const std::string& more) { return import_old({.xl2tpd = lns + more}); }
Imported import_options(const std::string& options) { return import_old({.options = options}); }

std::string address(std::uint32_t value) { return wire::IpAddress::v4(value).to_string(); }

TEST(ImportXl2tpd, RangeBecomesAPoolOfItsNetwork) {
  const Imported imported = import_lns("hostname = vpn.example.com\nname = l2tpd\n");
  EXPECT_EQ(imported.config.client_pool.to_string(), "192.168.42.0/24");
  ASSERT_EQ(imported.config.pools.size(), 1U);
  EXPECT_EQ(imported.config.pools[0].range.to_string(), "192.168.42.10-192.168.42.250");
  EXPECT_THAT(imported.config.pools[0].excluded, IsEmpty());
  EXPECT_EQ(address(imported.config.gateway_address()), "192.168.42.1");
  EXPECT_EQ(imported.config.l2tp.host_name, "vpn.example.com");
  EXPECT_EQ(imported.config.users.server, "l2tpd");
  EXPECT_THAT(imported.lost, IsEmpty());
}

TEST(ImportXl2tpd, TheLastLineAboutAnAddressCounts) {
  const Imported imported = import_old({.xl2tpd = "[lns default]\n"
                                                  "ip range = 172.16.8.10-172.16.8.99\n"
                                                  "no ip range = 172.16.8.20 - 172.16.8.29\n"
                                                  "ip range = 172.16.8.25 ; that one again\n"
                                                  "no ip range = 172.16.8.99\n"
                                                  "IP  Range = 172.16.9.10-200\n"});
  ASSERT_EQ(imported.config.pools.size(), 1U);
  EXPECT_EQ(imported.config.client_pool.to_string(), "172.16.8.0/23");
  EXPECT_EQ(imported.config.pools[0].range.to_string(), "172.16.8.10-172.16.9.200");
  std::vector<std::string> excluded;
  for (const auto& part : imported.config.pools[0].excluded) excluded.push_back(part.to_string());
  EXPECT_THAT(excluded,
              ElementsAre("172.16.8.20-172.16.8.24", "172.16.8.26-172.16.8.29", "172.16.8.99-172.16.9.9"));
}

TEST(ImportXl2tpd, APoolIsWideEnoughForTheGatewayAndForUsersWithAddresses) {
  const Imported imported = import_old(
      {.xl2tpd = "[lns default]\nip range = 192.168.42.100-192.168.42.110\nlocal ip = 192.168.42.1\n",
       .users = "alice * words 192.168.42.200\nbob * words 10.99.0.1\n"});
  EXPECT_EQ(imported.config.client_pool.to_string(), "192.168.42.0/24");
  EXPECT_THAT(imported.lost,
              ElementsAre(HasSubstr("10.99.0.1 of \"bob\" in the users' file is not in clients.pool")));
}

TEST(ImportXl2tpd, RangeInTheOfficesOwnNetworkIsNoPool) {
  const Old lan = {.xl2tpd = "[lns default]\nip range = 10.30.0.200-10.30.0.230\nlocal ip = 10.30.0.1\n",
                   .pool = "10.40.0.0/24"};
  const Imported imported = import_old(lan);
  EXPECT_EQ(imported.config.client_pool.to_string(), "10.40.0.0/24");
  EXPECT_THAT(imported.config.pools, IsEmpty());
  EXPECT_EQ(address(imported.config.gateway_address()), "10.30.0.1");
  EXPECT_THAT(imported.lost,
              ElementsAre("xl2tpd.conf:2: ip range: 10.30.0.200-10.30.0.230 is not in the pool "
                          "10.40.0.0/24, which is taken instead"));

  MadeUpFiles files;
  files.contents = {{"x", lan.xl2tpd}};
  Surroundings around = made_up_surroundings;
  around.pool.clear();
  Notes notes;
  const auto draft = import_openswan({.surroundings = around, .xl2tpd_conf = "x"}, files, notes);
  ASSERT_TRUE(draft);
  EXPECT_FALSE(draft->dial_in->pool);
  EXPECT_THAT(notes.all().front().to_string(),
              AllOf(HasSubstr("x:2: ip range: "), HasSubstr("network of [inside]")));
  EXPECT_THAT(std::string(as_text(to_toml(*draft).text)), HasSubstr("# FILL IN: pool"));
}

TEST(ImportXl2tpd, AnInnerAddressOnALinkIsLeftOut) {
  const Imported other = import_old(
      {.xl2tpd = "[lns default]\nip range = 192.168.42.10-192.168.42.250\nlocal ip = 10.30.0.77\n"});
  EXPECT_FALSE(other.config.ppp.gateway_address);
  EXPECT_THAT(other.lost, ElementsAre(HasSubstr("local ip = 10.30.0.77: is on the link of [inside]")));
}

struct WrongLine {
  const char* line;
  const char* said;
};
// NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const WrongLine& wrong, std::ostream* out) { *out << wrong.line; }
class Xl2tpdLines : public testing::TestWithParam<WrongLine> {};

TEST_P(Xl2tpdLines, ThatHaveNoCounterpartAreNamed) {
  const Imported imported = import_lns(std::string(GetParam().line) + "\n");
  EXPECT_THAT(imported.lost, Contains(AllOf(HasSubstr("xl2tpd.conf:6: "), HasSubstr(GetParam().said))))
      << testing::PrintToString(imported.lost);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Xl2tpdLines,
    testing::Values(WrongLine{"port = 1702", "port = 1702: L2TP is at UDP 1701"},
                    WrongLine{"challenge = yes", "set l2tp.secret and l2tp.require_challenge"},
                    WrongLine{"exclusive = yes", "users.sessions says how often"},
                    WrongLine{"access control = yes", "from of [[ike.psk]]"},
                    WrongLine{"lac = 198.51.100.1-198.51.100.9", "from of [[ike.psk]]"},
                    WrongLine{"no lac = 198.51.100.66", "from of [[ike.psk]]"},
                    WrongLine{"assign ip = no", "addresses come from the pool"},
                    WrongLine{"local ip range = 10.1.0.1-10.1.0.9", "one inner address for all"},
                    WrongLine{"unix authentication = yes", "users stand in users.file"},
                    WrongLine{"unix auth = yes", "users stand in users.file"},
                    WrongLine{"require authentication = no", "nobody comes in without a password"},
                    WrongLine{"hidden bit = yes", "none are sent hidden"},
                    WrongLine{"hostname = my gateway", "l2tp.host_name has letters"},
                    WrongLine{"listen-addr = 198.51.100.1", "outside.address is 10.20.0.10/24"},
                    WrongLine{"debug tunnel = yes", "espgate log"},
                    WrongLine{"name = caf\xe9", "users.server is ASCII here"},
                    WrongLine{"ip range = 127.0.0.1-127.0.0.9", "expected addresses like"},
                    WrongLine{"ip range = lac1-lac2", "expected addresses like"},
                    WrongLine{"local ip = 255.255.255.255", "expected the address of a host"},
                    WrongLine{"frobnicate = hush-hush", "frobnicate: not known here; left out"},
                    WrongLine{"no sense at all", "no \"key = value\""},
                    WrongLine{"[lac branch]", "[lac branch]: not carried over: the gateway calls nobody"},
                    WrongLine{"[lns other]", "[lns other]: not carried over: there is one gateway"}),
    [](const auto& each) { return "Line" + std::to_string(each.index); });

TEST(ImportXl2tpd, WhatIsAlwaysSoNeedsNoWord) {
  for (const char* line :
       {"exclusive = no", "ipsec saref = yes", "access control = no", "lac = 0.0.0.0-255.255.255.255",
        "length bit = yes", "flow bit = yes", "tunnel rws = 4", "call rws = -1", "challenge = no",
        "require authentication = yes", "refuse authentication = yes", "refuse pap = yes",
        "rand source = dev", "listen-addr = 10.20.0.10", "tx bps = 10000", "max retries = 5",
        "hidden bit = no", "assign ip = yes"}) {
    EXPECT_THAT(import_lns(std::string(line) + "\n").lost, IsEmpty()) << line;
  }
}

TEST(ImportXl2tpd, AFileOfAClientIsNone) {
  MadeUpFiles files;
  for (const char* text : {"[lac home]\nlns = vpn.example.com\n", "; [lns default]\n", ""}) {
    files.contents = {{"xl2tpd.conf", text}};
    Notes notes;
    const auto draft =
        import_openswan({.surroundings = made_up_surroundings, .xl2tpd_conf = "xl2tpd.conf"}, files, notes);
    ASSERT_FALSE(draft);
    EXPECT_EQ(draft.error(), "xl2tpd.conf: has no [lns default], so it is none of a gateway");
  }
}

TEST(ImportXl2tpd, ItsOptionsFileIsFoundBesideItOrInTheSameTree) {
  MadeUpFiles files;
  const std::string conf = lns + "pppoptfile = /etc/ppp/options.l2tp\n";
  for (const auto& [xl2tpd, options] : {std::pair{"old/etc/xl2tpd/xl2tpd.conf", "old/etc/ppp/options.l2tp"},
                                        {"/etc/xl2tpd/xl2tpd.conf", "/etc/ppp/options.l2tp"},
                                        {"copied/xl2tpd.conf", "copied/options.l2tp"}}) {
    files.contents = {{xl2tpd, conf}, {options, "mtu 1300\n"}};
    Notes notes;
    const auto draft =
        import_openswan({.surroundings = made_up_surroundings, .xl2tpd_conf = xl2tpd}, files, notes);
    ASSERT_TRUE(draft);
    ASSERT_TRUE(draft->dial_in->mru) << xl2tpd;
    EXPECT_EQ(draft->dial_in->mru->value, 1300U);
  }
  // Another machine's file of the same name is not taken for it.
  files.contents = {{"copied/xl2tpd.conf", conf}, {"/etc/ppp/options.l2tp", "mtu 1300\n"}};
  Notes notes;
  const auto draft = import_openswan(
      {.surroundings = made_up_surroundings, .xl2tpd_conf = "copied/xl2tpd.conf"}, files, notes);
  ASSERT_TRUE(draft);
  EXPECT_FALSE(draft->dial_in->mru);
  EXPECT_THAT(notes.all()[1].to_string(),
              HasSubstr("copied/xl2tpd.conf:6: pppoptfile = /etc/ppp/options.l2tp: not found"));
}

// pppd's options

TEST(ImportOptions, GoWhereTheyBelong) {
  const Imported imported = import_options(
      "+mschap-v2 ms-dns 10.30.0.53\nms-dns 10.30.0.54 ms-wins 10.30.0.10\n"
      "mtu 1280\nmru 1280 # bytes\nlcp-echo-interval 20\nlcp-echo-failure 5\nidle\n 1800\nmaxconnect 36000\n"
      "noccp auth nodefaultroute crtscts lock debug hide-password nobsdcomp novj asyncmap 0\n"
      "logfile \"/var/log/ppp of l2tp.log\"\nconnect-delay 5000\nname l2tpd\n");
  const config::Config& config = imported.config;
  EXPECT_THAT(config.ppp.auth, ElementsAre(AuthMethod::mschapv2));
  EXPECT_THAT(config.ppp.dns, ElementsAre(0x0a1e0035U, 0x0a1e0036U));
  EXPECT_THAT(config.ppp.nbns, ElementsAre(0x0a1e000aU));
  EXPECT_EQ(config.ppp.mru, 1280);
  EXPECT_EQ(config.ppp.echo_interval_seconds, 20U);
  EXPECT_EQ(config.ppp.echo_failures, 5U);
  EXPECT_EQ(config.users.idle_limit_seconds, 1800U);
  EXPECT_EQ(config.users.session_limit_seconds, 36000U);
  EXPECT_EQ(config.users.server, "l2tpd");
  EXPECT_THAT(imported.lost, IsEmpty());
}

TEST(ImportOptions, WaysToAuthenticateAreThoseOfBothFiles) {
  const auto auth = [](const std::string& xl2tpd, const std::string& options) {
    return import_old({.xl2tpd = lns + xl2tpd, .options = options}).config.ppp.auth;
  };
  EXPECT_THAT(auth("require chap = yes\n", "require-mschap-v2\n"),
              ElementsAre(AuthMethod::mschapv2, AuthMethod::chap_md5));
  EXPECT_THAT(auth("require chap = yes\nrefuse pap = yes\n", ""), ElementsAre(AuthMethod::chap_md5));
  EXPECT_THAT(auth("require pap = yes\n", ""), ElementsAre(AuthMethod::pap));
  EXPECT_THAT(auth("", "require-pap require-chap require-mschap-v2"),
              ElementsAre(AuthMethod::mschapv2, AuthMethod::chap_md5, AuthMethod::pap));
  // Nothing is required: what pppd would have taken.
  EXPECT_THAT(auth("refuse pap = yes\n", "auth"), ElementsAre(AuthMethod::mschapv2, AuthMethod::chap_md5));
  EXPECT_THAT(auth("", "auth refuse-chap refuse-pap"), ElementsAre(AuthMethod::mschapv2));
  EXPECT_THAT(import_options("auth\n").lost,
              ElementsAre(HasSubstr("nothing says how users prove who they are")));
}

TEST(ImportOptions, OutOfBoundsTheyAreBroughtWithin) {
  const Imported imported = import_options(
      "require-mschap-v2\nmtu 1500\nmru 200\nlcp-echo-interval 86400\nlcp-echo-failure 200\nidle 9999999\n");
  EXPECT_EQ(imported.config.ppp.mru, 576);
  EXPECT_EQ(imported.config.ppp.echo_interval_seconds, 3600U);
  EXPECT_EQ(imported.config.ppp.echo_failures, 100U);
  EXPECT_EQ(imported.config.users.idle_limit_seconds, 604800U);
  EXPECT_EQ(imported.lost.size(), 5U) << testing::PrintToString(imported.lost);
}

class OptionLines : public testing::TestWithParam<WrongLine> {};

TEST_P(OptionLines, ThatHaveNoCounterpartAreNamed) {
  const Imported imported = import_options("require-mschap-v2\n" + std::string(GetParam().line) + "\n");
  EXPECT_THAT(imported.lost, ElementsAre(AllOf(HasSubstr("options:2: "), HasSubstr(GetParam().said))));
}

INSTANTIATE_TEST_SUITE_P(
    Each, OptionLines,
    testing::Values(
        WrongLine{"proxyarp", "need a route to clients.pool"},
        WrongLine{"plugin winbind.so", "Windows domains are not asked"},
        WrongLine{"plugin minconn.so", "plugins of pppd have no place"},
        WrongLine{"require-mppe-128", "IPsec encrypts already"}, WrongLine{"+mppe", "IPsec encrypts already"},
        WrongLine{"noauth", "nobody comes in without a password"},
        WrongLine{"login", "users stand in users.file"}, WrongLine{"require-eap", "EAP is not there"},
        WrongLine{"require-mschap", "version 1 is broken"},
        WrongLine{"ipcp-accept-remote", "an address of its own choice"},
        WrongLine{"+ipv6", "inner packets are IPv4"}, WrongLine{"ipparam office", "no scripts are run"},
        WrongLine{"deflate 12", "nothing is compressed"}, WrongLine{"file /etc/ppp/more", "not read"},
        WrongLine{"ms-dns resolver.example.com", "IPv4 addresses"},
        WrongLine{"mtu much", "expected a number"}, WrongLine{"idle", "what belongs behind it is missing"},
        WrongLine{"192.168.99.1:", "the gateway's address is that of local ip"},
        WrongLine{"frobnicate hush-hush", "\"frobnicate\": not known here"},
        WrongLine{"mtu \"1400", "a quote that is not closed"}),
    [](const auto& each) { return "Line" + std::to_string(each.index); });

TEST(ImportOptions, WhatMayBeASecretIsNotShown) {
  const Imported imported = import_options(
      "require-mschap-v2\nuser me password hush-hush\n+ua /etc/ppp/hush-hush\n"
      "alice * hush-hush *\nmagic=hush-hush hush-hush\n");
  for (const auto* notes : {&imported.lost, &imported.same})
    EXPECT_THAT(*notes, Each(Not(AllOf(HasSubstr("hush-hush"), Not(HasSubstr("\"magic="))))));
}

// chap-secrets

TEST(ImportOptions, RadiusKnowsTheUsersAndItsServersAreFilledIn) {
  MadeUpFiles files;
  files.contents = {{"options",
                     "require-mschap-v2\nidle 600\nname l2tpd\nplugin radius.so\n"
                     "radius-config-file /etc/radiusclient/radiusclient.conf\n"},
                    {"chap-secrets", one_user},
                    {"ipsec.secrets", any_psk}};
  Notes notes;
  const auto draft = import_openswan({.ipsec_secrets = "ipsec.secrets",
                                      .surroundings = made_up_surroundings,
                                      .ppp_options = "options",
                                      .chap_secrets = "chap-secrets",
                                      .users_file = "chap-secrets"},
                                     files, notes);
  ASSERT_TRUE(draft);
  EXPECT_TRUE(draft->dial_in->users_text.empty());
  notes.sort();
  std::vector<std::string> told;
  for (const Note& note : notes.all())
    if (note.kind == Note::Kind::lost) told.push_back(note.to_string());
  EXPECT_THAT(told, ElementsAre(HasSubstr("options:4: plugin radius.so: RADIUS servers know the users"),
                                HasSubstr("options:5: radius-config-file"),
                                HasSubstr("chap-secrets: left out: with plugin radius.so")));
  const DraftText text = to_toml(*draft);
  EXPECT_EQ(text.missing.size(), 2U);
  std::string filled(as_text(text.text));
  for (const std::string place : {"# FILL IN: address = \"10.30.0.20\"", "# FILL IN: secret = \"…\""}) {
    const std::size_t at = filled.find(place);
    ASSERT_NE(at, std::string::npos) << filled;
    filled.erase(at, std::string("# FILL IN: ").size());
  }
  const auto parsed = config::parse_config(filled, "made.toml");
  ASSERT_TRUE(parsed) << parsed.error().to_string();
  EXPECT_THAT(config::check(parsed->config, parsed->places).errors, IsEmpty());
  EXPECT_EQ(parsed->config.users.source, config::UserSource::radius);
  EXPECT_EQ(parsed->config.users.idle_limit_seconds, 600U);
}

TEST(ImportUsers, EachLineIsLookedAt) {
  const Imported imported = import_old({.xl2tpd = lns + "name = l2tpd\n",
                                        .users = "alice * words 192.168.42.20\n"
                                                 "bob * words 192.168.42.7 192.168.42.8\n"
                                                 "dave * @/etc/ppp/dave *\n"
                                                 "erin * words\n"
                                                 "alice * words *\n"
                                                 "olaf pppoe words *\n"
                                                 "gert * \"words *\n"});
  EXPECT_EQ(imported.config.users.file, "chap-secrets");
  EXPECT_THAT(imported.lost,
              ElementsAre(HasSubstr("chap-secrets:2: one is of the addresses"),
                          HasSubstr("chap-secrets:3: the secret of \"dave\" is in another file"),
                          HasSubstr("chap-secrets:4: \"erin\" is given no address"),
                          HasSubstr("chap-secrets:5: \"alice\" stands here a second time"),
                          HasSubstr("chap-secrets:7: a quote is not closed")));
  EXPECT_THAT(imported.same,
              Contains(HasSubstr("chap-secrets:6: the line of \"olaf\" is for the server \"pppoe\"")));
}

TEST(ImportUsers, WithoutANameLinesOfOtherServicesCount) {
  EXPECT_THAT(
      import_old({.users = "olaf pppoe words *\n"}).lost,
      ElementsAre(HasSubstr("chap-secrets:1: the line of \"olaf\" is for the server \"pppoe\"; it counts")));
}

TEST(ImportUsers, AnEmptyFileIsToldOf) {
  EXPECT_THAT(import_old({.users = "# client server secret addresses\n"}).lost,
              ElementsAre("chap-secrets: there is no user in it"));
}

TEST(ImportUsers, AFileThatIsNoneStopsIt) {
  MadeUpFiles files;
  files.contents = {{"chap-secrets", "one\n"}};
  Notes notes;
  const auto draft =
      import_openswan({.surroundings = made_up_surroundings, .chap_secrets = "chap-secrets"}, files, notes);
  ASSERT_FALSE(draft);
  EXPECT_THAT(draft.error(), HasSubstr("chap-secrets: not one of its lines is right"));
}

TEST(ImportDialIn, AnyOfTheFilesIsEnough) {
  MadeUpFiles files;
  files.contents = {{"xl2tpd.conf", lns}, {"options", "require-mschap-v2\n"}, {"chap-secrets", one_user}};
  for (const Sources& sources :
       {Sources{.surroundings = made_up_surroundings, .xl2tpd_conf = "xl2tpd.conf"},
        Sources{.surroundings = made_up_surroundings, .ppp_options = "options"},
        Sources{.surroundings = made_up_surroundings, .chap_secrets = "chap-secrets"}}) {
    Notes notes;
    const auto draft = import_openswan(sources, files, notes);
    ASSERT_TRUE(draft);
    const DraftText text = to_toml(*draft);
    const bool with_users = !sources.chap_secrets.empty();
    EXPECT_EQ(text.missing.size(), with_users ? 1U : 2U) << as_text(text.text);  // the key; the users' file
  }
}

}  // namespace
}  // namespace espgate::openswan
