// SPDX-License-Identifier: Apache-2.0
// espgate import of files in the shape that such gateways have had, and what it writes.
#include "tests/scenarios/program.h"
#include "tests/unit/cli/command_line.h"

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace espgate::cli {
namespace {

using espgate::test::read_file;
using espgate::test::TemporaryFolder;
using espgate::test::write_file;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string fixtures = ESPGATE_SOURCE_DIR "/tests/unit/cli/import_fixtures/";
const std::vector<std::string> surroundings = {"--outside-interface",
                                               "s0",
                                               "--outside-address",
                                               "10.20.0.10/24",
                                               "--outside-gateway",
                                               "10.20.0.1",
                                               "--inside-interface",
                                               "s1",
                                               "--inside-address",
                                               "10.30.0.1/24",
                                               "--pool",
                                               "10.40.0.0/24"};

Answer import(std::vector<std::string> arguments, bool with_surroundings = true) {
  arguments.insert(arguments.begin(), "import");
  if (with_surroundings) arguments.insert(arguments.end(), surroundings.begin(), surroundings.end());
  return espgate(arguments);
}

class ImportCommand : public testing::Test {
 protected:
  [[nodiscard]] std::string result() const { return folder_ / "gateway.toml"; }
  TemporaryFolder folder_;
};

TEST_F(ImportCommand, WhatComesOutOfEachKindOfGatewayChecksClean) {
  for (const char* kind : {"openswan", "setup_vpn", "strongswan"}) {
    const std::string file = folder_ / (std::string(kind) + ".toml");
    const Answer answer =
        import({fixtures + kind + "/ipsec.conf", fixtures + kind + "/ipsec.secrets", "-o", file});
    EXPECT_EQ(answer.exit_code, success) << answer.err;
    EXPECT_THAT(answer.out, IsEmpty());
    const Answer checked = espgate({"check", file});
    EXPECT_EQ(checked.exit_code, success) << kind << '\n' << checked.err;
    EXPECT_THAT(checked.out, HasSubstr("pre-shared key"));
  }
}

TEST_F(ImportCommand, AnOpenswanGatewayBehindAnElasticIpIsAllThere) {
  const Answer answer =
      import({fixtures + "openswan/ipsec.conf", fixtures + "openswan/ipsec.secrets", "-o", result()});
  EXPECT_EQ(answer.exit_code, success);
  const std::string text = read_file(result());
  for (const char* line : {"public_address = \"203.0.113.10\"", "\"3des-sha1-modp1024\",",
                           "\"!10.40.0.0/24\",", "lifetime_seconds = 28800", "sa_lifetime_seconds = 3600",
                           "dpd_timeout_seconds = 120", "secret = 'openswan era key: two words'",
                           "from = [\"198.51.100.0/24\"]", "from = [\"192.0.2.77/32\"]"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(answer.err, AllOf(HasSubstr("openswan/ipsec.secrets:5: an RSA key"),
                                HasSubstr("openswan/extra/office.secrets:2: a user's XAUTH password"),
                                HasSubstr("that need nothing here (--explain lists them)")));
  for (const char* secret : {"two words", "6162636465", "bXkgb2Zm", "alice's password", "cafecafe"})
    EXPECT_THAT(answer.err, Not(HasSubstr(secret))) << "shows a key";
}

TEST_F(ImportCommand, ConnectionsOfOtherKindsBesideL2tpAreNamed) {
  const Answer answer = import({fixtures + "setup_vpn/ipsec.conf", fixtures + "setup_vpn/ipsec.secrets"});
  EXPECT_EQ(answer.exit_code, success);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("conn xauth-psk: not carried over: XAUTH"),
                                HasSubstr("ikev2.conf:1: conn ikev2-cp: not carried over: IKEv2"),
                                HasSubstr("sha2-truncbug=yes"), Not(HasSubstr("conn common"))));
  EXPECT_THAT(answer.out, Not(HasSubstr("FILL IN:")));
}

TEST_F(ImportCommand, ExplainsWhatNeedsNothing) {
  const Answer answer = import({fixtures + "openswan/ipsec.conf", "--explain"});
  EXPECT_THAT(answer.err,
              HasSubstr("  " + fixtures + "openswan/ipsec.conf:8: oe=off: there is no opportunistic"));
}

TEST_F(ImportCommand, ToldNothingOfTheMachineItMarksThePlaces) {
  const Answer answer = import({fixtures + "mixed/ipsec.conf", "-o", result()}, false);
  EXPECT_EQ(answer.exit_code, success);
  EXPECT_THAT(answer.err, HasSubstr(": fill in lines 7, 8, 9, 12, 13, 19, 29, then: espgate check "));
  EXPECT_EQ(espgate({"check", result()}).exit_code, failure);
}

TEST_F(ImportCommand, TheFileIsItsOwnersAlone) {
  const mode_t before = ::umask(0);
  (void)import({fixtures + "openswan/ipsec.conf", "-o", result()});
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat(result().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(ImportCommand, AFileThatIsThereIsReplacedByForceOnly) {
  write_file(result(), "precious");
  const Answer refused = import({fixtures + "openswan/ipsec.conf", "-o", result()});
  EXPECT_EQ(refused.exit_code, failure);
  EXPECT_THAT(refused.err, HasSubstr("is there already, and stays as it is; --force replaces it"));
  EXPECT_EQ(read_file(result()), "precious");
  EXPECT_EQ(import({fixtures + "openswan/ipsec.conf", "-o", result(), "--force"}).exit_code, success);
  EXPECT_THAT(read_file(result()), HasSubstr("[outside]"));
  struct stat status{};
  ASSERT_EQ(::stat(result().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  const auto files = std::filesystem::directory_iterator(std::filesystem::path(result()).parent_path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "something is left behind";
}

TEST_F(ImportCommand, FilesAreKnownByNameOrByOption) {
  const std::string odd = folder_ / "old", keys = folder_ / "keys";
  std::filesystem::copy_file(fixtures + "openswan/ipsec.conf", odd);
  write_file(keys, ": PSK \"a key of its own\"\n");
  const Answer unknown = import({odd});
  EXPECT_EQ(unknown.exit_code, usage_error);
  EXPECT_THAT(unknown.err, HasSubstr("use --ipsec-conf, --ipsec-secrets, --xl2tpd"));
  const Answer named = import({"--ipsec-conf", odd, "--ipsec-secrets", keys});
  EXPECT_EQ(named.exit_code, success) << named.err;
  EXPECT_THAT(named.out, HasSubstr("secret = 'a key of its own'"));
  EXPECT_EQ(import({fixtures + "openswan/ipsec.conf", fixtures + "mixed/ipsec.conf"}).exit_code, usage_error);
}

TEST_F(ImportCommand, WrongOptionsAreNamed) {
  const std::string conf = fixtures + "openswan/ipsec.conf";
  EXPECT_THAT(import({conf, "--pool", "10.40.0.0"}, false).err,
              HasSubstr("--pool: expected an IPv4 address with the length"));
  EXPECT_EQ(import({conf, "--outside-address", "x/24"}, false).exit_code, usage_error);
  EXPECT_EQ(import({conf, "--outside-gateway", "::1"}, false).exit_code, usage_error);
  const Answer unread = import({folder_ / "missing.conf"});
  EXPECT_EQ(unread.exit_code, failure);
  EXPECT_THAT(unread.err, HasSubstr("missing.conf: cannot be opened"));
}

TEST_F(ImportCommand, SaysWhatCheckWouldSayOfTheWhole) {
  std::vector<std::string> arguments = {"import", fixtures + "openswan/ipsec.conf",
                                        fixtures + "openswan/ipsec.secrets"};
  arguments.insert(arguments.end(), surroundings.begin(), surroundings.end());
  *std::find(arguments.begin(), arguments.end(), "10.40.0.0/24") = "10.30.0.0/24";
  const Answer answer = espgate(arguments);
  EXPECT_EQ(answer.exit_code, failure);
  EXPECT_THAT(answer.err, HasSubstr("the pool 10.30.0.0/24 overlaps the network of [inside]"));
}

// With xl2tpd's, pppd's and users' files

std::vector<std::string> all_of(const std::string& kind) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(fixtures + kind))
    files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

TEST_F(ImportCommand, AWholeGatewayChecksCleanWithItsUsers) {
  for (const char* kind : {"elastic_ip", "ranges"}) {
    const std::filesystem::path folder = folder_ / kind;
    std::filesystem::create_directory(folder);
    std::vector<std::string> arguments = all_of(kind);
    if (arguments.size() < 5) {
      arguments.push_back(fixtures + "elastic_ip/ipsec.conf");
      arguments.push_back(fixtures + "elastic_ip/ipsec.secrets");
    }
    arguments.insert(arguments.end(), {"-o", folder / "gateway.toml"});
    arguments.insert(arguments.begin(), "import");
    arguments.insert(arguments.end(), surroundings.begin(), surroundings.end() - 2);  // not the pool
    const Answer answer = espgate(arguments);
    EXPECT_EQ(answer.exit_code, success) << answer.err;
    const Answer checked = espgate({"check", folder / "gateway.toml"});
    EXPECT_EQ(checked.exit_code, success) << kind << '\n' << checked.err;
    EXPECT_THAT(checked.err, IsEmpty());
    EXPECT_EQ(read_file(folder / "chap-secrets"), read_file(fixtures + kind + "/chap-secrets"));
    struct stat status{};
    ASSERT_EQ(::stat((folder / "chap-secrets").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    for (const char* secret : {"carols old", "her#cules", "hush-hush", "alice's", "lab-preshared"})
      EXPECT_THAT(answer.err, Not(HasSubstr(secret))) << "shows a secret";
  }
}

TEST_F(ImportCommand, SeveralRangesAreOnePoolWithExclusions) {
  std::vector<std::string> arguments = all_of("ranges");
  const Answer answer = import(arguments, false);
  EXPECT_EQ(answer.exit_code, success);
  for (const char* line : {"pool = \"172.16.8.0/23\"", "range = \"172.16.8.10-172.16.9.200\"",
                           "  \"172.16.8.20-172.16.8.24\",", "host_name = \"vpn.example.com\"", "mru = 1360",
                           "session_limit_seconds = 36000", "gateway_address = \"172.16.8.1\""})
    EXPECT_THAT(answer.out, HasSubstr(line));
  for (const char* note :
       {"ranges/xl2tpd.conf:30: secret sauce: not known here",
        "ranges/xl2tpd.conf:32: [lac branch]: not carried over",
        "ranges/options.xl2tpd:8: ms-dns 10.30.0.55: clients can be told two",
        "options.xl2tpd:13: ipparam offices: no scripts", "ranges/chap-secrets:5: the secret of \"dave\""})
    EXPECT_THAT(answer.err, HasSubstr(note));
}

TEST_F(ImportCommand, ClientsInTheOfficesOwnNetworkNeedAPoolOfTheirOwn) {
  std::vector<std::string> arguments = all_of("howto");
  arguments.insert(arguments.begin(), "import");
  arguments.insert(arguments.end(), surroundings.begin(), surroundings.end() - 2);
  const Answer answer = espgate(arguments);
  EXPECT_THAT(answer.err,
              AllOf(HasSubstr("lies in the network of [inside], 10.30.0.0/24, where proxyarp made it work"),
                    HasSubstr("fill in lines")));
  EXPECT_THAT(answer.out, AllOf(HasSubstr("# FILL IN: pool"), HasSubstr("server = \"OfficeVPN\""),
                                HasSubstr("nbns = ["), HasSubstr("idle_limit_seconds = 1800")));
  arguments.insert(arguments.end(), surroundings.end() - 2, surroundings.end());
  arguments.insert(arguments.end(),
                   {"--ipsec-secrets", fixtures + "elastic_ip/ipsec.secrets", "-o", result()});
  EXPECT_EQ(espgate(arguments).exit_code, success);
  EXPECT_EQ(espgate({"check", result()}).exit_code, success);
}

TEST_F(ImportCommand, APackagesExamplesAreNoGateway) {
  const Answer examples = import({fixtures + "debian/xl2tpd.conf"});
  EXPECT_EQ(examples.exit_code, failure);
  EXPECT_THAT(examples.err, HasSubstr("has no [lns default], so it is none of a gateway"));
  const Answer others = import({fixtures + "debian/options", fixtures + "debian/chap-secrets"});
  EXPECT_EQ(others.exit_code, success);
  EXPECT_THAT(others.err, AllOf(HasSubstr("debian/chap-secrets: there is no user in it"),
                                HasSubstr("debian/options: nothing says how users prove who they are")));
}

TEST_F(ImportCommand, UsersStayWhereTheyAreIfNothingIsWritten) {
  const Answer answer = import({fixtures + "howto/chap-secrets"});
  EXPECT_THAT(answer.out, HasSubstr("file = \"" + fixtures + "howto/chap-secrets\""));
}

TEST_F(ImportCommand, UsersBesideTheResultAlreadyAreItsUsers) {
  write_file(folder_ / "chap-secrets", "alice * words *\n");
  EXPECT_EQ(import({folder_ / "chap-secrets", "-o", result()}).exit_code, success);
  EXPECT_THAT(read_file(result()), HasSubstr("file = \"" + (folder_ / "chap-secrets") + "\""));
  EXPECT_EQ(read_file(folder_ / "chap-secrets"), "alice * words *\n");
}

TEST_F(ImportCommand, NeitherFileIsWrittenWhereOneIsThere) {
  const std::string users = folder_ / "chap-secrets";
  write_file(users, "precious");
  EXPECT_EQ(import({fixtures + "howto/chap-secrets", "-o", result()}).exit_code, failure);
  EXPECT_EQ(read_file(users), "precious");
  EXPECT_FALSE(std::filesystem::exists(result()));
  std::filesystem::rename(users, result());
  EXPECT_EQ(import({fixtures + "howto/chap-secrets", "-o", result()}).exit_code, failure);
  EXPECT_FALSE(std::filesystem::exists(users));
  EXPECT_EQ(read_file(result()), "precious");
  EXPECT_EQ(import({fixtures + "howto/chap-secrets", "-o", result(), "--force"}).exit_code, success);
  EXPECT_TRUE(std::filesystem::exists(users));
}

TEST_F(ImportCommand, FilesOfOddNamesHaveOptions) {
  for (const auto& [copy, original] :
       {std::pair{"x", "xl2tpd.conf"}, {"o", "options.xl2tpd"}, {"u", "chap-secrets"}})
    std::filesystem::copy_file(fixtures + "elastic_ip/" + original, folder_ / copy);
  const Answer answer = import({"--xl2tpd", folder_ / "x", "--ppp-options", folder_ / "o", "--chap-secrets",
                                folder_ / "u", "--pool", "192.168.42.0/24"},
                               false);
  EXPECT_THAT(answer.out,
              AllOf(HasSubstr("mru = 1280"), HasSubstr("range = \"192.168.42.10-192.168.42.250\""),
                    HasSubstr("server = \"l2tpd\"")));
  const Answer pap = import({fixtures + "elastic_ip/pap-secrets"});
  EXPECT_EQ(pap.exit_code, usage_error);
}

}  // namespace
}  // namespace espgate::cli
