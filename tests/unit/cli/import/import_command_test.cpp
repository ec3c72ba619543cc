// SPDX-License-Identifier: Apache-2.0
// espgate import of files in the shape that such gateways have had, and what it writes.
#include "tests/scenarios/program.h"
#include "tests/unit/cli/command_line.h"

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
  EXPECT_THAT(answer.err, HasSubstr(": fill in lines 6, 7, 8, 11, 12, 18, 28, then: espgate check "));
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
  EXPECT_THAT(unknown.err, HasSubstr("use --ipsec-conf or --ipsec-secrets"));
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

}  // namespace
}  // namespace espgate::cli
