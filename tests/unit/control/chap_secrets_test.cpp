// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/chap_secrets.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::control::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

UserFile parse(std::string_view text) {
  auto file = UserFile::parse(text, "chap-secrets");
  if (!file) throw std::runtime_error(file.error());
  return std::move(*file);
}

std::string secret_of(const UserFile& file, std::string_view user, std::string_view server = {}) {
  const User* found = file.find(user, server);
  if (found == nullptr) return "(nobody)";
  return {reinterpret_cast<const char*>(found->secret.data()), found->secret.size()};
}

// Of a file with that secret for alice.
std::string read_secret(const std::string& written) {
  return secret_of(parse("alice * " + written + " *\n"), "alice");
}

TEST(ChapSecrets, HasAUserOnEachLine) {
  const UserFile file = parse(
      "# client server secret addresses\n"
      "alice  l2tpd  alice-pass-1  *\n"
      "\n"
      "bob\t*\tbob-pass-2\t10.40.0.7\r\n"
      "carol * carol-pass-3 *");
  EXPECT_EQ(file.size(), 3U);
  EXPECT_THAT(file.problems(), IsEmpty());
  const User* alice = file.find("alice");
  ASSERT_NE(alice, nullptr);
  EXPECT_EQ(alice->name, "alice");
  EXPECT_EQ(alice->server, "l2tpd");
  EXPECT_EQ(secret_of(file, "alice"), "alice-pass-1");
  EXPECT_TRUE(alice->may_have_address);
  EXPECT_EQ(alice->address, std::nullopt);
  EXPECT_EQ(file.find("bob")->address, 0x0a280007U);
  EXPECT_EQ(secret_of(file, "carol"), "carol-pass-3");
  EXPECT_EQ(file.find("Alice"), nullptr);
  EXPECT_EQ(file.find(""), nullptr);
}

TEST(ChapSecrets, ReadsQuotesAndEscapesAsPppd) {
  EXPECT_EQ(read_secret("\"two words\""), "two words");
  EXPECT_EQ(read_secret("'with \" in it'"), "with \" in it");
  EXPECT_EQ(read_secret(R"("with \" in it")"), "with \" in it");
  EXPECT_EQ(read_secret(R"(back\\slash)"), "back\\slash");
  EXPECT_EQ(read_secret(R"(a\sblank\ttab)"), "a blank\ttab");
  EXPECT_EQ(read_secret(R"(a\ blank)"), "a blank");
  EXPECT_EQ(read_secret(R"(\101\x42\7)"), "AB\a");
  EXPECT_EQ(read_secret(R"(\#no-comment)"), "#no-comment");
  EXPECT_EQ(read_secret(R"("#no-comment")"), "#no-comment");
  EXPECT_EQ(read_secret("in\"side"), "in\"side");
  EXPECT_EQ(read_secret("grün"), "grün");
  EXPECT_EQ(read_secret("con\\\ntinued"), "continued");
  EXPECT_EQ(read_secret("\\\n  continued"), "continued");
  EXPECT_EQ(read_secret("@home"), "@home");
}

TEST(ChapSecrets, EndsAWordWhereACommentBegins) {
  const UserFile file = parse("alice * secret#5 * 10.0.0.1\n");
  EXPECT_EQ(secret_of(file, "alice"), "secret");
  EXPECT_FALSE(file.find("alice")->may_have_address);
}

TEST(ChapSecrets, DoesNotContinueCommentsOverLines) {
  EXPECT_EQ(parse("# a comment \\\nalice * x *\n").size(), 1U);
}

TEST(ChapSecrets, TakesAUsersOwnLineBeforeOneForEverybody) {
  const UserFile file = parse("* * shared *\nalice * own *\n");
  EXPECT_EQ(secret_of(file, "alice"), "own");
  EXPECT_EQ(secret_of(file, "somebody"), "shared");
  EXPECT_EQ(file.find("somebody")->name, "*");
}

TEST(ChapSecrets, TakesTheLineOfTheServerBeforeOneForAll) {
  const UserFile file = parse(
      "alice * any *\n"
      "alice l2tpd of-l2tpd *\n"
      "alice pptpd of-pptpd *\n"
      "bob pptpd of-pptpd *\n");
  EXPECT_EQ(secret_of(file, "alice"), "any") << "the first, when the server does not matter";
  EXPECT_EQ(secret_of(file, "alice", "l2tpd"), "of-l2tpd");
  EXPECT_EQ(secret_of(file, "alice", "pptpd"), "of-pptpd");
  EXPECT_EQ(secret_of(file, "alice", "other"), "any");
  EXPECT_EQ(file.find("bob", "l2tpd"), nullptr);
  EXPECT_THAT(file.problems(), IsEmpty());
}

TEST(ChapSecrets, FindsAddressesAsPppdSuggestsThem) {
  const UserFile file = parse(
      "a * x *\n"
      "b * x -\n"
      "c * x 10.40.0.9\n"
      "d * x 10.40.0.10 -\n"
      "e * x * 10.40.0.11\n");
  EXPECT_THAT(file.problems(), IsEmpty());
  EXPECT_TRUE(file.find("a")->may_have_address);
  EXPECT_FALSE(file.find("b")->may_have_address);
  EXPECT_EQ(file.find("c")->address, 0x0a280009U);
  EXPECT_EQ(file.find("d")->address, 0x0a28000aU);
  EXPECT_TRUE(file.find("e")->may_have_address);
  EXPECT_EQ(file.find("e")->address, std::nullopt) << "behind * nothing counts";
  EXPECT_THAT(file.fixed_addresses(), ElementsAre(Pair(0x0a280009U, "c"), Pair(0x0a28000aU, "d")));
}

TEST(ChapSecrets, TellsOfAddressesThatItDoesNotUnderstand) {
  const UserFile file = parse(
      "a * x !10.40.0.1 10.40.0.2 10.40.0.3\n"
      "b * x 10.40.0.0/28\n"
      "c * x vpn.example.com\n"
      "d * x\n"
      "e * x 10.40.0.5 -- mtu 1300\n"
      "f * x 127.0.0.1\n");
  EXPECT_EQ(file.find("a")->address, 0x0a280002U);
  EXPECT_TRUE(file.find("b")->may_have_address);
  EXPECT_FALSE(file.find("c")->may_have_address);
  EXPECT_FALSE(file.find("d")->may_have_address);
  EXPECT_EQ(file.find("e")->address, 0x0a280005U);
  EXPECT_FALSE(file.find("f")->may_have_address);
  EXPECT_THAT(file.problems(),
              ElementsAre(HasSubstr("chap-secrets:1: 2 are of the addresses"), HasSubstr(":2: one is"),
                          HasSubstr(":3: one is"), HasSubstr(":3: \"c\" is given no address"),
                          HasSubstr(":4: \"d\" is given no address"), HasSubstr(":5: options of \"e\""),
                          HasSubstr(":6: one is"), HasSubstr(":6: \"f\" is given no address")));
}

TEST(ChapSecrets, GivesAnAddressToOneUserOnly) {
  const UserFile file = parse("a * x 10.40.0.9\nb * x 10.40.0.9\n* * x 10.40.0.10\na other y 10.40.0.9\n");
  EXPECT_THAT(file.fixed_addresses(), ElementsAre(Pair(0x0a280009U, "a")));
  EXPECT_EQ(file.find("b")->address, std::nullopt);
  EXPECT_TRUE(file.find("b")->may_have_address);
  EXPECT_EQ(file.find("c")->address, std::nullopt);
  EXPECT_EQ(file.find("a", "other")->address, 0x0a280009U);
  EXPECT_THAT(file.problems(), ElementsAre(HasSubstr(":2: the address 10.40.0.9 of \"b\" belongs to \"a\""),
                                           HasSubstr(":3: an address of its own for \"*\"")));
}

TEST(ChapSecrets, KeepsTheOtherLinesWhenOneIsWrong) {
  const UserFile file = parse(
      "alice * right *\n"
      "lonely\n"
      "two words\n"
      "quoted * \"not closed *\n"
      "inside * @/etc/secret *\n"
      "empty * \"\" *\n"
      "zero * a\\0b *\n"
      "\"\" * x *\n"
      "long * " +
      std::string(1024, 'x') + " *\n" + std::string(257, 'n') +
      " * x *\n"
      "alice * again *\n"
      "'\n"
      "bob * right *\n");
  EXPECT_EQ(file.size(), 2U);
  EXPECT_EQ(secret_of(file, "alice"), "right");
  EXPECT_EQ(secret_of(file, "bob"), "right");
  EXPECT_THAT(
      file.problems(),
      ElementsAre("chap-secrets:2: only one word; expected client, server, secret and addresses",
                  HasSubstr(":3: only two words"), HasSubstr(":4: a quote is not closed"),
                  HasSubstr(":5: the secret of \"inside\" is in another file"),
                  HasSubstr(":6: the secret of \"empty\" is empty"), HasSubstr(":7: a word has a zero byte"),
                  HasSubstr(":8: expected a user's name"), HasSubstr(":9: a word is longer than 1023"),
                  HasSubstr(":10: expected a user's name"),
                  HasSubstr(":11: \"alice\" stands here a second time"), HasSubstr(":12: a quote")));
}

TEST(ChapSecrets, TakesALineOutWhoseEndIsWrong) {
  const UserFile file = parse("alice * secret \"*\nbob * x *\n");
  EXPECT_EQ(file.find("alice"), nullptr);
  EXPECT_NE(file.find("bob"), nullptr);
}

TEST(ChapSecrets, ShowsNoSecretInAMessage) {
  for (const char* line :
       {"alice * my hidden-word is this\n", "alice * hidden-word\n", "alice * \"hidden-word\n",
        "alice * @/hidden-word *\n", "alice * hidden-word \"open\n"}) {
    const UserFile file = parse(std::string("bob * x *\n") + line);
    ASSERT_FALSE(file.problems().empty()) << line;
    for (const std::string& problem : file.problems()) EXPECT_THAT(problem, Not(HasSubstr("hidden"))) << line;
  }
}

TEST(ChapSecrets, IsRefusedWholeWhenNothingInItIsRight) {
  const auto wrong = UserFile::parse("not a\nfile\n", "some/file");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error(), HasSubstr("some/file: not one of its lines is right"));
  const auto binary = UserFile::parse(std::string_view("alice * x *\n\0", 13), "some/file");
  ASSERT_FALSE(binary);
  EXPECT_THAT(binary.error(), HasSubstr("zero bytes"));
}

TEST(ChapSecrets, MayBeEmpty) {
  EXPECT_EQ(parse("").size(), 0U);
  EXPECT_EQ(parse("# nobody yet\n\n").size(), 0U);
}

TEST(ChapSecrets, WhatIsPassedOverGoesOnInTheNextLine) {
  const UserFile file =
      parse("alice * words * -- debug \\\n mallory * words *\n -- \\\n mallory\nbob * words *\n");
  EXPECT_EQ(file.size(), 2U);
  EXPECT_EQ(file.find("mallory"), nullptr);
  EXPECT_NE(file.find("bob"), nullptr);
}

}  // namespace
}  // namespace espgate::control::test
