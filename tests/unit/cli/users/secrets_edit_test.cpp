// SPDX-License-Identifier: Apache-2.0
#include "cli/users/secrets_edit.h"

#include "control/aaa/chap_secrets.h"

#include <stdexcept>

#include <gmock/gmock.h>

namespace espgate::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string text_of(const crypto::SecretBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string added(std::string_view text, const std::string& name, std::string_view secret,
                  const std::string& server = "*", const std::string& address = "*") {
  const auto edited = with_user(text, {name, server, bytes_of(secret), address});
  return edited ? text_of(*edited) : "error: " + edited.error();
}

const control::User* find(const control::UserFile& file, const std::string& name) { return file.find(name); }

TEST(SecretsLines, AreFoundWithTheirPlaces) {
  const std::string text =
      "# a comment\nalice * words *\n\n  \"bob\"\tl2tpd \"two \\\nlines\" 10.0.0.1 # his\nbroken\n\"open * "
      "x\ncarol * x";
  std::vector<std::string> seen;
  for (const SecretsLine& line : secrets_lines(text))
    seen.push_back(line.name + '/' + line.server + '/' + std::to_string(line.line) + ": " +
                   text.substr(line.begin, line.end - line.begin) + '|' +
                   text.substr(line.secret_begin, line.secret_end - line.secret_begin));
  EXPECT_THAT(
      seen, ElementsAre("alice/*/2: alice * words *\n|words",
                        "bob/l2tpd/4:   \"bob\"\tl2tpd \"two \\\nlines\" 10.0.0.1 # his\n|\"two \\\nlines\"",
                        "carol/*/8: carol * x|x"));
}

TEST(SecretsLines, OfNothingAreNone) {
  for (const char* text : {"", "\n", "# only this", "one\n", "\"\n"})
    EXPECT_THAT(secrets_lines(text), IsEmpty()) << text;
}

TEST(QuotedWord, IsReadBackWhateverIsInIt) {
  std::string every;
  for (unsigned c = 1; c < 256; ++c) every += static_cast<char>(c);
  for (const std::string& word :
       {every, std::string("\\\""), std::string("#no comment"), std::string("a b"),
        std::string("\xc3\xa4\xe2\x82\xac"), std::string(1023, '\\'), std::string("\1\n7")}) {
    const auto file = control::UserFile::parse(added("", "alice", word), "f");
    ASSERT_TRUE(file) << word;
    ASSERT_NE(find(*file, "alice"), nullptr) << word;
    EXPECT_EQ(text_of(find(*file, "alice")->secret), word);
  }
}

TEST(QuotedWord, RefusesWhatTheGatewayWouldNotRead) {
  EXPECT_THAT(added("", "alice", std::string(1024, 'x')), HasSubstr("1024 bytes; at most 1023"));
  EXPECT_THAT(added("", "alice", std::string("a\0b", 3)), HasSubstr("a zero byte"));
  EXPECT_THAT(added("", "alice", ""), HasSubstr("error: "));
  EXPECT_THAT(added("", "alice", "@/etc/passwd"), HasSubstr("error: "));
  EXPECT_THAT(added("", std::string(300, 'x'), "words"), HasSubstr("error: "));
  EXPECT_THAT(added("", "", "words"), HasSubstr("error: "));
}

TEST(WithUser, StandsBehindAllElse) {
  EXPECT_EQ(added("", "alice", "words"), "\"alice\"\t*\t\"words\"\t*\n");
  EXPECT_EQ(added("# comment", "alice", "words", "l2tpd", "10.40.0.7"),
            "# comment\n\"alice\"\t\"l2tpd\"\t\"words\"\t10.40.0.7\n");
  EXPECT_EQ(added("bob * x *\nbroken\n", "alice", "words"),
            "bob * x *\nbroken\n\"alice\"\t*\t\"words\"\t*\n");
}

// The last line would swallow it.
TEST(WithUser, IsRefusedWhereItWouldNotBeRead) {
  EXPECT_THAT(added("bob * x *\\\n", "alice", "words"),
              HasSubstr("would not read the new file as it should"));
  EXPECT_THAT(added("bob * x * \\", "alice", "words"), HasSubstr("would not read"));
}

TEST(WithoutLine, LeavesEveryOtherByte) {
  const std::string text = "# who\nalice * a * # first\n\nbob * b \\\n *\n\"open\ncarol * c";
  const auto lines = secrets_lines(text);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(text_of(*without_line(text, lines[0])), "# who\n\nbob * b \\\n *\n\"open\ncarol * c");
  EXPECT_EQ(text_of(*without_line(text, lines[1])), "# who\nalice * a * # first\n\n\"open\ncarol * c");
  EXPECT_EQ(text_of(*without_line(text, lines[2])), "# who\nalice * a * # first\n\nbob * b \\\n *\n\"open\n");
}

TEST(WithSecret, ChangesOneWord) {
  const std::string text = "# who\nalice\tl2tpd  'old words'  10.0.0.1 # his\nbob * x\n";
  const auto lines = secrets_lines(text);
  EXPECT_EQ(text_of(*with_secret(text, lines[0], bytes_of("new \"words\""))),
            "# who\nalice\tl2tpd  \"new \\\"words\\\"\"  10.0.0.1 # his\nbob * x\n");
  EXPECT_EQ(text_of(*with_secret(text, lines[1], bytes_of("y"))),
            "# who\nalice\tl2tpd  'old words'  10.0.0.1 # his\nbob * \"y\"\n");
}

TEST(WithSecret, NeedsAThirdWordAndAPasswordThatIsOne) {
  const std::string text = "alice *\nbob * x *\n";
  const auto lines = secrets_lines(text);
  EXPECT_THAT(with_secret(text, lines[0], bytes_of("y")).error(), HasSubstr("line 1 has no third word"));
  EXPECT_FALSE(with_secret(text, lines[1], bytes_of("@/etc/x")));
  EXPECT_THAT(with_secret(text, lines[1], bytes_of("hush" + std::string(2000, 'x'))).error(),
              Not(HasSubstr("hush")));
}

}  // namespace
}  // namespace espgate::cli
