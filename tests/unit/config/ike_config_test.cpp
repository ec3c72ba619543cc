// SPDX-License-Identifier: Apache-2.0
// [ike]: what a file says becomes the settings, and what is wrong with it is said without showing a secret.
#include "config/check.h"
#include "config/config_file.h"
#include "config/preshared_key.h"
#include "tests/unit/config/config_text.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace espgate::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string text_of(const crypto::SecretBytes& secret) {
  return {reinterpret_cast<const char*>(secret.data()), secret.size()};
}

// The ports of config_text.h are on lines 1 to 9: [ike] is line 10, what follows it begins on line 11.
std::string with_ike(const std::string& lines) { return good_ports + "[ike]\n" + lines; }

Config read(const std::string& lines) {
  auto parsed = parse_config(with_ike(lines), "g.toml");
  if (!parsed) throw std::runtime_error(parsed.error().to_string());
  return std::move(parsed->config);
}

std::string errors(const std::string& lines) {
  const auto parsed = parse_config(with_ike(lines), "g.toml");
  return parsed ? "" : parsed.error().to_string();
}

std::string checked(const std::string& lines) {
  const auto parsed = parse_config(with_ike(lines), "g.toml");
  return parsed ? check(parsed->config, parsed->places).to_string() : parsed.error().to_string();
}

const std::string good_psk = "psk = \"correct horse battery\"\n";

TEST(IkeConfig, IsOffWithoutTheTable) {
  const auto parsed = parse_config(good_file, "g.toml");
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->config.ike.enabled);
  EXPECT_TRUE(parsed->config.ike.psks.empty());
  EXPECT_THAT(check(parsed->config, parsed->places).to_string(), Not(HasSubstr("ike")));
}

TEST(IkeConfig, NeedsNothingButAKey) {
  const Ike ike = read(good_psk).ike;
  EXPECT_TRUE(ike.enabled);
  ASSERT_EQ(ike.psks.size(), 1U);
  EXPECT_EQ(text_of(ike.psks[0].key), "correct horse battery");
  EXPECT_THAT(ike.psks[0].from, IsEmpty());
  EXPECT_EQ(ike.psks[0].where.to_string(), "g.toml:11:7");
  EXPECT_EQ(ike.identity, "");
  EXPECT_TRUE(ike.force_encapsulation);
  EXPECT_FALSE(ike.aggressive);
  EXPECT_THAT(ike.legacy_proposals, IsEmpty());
  EXPECT_EQ(ike.lifetime_seconds, 86400U);
  EXPECT_EQ(ike.sa_lifetime_seconds, 86400U);
  EXPECT_EQ(ike.sa_lifetime_kilobytes, 0U);
  EXPECT_EQ(ike.dpd_delay_seconds, 30U);
  EXPECT_EQ(ike.dpd_timeout_seconds, 900U);
  EXPECT_FALSE(ike.rekey);
  EXPECT_EQ(ike.fragment_size, 1280U);
}

TEST(IkeConfig, TakesKeysOfSeveralGroupsOfClients) {
  const Ike ike = read(R"([[ike.psk]]
secret = "first of the keys"
from = ["203.0.113.0/24", "198.51.100.7/32"]
[[ike.psk]]
secret = "0x00ff10Ab"
[[ike.psk]]
secret_file = "/etc/espgate/psk"
)")
                      .ike;
  ASSERT_EQ(ike.psks.size(), 3U);
  EXPECT_EQ(text_of(ike.psks[0].key), "first of the keys");
  ASSERT_EQ(ike.psks[0].from.size(), 2U);
  EXPECT_EQ(ike.psks[0].from[1].to_string(), "198.51.100.7/32");
  EXPECT_EQ(text_of(ike.psks[1].key), std::string("\x00\xff\x10\xab", 4));
  EXPECT_EQ(ike.psks[2].file, "/etc/espgate/psk");
  EXPECT_TRUE(ike.psks[2].key.empty()) << "files are read_config()'s to read";
}

TEST(IkeConfig, TakesEverySetting) {
  const Ike ike = read(good_psk + R"(identity = "vpn.example.com"
legacy = ["3des-sha1-modp1024", "aes256-sha1-modp1024", "aes128-sha1-modp1536", "aes192-md5-modp2048", "aggressive"]
legacy_esp = ["3des-sha1", "aes128-md5"]
allowed_client_networks = ["!10.40.0.0/24", "10.0.0.0/8", "192.168.0.0/16"]
force_encapsulation = false
lifetime_seconds = 28800
sa_lifetime_seconds = 3600
sa_lifetime_kilobytes = 250000
dpd_delay_seconds = 20
dpd_timeout_seconds = 100
dpd_action = "clear"
rekey = true
rekey_margin_seconds = 120
keepalive_seconds = 20
max_half_open = 5000
max_half_open_per_address = 16
max_half_open_per_network = 64
half_open_seconds = 20
dh_threads = 4
fragment_size = 1200
)")
                      .ike;
  EXPECT_EQ(ike.identity, "vpn.example.com");
  EXPECT_THAT(ike.legacy, ElementsAre("3des-sha1-modp1024", "aes256-sha1-modp1024", "aes128-sha1-modp1536",
                                      "aes192-md5-modp2048", "aggressive"));
  EXPECT_TRUE(ike.aggressive);
  ASSERT_EQ(ike.legacy_proposals.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(ike.legacy_proposals[i].to_string(), ike.legacy[i]);
  const LegacyProposal des3{crypto::IkeCipher::des3_cbc, 192, crypto::IkeHash::sha1,
                            crypto::DhGroup::modp1024};
  EXPECT_EQ(ike.legacy_proposals[0], des3);
  EXPECT_EQ(des3.key_bytes(), 24U);
  EXPECT_TRUE(ike.allows_legacy(des3));
  EXPECT_FALSE(
      ike.allows_legacy({crypto::IkeCipher::des3_cbc, 192, crypto::IkeHash::md5, crypto::DhGroup::modp1024}));
  EXPECT_THAT(ike.legacy_esp,
              ElementsAre(*crypto::find_suite("3des-sha1"), *crypto::find_suite("aes128-md5")));
  EXPECT_TRUE(ike.allows_esp(*crypto::find_suite("3des-sha1")));
  EXPECT_TRUE(ike.allows_esp(*crypto::find_suite("aes256-sha1")));
  EXPECT_FALSE(ike.allows_esp(*crypto::find_suite("3des-md5")));
  EXPECT_FALSE(ike.force_encapsulation);
  EXPECT_EQ(ike.lifetime_seconds, 28800U);
  EXPECT_EQ(ike.sa_lifetime_seconds, 3600U);
  EXPECT_EQ(ike.sa_lifetime_kilobytes, 250000U);
  EXPECT_EQ(ike.dpd_delay_seconds, 20U);
  EXPECT_EQ(ike.dpd_timeout_seconds, 100U);
  EXPECT_TRUE(ike.rekey);
  EXPECT_EQ(ike.rekey_margin_seconds, 120U);
  EXPECT_EQ(ike.keepalive_seconds, 20U);
  EXPECT_EQ(ike.max_half_open, 5000U);
  EXPECT_EQ(ike.max_half_open_per_address, 16U);
  EXPECT_EQ(ike.max_half_open_per_network, 64U);
  EXPECT_EQ(ike.half_open_seconds, 20U);
  EXPECT_EQ(ike.dh_threads, 4U);
  EXPECT_EQ(ike.fragment_size, 1200U);
}

TEST(IkeConfig, ClientNetworksAreVirtualPrivate) {
  const auto ours = [](const std::string& list) {
    return read(good_psk + "allowed_client_networks = [" + list + "]\n").ike;
  };
  const std::uint32_t in_ten = 0x0a010203;
  const std::uint32_t in_pool = 0x0a280005;
  const std::uint32_t in_192 = 0xc0a80105;
  const Ike both = ours(R"("10.0.0.0/8", "!10.40.0.0/24")");
  EXPECT_TRUE(both.allows_client(in_ten));
  EXPECT_FALSE(both.allows_client(in_pool));
  EXPECT_FALSE(both.allows_client(in_192));
  const Ike turned = ours(R"("!10.40.0.0/24", "10.0.0.0/8")");
  EXPECT_TRUE(turned.allows_client(in_ten));
  EXPECT_FALSE(turned.allows_client(in_pool));
  const Ike excluding = ours(R"("!10.40.0.0/24")");
  EXPECT_TRUE(excluding.allows_client(in_192));
  EXPECT_FALSE(excluding.allows_client(in_pool));
  EXPECT_TRUE(ours("").allows_client(in_pool));
}

TEST(IkeConfig, TakesAnIdentityAsOpenswanWritesIt) {
  EXPECT_EQ(read(good_psk + "identity = \"@vpn.example.com\"\n").ike.identity, "vpn.example.com");
  EXPECT_EQ(read(good_psk + "identity = \"203.0.113.10\"\n").ike.identity, "203.0.113.10");
}

struct Case {
  std::string lines;
  std::string message;
};

TEST(IkeConfig, SaysWhatIsWrongAndWhere) {
  const std::string tokens =
      "expected cipher-hash-group of 3des, aes128, aes192, aes256; md5, sha1, sha256, sha384, sha512; "
      "modp1024, "
      "modp1536, modp2048, modp3072, modp4096, ecp256, ecp384, ecp521, curve25519; as in "
      "\"3des-sha1-modp1024\", or \"aggressive\"\n";
  const std::vector<Case> cases = {
      {"", "g.toml:10:1: \"psk\" is missing in [ike]; write psk = \"…\", or a table [[ike.psk]] for each\n"},
      {"psk = 5\n",
       "g.toml:11:7: psk: expected a list of tables, each headed [[ike.psk]], got the integer 5\n"},
      {"psk = \"\"\n", "g.toml:11:7: psk: not a pre-shared key: it is empty\n"},
      {"[[ike.psk]]\n",
       "g.toml:11:1: \"secret\" is missing in [[ike.psk]]; or \"secret_file\", a file that holds it\n"},
      {"[[ike.psk]]\nsecret = \"ten bottles\"\nsecret_file = \"/p\"\n",
       "g.toml:13:15: \"secret\" and \"secret_file\" say the same thing twice; keep one of them\n"},
      {"[[ike.psk]]\nsecret_file = \"psk\"\n",
       "g.toml:12:15: secret_file: expected a path from the root, got \"psk\"\n"},
      {"[[ike.psk]]\nsecret = \"ten bottles\"\nfrom = [\"203.0.113.7/24\"]\n",
       "g.toml:13:9: from: 203.0.113.7/24 is an address in a network, not a network; write "
       "\"203.0.113.0/24\"\n"},
      {good_psk + "identity = \"two words\"\n",
       "g.toml:12:12: identity: expected an IPv4 address or a name like \"vpn.example.com\", got \"two "
       "words\"\n"},
      {good_psk + "identity = \"203.0.113.300\"\n",
       "g.toml:12:12: identity: expected an IPv4 address or a name like \"vpn.example.com\", got "
       "\"203.0.113.300\"\n"},
      {good_psk + "legacy = [\"3des-sha1-modp1024\", \"3des\"]\n",
       "g.toml:12:33: legacy: unknown proposal \"3des\"; " + tokens},
      {good_psk + "legacy = [\"des-sha1-modp1024\"]\n",
       "g.toml:12:11: legacy: unknown proposal \"des-sha1-modp1024\"; " + tokens},
      {good_psk + "legacy = [\"aes256-sha1-modp768\"]\n",
       "g.toml:12:11: legacy: unknown proposal \"aes256-sha1-modp768\"; " + tokens},
      {good_psk + "legacy = [\"aes256-sha1-modp1024-x\"]\n",
       "g.toml:12:11: legacy: unknown proposal \"aes256-sha1-modp1024-x\"; " + tokens},
      {good_psk + "legacy = [\"aes256-sha256-modp2048\"]\n",
       "g.toml:12:11: legacy: \"aes256-sha256-modp2048\" is accepted without being named; leave it out\n"},
      {good_psk + "legacy = \"3des-sha1-modp1024\"\n",
       "g.toml:12:10: legacy: expected an array of strings like [\"3des-sha1-modp1024\"], got the string "
       "\"3des-sha1-modp1024\"\n"},
      {good_psk + "legacy = [3]\n",
       "g.toml:12:11: legacy: expected a string, as in [\"3des-sha1-modp1024\"], got the integer 3\n"},
      {good_psk + "legacy_esp = [\"3des-sha\"]\n",
       "g.toml:12:15: legacy_esp: unknown suite \"3des-sha\"; did you mean \"3des-sha1\"?\n"},
      {good_psk + "legacy_esp = [\"aes128-sha1\"]\n",
       "g.toml:12:15: legacy_esp: \"aes128-sha1\" is accepted without being named; leave it out\n"},
      {good_psk + "allowed_client_networks = [\"10.0.0.0/8\", \"!10.40.0.1/24\"]\n",
       "g.toml:12:42: allowed_client_networks: expected an IPv4 network like \"10.0.0.0/8\", or "
       "\"!10.40.0.0/24\" "
       "for one that is not allowed, got \"!10.40.0.1/24\"; write \"!10.40.0.0/24\"\n"},
      {good_psk + "allowed_client_networks = [\"10.0.0.0\"]\n",
       "g.toml:12:28: allowed_client_networks: expected an IPv4 network like \"10.0.0.0/8\", or "
       "\"!10.40.0.0/24\" "
       "for one that is not allowed, got \"10.0.0.0\"\n"},
      {good_psk + "lifetime_seconds = 10\n",
       "g.toml:12:20: lifetime_seconds: expected an integer from 300 to 604800, got the integer 10\n"},
      {good_psk + "sa_lifetime_kilobytes = 5\n",
       "g.toml:12:25: sa_lifetime_kilobytes: expected 0, for none, or at least 1024, got 5\n"},
      {good_psk + "dpd_action = \"restart\"\n",
       "g.toml:12:14: dpd_action: unknown value \"restart\"; known: \"clear\"\n"},
      {good_psk + "dh_threads = 0\n",
       "g.toml:12:14: dh_threads: expected an integer from 1 to 64, got the integer 0\n"},
      {good_psk + "dpd_delay = 30\n",
       "g.toml:12:1: unknown key \"dpd_delay\" in [ike]; did you mean \"dpd_delay_seconds\"?\n"}};
  for (const Case& test : cases) EXPECT_EQ(errors(test.lines), test.message) << test.lines;
}

TEST(IkeConfig, WarnsAndRefusesWhatDoesNotFitTogether) {
  const std::string behind_nat =
      "warning: g.toml:10:1: [ike] serves clients on the private address 10.20.0.10, and "
      "gateway.public_address is "
      "not set; clients that dial another address, as an Elastic IP, need it there\n";
  const std::vector<Case> cases = {
      {good_psk, behind_nat},
      {"psk = \"hunter2\"\n", behind_nat +
                                  "warning: g.toml:11:7: a pre-shared key of 7 bytes can be guessed; "
                                  "openssl rand -base64 24 makes one that can't\n"},
      {good_psk + "dpd_timeout_seconds = 30\n",
       "g.toml:12:23: dpd_timeout_seconds (30) is not more than dpd_delay_seconds (30), so that every silent "
       "client "
       "would count as gone; make it several times the delay\n" +
           behind_nat},
      {good_psk + "dpd_delay_seconds = 0\ndpd_timeout_seconds = 30\n", behind_nat},
      {good_psk + "rekey = true\nsa_lifetime_seconds = 500\n",
       "g.toml:10:1: rekey_margin_seconds (300) is more than half of the shorter lifetime (500)\n" +
           behind_nat},
      {good_psk + "sa_lifetime_seconds = 500\n", behind_nat},
      {good_psk + "max_half_open_per_network = 32\n",
       behind_nat +
           "warning: g.toml:12:29: of max_half_open_per_address (64), max_half_open_per_network (32) and "
           "max_half_open (20000), a narrower limit is above a wider one and does nothing\n"},
      {good_psk + "legacy = [\"aggressive\"]\n",
       behind_nat +
           "warning: g.toml:12:10: aggressive mode sends a hash of the pre-shared key to whoever asks; only "
           "with a key too long to be guessed\n"},
      {good_psk + "legacy_esp = [\"null-sha1\"]\n",
       behind_nat + "warning: g.toml:12:14: null-sha1 does not encrypt\n"},
      {"[[ike.psk]]\nsecret = \"correct horse battery\"\n[[ike.psk]]\nsecret = 'correct horse battery'\n",
       behind_nat + "warning: g.toml:13:1: the same key and clients as in g.toml:11:1; keep one of them\n"},
      {"[[ike.psk]]\nsecret = \"correct horse battery\"\nfrom = [\"192.0.2.0/24\"]\n"
       "[[ike.psk]]\nsecret = 'correct horse battery'\n",
       behind_nat}};
  for (const Case& test : cases) EXPECT_EQ(checked(test.lines), test.message) << test.lines;
  EXPECT_EQ(checked(good_psk + "[gateway]\npublic_address = \"203.0.113.10\"\n"), "");
}

TEST(IkeConfig, NeverShowsASecret) {
  for (const std::string lines : {"psk = \"Sw0rdfish\n",
                                  "psk = 'Sw0rdfish\n",
                                  "psk = \"Sw0rdfish\" x\n",
                                  "psk = \"Sw0rdfish\\\" \"x\n",
                                  "psk = \"Sw0rdfish\\t\"\n",
                                  "psk = \"\\u0053Sw0rdfish\"\n",
                                  "psk = \"\"\"Sw0rdfish\"\"\"\n",
                                  "psk = '''\nSw0rdfish'''\n",
                                  "\"psk\" = \"Sw0rdfish\" x\n",
                                  "'psk'='Sw0rdfish'x\n",
                                  "psk = { secret = \"Sw0rdfish\" }\n",
                                  "psk = \"Sw0rdfish\"\npsk = \"Sw0rdfish\"\n",
                                  "psk = \"0xSw0rdfish\"\n",
                                  "psk = \"0sSw0rdfish!\"\n",
                                  "[ike.\"psk\"]\nsecret = \"Sw0rdfish\"\n",
                                  "[[ike.psk]]\nsecret = \"Sw0rdfish\"\nsecret = 5\n",
                                  "[[ike.psk]]\nsecret = \"Sw0rdfish\"\nSecret = 7\n",
                                  "[[ike.psk]]\nsecret\t=\"Sw0rdfish\" from = 5\n",
                                  "[gateway]\nsecret = \"Sw0rdfish\"\n",
                                  "# secret = \"x\npsk = \"Sw0rdfish\n",
                                  "identity = 'secret = \"'\npsk = \"Sw0rdfish\n",
                                  "[[ike.psk]]\nsecret = \"Sw0rdfish\"\nsecret_file = \"/p\"\n",
                                  "psk = [\"Sw0rdfish\"]\n",
                                  "[[ike.psk]]\nsecret = [\"Sw0rdfish\"]\n",
                                  "psk.secret = \"Sw0rdfish\"\n",
                                  "psk = [ \"x\",\n \"Sw0rdfish\" ]\n",
                                  "psk = Sw0rdfish\n",
                                  "psk = 0xSw0rdfish\n",
                                  "psk = 12Sw0rdfish\n",
                                  "psk = [Sw0rdfish]\n",
                                  "psk = true Sw0rdfish\n",
                                  "psk Sw0rdfish\n",
                                  "psk: Sw0rdfish\n"}) {
    const std::string message = errors(lines);
    EXPECT_NE(message, "") << lines;
    EXPECT_THAT(message, Not(HasSubstr("rdfish"))) << lines;
    EXPECT_THAT(message, Not(HasSubstr("\xEE\x80\x80"))) << lines;
  }
}

TEST(IkeConfig, TakesSecretsOfAnyCharacters) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\"pässwörd § 1\"", "pässwörd § 1"},
      {"'back\\slash \"quoted\"'", "back\\slash \"quoted\""},
      {"\"# no comment\" # a comment", "# no comment"},
      {"\"= [{'secret'}]\"", "= [{'secret'}]"},
      {"\"0123456789abcdef0123\"", "0123456789abcdef0123"},
      {"\" \"", " "}};
  for (const auto& [written, secret] : cases) {
    EXPECT_EQ(text_of(read("psk = " + written + "\n").ike.psks.at(0).key), secret);
    EXPECT_EQ(text_of(read("[[ike.psk]]\nfrom = []\nsecret=" + written + "\n").ike.psks.at(0).key), secret);
  }
  EXPECT_EQ(
      text_of(read("psk = [{ secret = \"in a table\", from = [\"192.0.2.0/24\"] }]\n").ike.psks.at(0).key),
      "in a table");
}

TEST(PresharedKey, IsTextOrHexadecimalOrBase64) {
  const auto parse = [](std::string_view text) {
    const auto key = parse_preshared_key(std::as_bytes(std::span(text)));
    return key ? text_of(*key) : "error: " + key.error();
  };
  EXPECT_EQ(parse("0 not hexadecimal"), "0 not hexadecimal");
  EXPECT_EQ(parse("0X6869"), "hi");
  EXPECT_EQ(parse("0x686"), "error: it has an odd number of hexadecimal digits (3)");
  EXPECT_EQ(parse("0x"), "error: no hexadecimal digit stands behind 0x");
  EXPECT_EQ(parse("0xgg"), "error: it begins with 0x, and something behind that is not a hexadecimal digit");
  // RFC 4648 §10.
  EXPECT_EQ(parse("0sZg=="), "f");
  EXPECT_EQ(parse("0sZm8="), "fo");
  EXPECT_EQ(parse("0sZm9v"), "foo");
  EXPECT_EQ(parse("0SZm9vYg"), "foob");
  EXPECT_EQ(parse("0sZm9vYmFy"), "foobar");
  EXPECT_EQ(parse("0s+/+/"), "\xfb\xff\xbf");
  EXPECT_EQ(parse("0s"), "error: nothing stands behind 0s");
  EXPECT_EQ(parse("0s===="), "error: it begins with 0s, and what stands behind that is not base64");
  EXPECT_EQ(parse("0sZm9vY"), "error: it begins with 0s, and what stands behind that is not base64");
  EXPECT_EQ(parse("0sZm 9"), "error: it begins with 0s, and what stands behind that is not base64");
  EXPECT_EQ(parse(""), "error: it is empty");
  EXPECT_EQ(parse("a\tb"), "error: it has a control character in it; write such a key as 0x…");
  EXPECT_EQ(parse(std::string(3000, 'a')), "error: it is too long");
}

class PskFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "psk_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const char* name, const std::string& content, mode_t mode) {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  // Of a configuration whose one key is in that file.
  std::string load_with(const std::filesystem::path& psk) {
    const auto path =
        write("gateway.toml", with_ike("[[ike.psk]]\nsecret_file = \"" + psk.string() + "\"\n"), 0644);
    const auto parsed = read_config(path);
    if (!parsed) return parsed.error().to_string();
    EXPECT_THAT(parsed->warnings, IsEmpty()) << "the file holds no key itself";
    return text_of(parsed->config.ike.psks.at(0).key);
  }

  std::filesystem::path folder_;
};

TEST_F(PskFiles, AreReadAndMayEndInANewline) {
  EXPECT_EQ(load_with(write("psk", "from a file\n", 0600)), "from a file");
  EXPECT_EQ(load_with(write("psk2", "0x6869", 0400)), "hi");
  EXPECT_EQ(load_with(write("psk3", "dos\r\n", 0600)), "dos");
}

TEST_F(PskFiles, AreRefusedWhenOthersMayUseThem) {
  for (const mode_t mode : {0644U, 0640U, 0604U, 0620U}) {
    const auto path = write("psk", "from a file\n", mode);
    const std::string message = load_with(path);
    EXPECT_THAT(message, HasSubstr("gateway.toml:12:15: secret_file: \"" + path.string() +
                                   "\" may be used by others than its owner (mode 0"));
    EXPECT_THAT(message, HasSubstr("; chmod 600 " + path.string()));
    EXPECT_THAT(message, Not(HasSubstr("from a file")));
  }
}

TEST_F(PskFiles, AreRefusedWhenTheyAreNoneOrHoldNoKey) {
  EXPECT_THAT(load_with(folder_ / "none"), HasSubstr("cannot be opened: No such file or directory"));
  EXPECT_THAT(load_with(folder_), HasSubstr("cannot be read: not a regular file"));
  EXPECT_THAT(load_with("/dev/zero"), HasSubstr("cannot be read: not a regular file"));
  EXPECT_THAT(load_with(write("empty", "\n", 0600)), HasSubstr("holds no key: it is empty"));
  EXPECT_THAT(load_with(write("two", "first line\nsecond line\n", 0600)),
              HasSubstr("holds no key: it has a control character in it"));
  EXPECT_THAT(load_with(write("large", std::string(100000, 'a'), 0600)),
              HasSubstr("cannot be read: larger than 4096 bytes"));
  const auto pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(load_with(pipe), HasSubstr("cannot be read: not a regular file"));
}

TEST_F(PskFiles, AConfigurationWithAKeyInItShouldBePrivate) {
  const auto path = write("gateway.toml", with_ike(good_psk), 0644);
  const auto parsed = read_config(path);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->warnings.size(), 1U);
  EXPECT_EQ(
      parsed->warnings[0].to_string(),
      path.string() + ": holds keys, and every user of this host may read it; chmod o-rwx " + path.string());
}

}  // namespace
}  // namespace espgate::config
