// SPDX-License-Identifier: Apache-2.0
// espgate user on a configuration and a users' file, and what it leaves on the disk.
#include "cli/users/password.h"
#include "cli/users/private_file.h"
#include "control/aaa/chap_secrets.h"
#include "tests/scenarios/program.h"
#include "tests/unit/cli/command_line.h"

#include <csignal>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <pty.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace espgate::cli {
namespace {

using espgate::test::read_file;
using espgate::test::TemporaryFolder;
using espgate::test::write_file;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* configuration = R"(
[outside]
interface = "s0"
address = "10.20.0.10/24"
gateway = "10.20.0.1"
[inside]
interface = "s1"
address = "10.30.0.1/24"
[gateway]
public_address = "203.0.113.10"
[clients]
pool = "10.40.0.0/24"
[ike]
psk = "a key of the group's"
[users]
file = "chap-secrets"
)";

// Standard input for as long as this lives.
class StandardInput {
 public:
  explicit StandardInput(int descriptor) : before_(::dup(STDIN_FILENO)) { ::dup2(descriptor, STDIN_FILENO); }
  ~StandardInput() {
    ::dup2(before_, STDIN_FILENO);
    ::close(before_);
  }

 private:
  int before_;
};

class UserCommand : public testing::Test {
 protected:
  UserCommand() {
    write_file(config_, configuration);
    ::chmod(config_.c_str(), 0600);
    write_file(folder_ / "password", "a new password\n");
  }
  Answer user(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "user");
    arguments.insert(arguments.end(), {"-c", config_});
    return espgate(arguments);
  }
  Answer with_password(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--password-file", folder_ / "password"});
    return user(std::move(arguments));
  }
  void put(const std::string& text, mode_t mode = 0600) {
    write_file(users_, text);
    ::chmod(users_.c_str(), mode);
  }
  [[nodiscard]] std::string users() const { return read_file(users_); }
  [[nodiscard]] std::string secret_of(const std::string& name) const {
    const auto file = control::UserFile::parse(users(), "f");
    const control::User* found = file ? file->find(name) : nullptr;
    return found == nullptr
               ? "(nobody)"
               : std::string(reinterpret_cast<const char*>(found->secret.data()), found->secret.size());
  }
  [[nodiscard]] std::size_t files() const {
    const auto all = std::filesystem::directory_iterator(std::filesystem::path(users_).parent_path());
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  TemporaryFolder folder_;
  const std::string config_ = folder_ / "gateway.toml", users_ = folder_ / "chap-secrets";
};

TEST_F(UserCommand, AddsListsAndRemoves) {
  EXPECT_EQ(with_password({"add", "alice"}).exit_code, success);
  EXPECT_EQ(with_password({"add", "bob", "--address", "10.40.0.7", "--server", "l2tpd"}).exit_code, success);
  EXPECT_EQ(secret_of("alice"), "a new password");
  const Answer listed = user({"list"});
  EXPECT_EQ(listed.out, "USER   SERVER  ADDRESS\nalice  *       *\nbob    l2tpd   10.40.0.7\n");
  EXPECT_THAT(listed.err, IsEmpty());
  const Answer removed = user({"remove", "alice"});
  EXPECT_EQ(removed.exit_code, success);
  EXPECT_THAT(removed.err, HasSubstr("may come no more"));
  EXPECT_EQ(secret_of("alice"), "(nobody)");
  EXPECT_EQ(secret_of("bob"), "a new password");
}

TEST_F(UserCommand, ANewFileIsItsOwnersAlone) {
  const mode_t before = ::umask(0);
  EXPECT_EQ(with_password({"add", "alice"}).exit_code, success);
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat(users_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(UserCommand, KeepsPermissionsCommentsAndWhatItDoesNotKnow) {
  const std::string before =
      "# our users\n\nalice * old *   # the boss\nbroken\n\"open * x\nerin * words 10.0.0.0/8 -- debug\n";
  put(before, 0640);
  EXPECT_EQ(with_password({"add", "bob"}).exit_code, success);
  EXPECT_EQ(users(), before + "\"bob\"\t*\t\"a new password\"\t*\n");
  EXPECT_EQ(with_password({"password", "alice"}).exit_code, success);
  EXPECT_THAT(users(), HasSubstr("alice * \"a new password\" *   # the boss\nbroken\n"));
  EXPECT_EQ(user({"remove", "bob"}).exit_code, success);
  EXPECT_EQ(with_password({"remove", "alice"}).exit_code, usage_error);
  struct stat status{};
  ASSERT_EQ(::stat(users_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  EXPECT_EQ(files(), 3U) << "something is left behind";
}

TEST_F(UserCommand, KeepsTheOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  put("alice * old *\n");
  if (::chown(users_.c_str(), 1234, 2345) != 0) GTEST_SKIP() << "this root gives nothing away";
  EXPECT_EQ(with_password({"password", "alice"}).exit_code, success);
  struct stat status{};
  ASSERT_EQ(::stat(users_.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 1234U);
  EXPECT_EQ(status.st_gid, 2345U);
}

TEST_F(UserCommand, FollowsALink) {
  std::filesystem::create_directory(folder_ / "elsewhere");
  write_file(folder_ / "elsewhere/users", "alice * old *\n");
  std::filesystem::create_symlink(folder_ / "elsewhere/users", users_);
  EXPECT_EQ(with_password({"password", "alice"}).exit_code, success);
  EXPECT_TRUE(std::filesystem::is_symlink(users_));
  EXPECT_EQ(secret_of("alice"), "a new password");
}

TEST_F(UserCommand, RefusesWhoIsThereAlready) {
  put("alice * old *\nbob\n");
  const Answer again = with_password({"add", "alice"});
  EXPECT_EQ(again.exit_code, failure);
  EXPECT_THAT(again.err, HasSubstr("chap-secrets:1: \"alice\" is there already; espgate user password"));
  EXPECT_EQ(users(), "alice * old *\nbob\n");
  EXPECT_EQ(with_password({"add", "alice", "--server", "l2tpd"}).exit_code, success);
}

TEST_F(UserCommand, RefusesNamesAndAddressesThatCanNotBe) {
  put("alice * old 10.40.0.7\n");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"add", "*"}, "would be everybody"},
      {{"add", ""}, "1 to 256 bytes"},
      {{"add", std::string(257, 'x')}, "1 to 256 bytes"},
      {{"add", "bob", "--address", "10.40.0.7"}, "10.40.0.7 is that of \"alice\""},
      {{"add", "bob", "--address", "10.99.0.7"}, "not in clients.pool"},
      {{"add", "bob", "--address", "10.40.0.255"}, "first or last one"},
      {{"add", "bob", "--address", "soon"}, "expected an IPv4 address"},
      {{"password", "bob"}, "there is no \"bob\""},
      {{"password", "alice", "--server", "l2tpd"}, "for the server \"l2tpd\""}};
  for (const auto& [arguments, said] : cases) {
    const Answer answer = with_password(arguments);
    EXPECT_EQ(answer.exit_code, failure) << said;
    EXPECT_THAT(answer.err, HasSubstr(said));
  }
  EXPECT_EQ(users(), "alice * old 10.40.0.7\n");
}

TEST_F(UserCommand, AsksWhichOfSeveralLines) {
  put("alice * old *\nalice l2tpd older *\nalice l2tpd shadowed *\n");
  EXPECT_THAT(with_password({"password", "alice"}).err,
              HasSubstr("several servers: say which by --server, one of \"*\", \"l2tpd\""));
  EXPECT_EQ(with_password({"password", "alice", "--server", "l2tpd"}).exit_code, success);
  EXPECT_EQ(users(), "alice * old *\nalice l2tpd \"a new password\" *\nalice l2tpd shadowed *\n");
  EXPECT_EQ(user({"remove", "alice", "--server", "l2tpd"}).exit_code, success);
  EXPECT_EQ(users(), "alice * old *\n");
}

TEST_F(UserCommand, TakesTheConfigurationsServer) {
  write_file(config_, std::string(configuration) + "server = \"l2tpd\"\n");
  EXPECT_EQ(with_password({"add", "alice"}).exit_code, success);
  EXPECT_THAT(users(), HasSubstr("\"alice\"\t\"l2tpd\"\t"));
  EXPECT_THAT(with_password({"add", "bob", "--server", "other"}).err,
              HasSubstr("but not here: users.server is \"l2tpd\""));
}

TEST_F(UserCommand, MakesAPasswordAndPrintsItOnce) {
  const Answer answer = user({"add", "alice", "--generate"});
  EXPECT_THAT(answer.out, MatchesRegex("[2-9A-HJ-NP-Z]{24}\n"));
  EXPECT_EQ(secret_of("alice") + '\n', answer.out);
  EXPECT_THAT(answer.err, Not(HasSubstr(secret_of("alice"))));
  const Answer other = user({"password", "alice", "--generate", "--json"});
  const auto told = nlohmann::json::parse(other.out);
  EXPECT_EQ(told["password"], secret_of("alice"));
  EXPECT_NE(told["password"].get<std::string>() + '\n', answer.out);
  EXPECT_THAT(other.err, IsEmpty());
  EXPECT_EQ(user({"add", "bob", "--generate", "--password-file", folder_ / "password"}).exit_code,
            usage_error);
}

TEST_F(UserCommand, NeverShowsASecret) {
  put("alice * hush-hush *\nbob * \"hush-hush\nerin * hush-hush\nolaf * @/hush-hush *\n");
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"list"}, {"list", "--json"}, {"remove", "nobody"}, {"password", "bob", "--generate"}}) {
    const Answer answer = user(arguments);
    EXPECT_THAT(answer.out + answer.err, Not(HasSubstr("hush-hush"))) << arguments[0];
  }
}

TEST_F(UserCommand, ListsForPrograms) {
  put("alice * a *\nbob l2tpd b 10.40.0.7\nerin * c\nbroken\n");
  const auto told = nlohmann::json::parse(user({"list", "--json"}).out);
  EXPECT_EQ(told["ok"], true);
  ASSERT_EQ(told["users"].size(), 3U);
  EXPECT_EQ(told["users"][1],
            (nlohmann::json{{"user", "bob"}, {"server", "l2tpd"}, {"address", "10.40.0.7"}, {"line", 2}}));
  EXPECT_EQ(told["users"][2]["address"], "-");
  EXPECT_EQ(told["problems"].size(), 2U);
  const auto failed = nlohmann::json::parse(user({"remove", "nobody", "--json"}).out);
  EXPECT_EQ(failed["ok"], false);
  EXPECT_THAT(failed["error"].get<std::string>(), HasSubstr("there is no \"nobody\""));
}

TEST_F(UserCommand, NeedsAConfigurationWithUsers) {
  EXPECT_THAT(espgate({"user", "list"}).err, HasSubstr("--config"));
  EXPECT_THAT(user({"list"}).err, HasSubstr("chap-secrets: cannot be opened: No such file"));
  const std::string text = configuration;
  write_file(config_, text.substr(0, text.find("[users]")));
  EXPECT_THAT(user({"list"}).err, HasSubstr("has no [users]"));
  write_file(config_, "nonsense");
  EXPECT_THAT(user({"list"}).err, HasSubstr("gateway.toml"));
}

// Passwords

TEST_F(UserCommand, APasswordIsOneLineOfAFile) {
  for (const auto& [content, said] : {std::pair{"", "an empty password"},
                                      {"\n", "an empty password"},
                                      {"two\nlines\n", "more than one line"},
                                      {"@/etc/passwd\n", "taken for the name of a file"}}) {
    write_file(folder_ / "password", content);
    const Answer answer = with_password({"add", "alice"});
    EXPECT_EQ(answer.exit_code, failure);
    EXPECT_THAT(answer.err, HasSubstr(said));
  }
  write_file(folder_ / "password", "with a return\r\n\n");
  EXPECT_EQ(with_password({"add", "alice"}).exit_code, success);
  EXPECT_EQ(secret_of("alice"), "with a return");
  EXPECT_THAT(user({"add", "bob", "--password-file", folder_ / "missing"}).err,
              HasSubstr("missing: cannot be opened"));
}

TEST_F(UserCommand, APasswordMayComeByAPipe) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(::write(ends[1], "piped words\nrest", 16), 16);
  ::close(ends[1]);
  {
    const StandardInput input(ends[0]);
    EXPECT_EQ(user({"add", "alice"}).exit_code, success);
  }
  ::close(ends[0]);
  EXPECT_EQ(secret_of("alice"), "piped words");
}

TEST(Password, OnATerminalIsTypedTwiceAndNotShown) {
  for (const bool same : {true, false}) {
    int terminal = -1, program = -1;
    ASSERT_EQ(::openpty(&terminal, &program, nullptr, nullptr, nullptr), 0);
    const auto echoes = [&] {
      termios now{};
      ::tcgetattr(program, &now);
      return (now.c_lflag & static_cast<tcflag_t>(ECHO)) != 0;
    };
    ASSERT_TRUE(echoes());
    std::ostringstream prompt;
    tl::expected<crypto::SecretBytes, std::string> password;
    {
      const StandardInput input(program);
      std::thread person([&] {
        while (echoes()) std::this_thread::yield();
        const std::string typed = std::string("typed words\n") + (same ? "typed words\n" : "other words\n");
        EXPECT_EQ(::write(terminal, typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
      });
      password = take_password({}, prompt);
      person.join();
    }
    EXPECT_TRUE(echoes()) << "the terminal stays as it was changed";
    EXPECT_EQ(password.has_value(), same);
    EXPECT_EQ(password ? std::to_string(password->size()) : password.error(),
              same ? "11" : "the two passwords differ");
    ::fcntl(terminal, F_SETFL, O_NONBLOCK);
    char shown[256] = {};
    [[maybe_unused]] const ssize_t got = ::read(terminal, shown, sizeof shown - 1);
    EXPECT_THAT(std::string(shown), Not(HasSubstr("words")));
    EXPECT_EQ(prompt.str(), "password: \nonce more: \n");
    ::close(terminal);
    ::close(program);
  }
}

// The disk

// No file of this process may grow beyond so many bytes: to a program that is a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    before_signal_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit small{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, before_signal_);
  }

 private:
  rlimit before_{};
  void (*before_signal_)(int);
};

TEST_F(UserCommand, OnAFullDiskNothingIsLost) {
  std::string many;
  for (unsigned i = 0; i < 2000; ++i)
    many += "user" + std::to_string(i) + " * words" + std::to_string(i) + " *\n";
  put(many);
  for (const rlim_t bytes : {rlim_t{0}, rlim_t{100}, rlim_t{many.size()}}) {
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"add", "alice"}, {"password", "user7"}, {"add", "bob", "--address", "10.40.0.7"}}) {
      Answer answer{};
      {
        const FullDisk full(bytes);
        answer = with_password(arguments);
      }
      EXPECT_EQ(answer.exit_code, failure);
      EXPECT_THAT(answer.err,
                  AllOf(HasSubstr("cannot be replaced, and is as it was: "), Not(HasSubstr("may come"))));
      EXPECT_EQ(users(), many);
      EXPECT_EQ(files(), 3U) << "something is left behind";
    }
  }
  EXPECT_EQ(with_password({"add", "alice"}).exit_code, success);
}

TEST_F(UserCommand, AFolderThatCanNotBeWrittenLeavesAllAsItWas) {
  if (::geteuid() == 0) GTEST_SKIP() << "root writes anywhere";
  put("alice * old *\n");
  const std::string folder = std::filesystem::path(users_).parent_path();
  ::chmod(folder.c_str(), 0500);
  const Answer answer = with_password({"password", "alice"});
  ::chmod(folder.c_str(), 0700);
  EXPECT_EQ(answer.exit_code, failure);
  EXPECT_EQ(users(), "alice * old *\n");
}

TEST_F(UserCommand, SeveralAtOnceLoseNobody) {
  constexpr unsigned writers = 4, each = 10;
  put("# users\n");
  std::vector<std::thread> threads;
  threads.reserve(writers);
  for (unsigned writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      for (unsigned i = 0; i < each; ++i)
        EXPECT_EQ(with_password({"add", "user" + std::to_string(writer) + "-" + std::to_string(i)}).exit_code,
                  success);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto file = control::UserFile::parse(users(), "f");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size(), writers * each);
}

TEST_F(UserCommand, WhatIsNoFileIsNotTouched) {
  std::filesystem::create_directory(users_);
  EXPECT_THAT(with_password({"add", "alice"}).err, HasSubstr("is no regular file"));
}

}  // namespace
}  // namespace espgate::cli
