// SPDX-License-Identifier: Apache-2.0
// Callers that the data plane does not take, and data planes that control does not take.
#include "channel/callers.h"
#include "channel/handshake.h"
#include "channel/unix_socket.h"
#include "tests/unit/channel/channel_fixture.h"

#include <cstring>
#include <thread>

#include <gmock/gmock.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace espgate::channel::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RefusalTest : public ChannelFixture {
 protected:
  Descriptor call() {
    auto caller = connect_unix(socket_, SOCK_SEQPACKET);
    if (caller) return std::move(*caller);
    ADD_FAILURE() << caller.error();
    return {};
  }
  // Says `hello` and returns what the data plane answers, as control would report it.
  std::string say(std::span<const std::byte> hello) {
    const Descriptor caller = call();
    EXPECT_TRUE(send_message(caller.get(), hello));
    step_until([&] { return !complaints_.empty(); });
    const Message answer = receive_message(caller.get());
    const auto welcome = parse_welcome(answer.bytes, answer.descriptors.size());
    return welcome ? "welcome" : welcome.error();
  }
};

TEST_F(RefusalTest, another_version_is_refused_and_both_sides_can_say_why) {
  start();
  Hello hello;
  hello.preamble.version = abi_version + 1;
  EXPECT_THAT(say(message_bytes(hello)),
              HasSubstr("control speaks version 3 of the channel, the data plane speaks 2"));
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("speaks version 3")));
  EXPECT_TRUE(connect()) << "the next one is taken";
}

TEST_F(RefusalTest, another_layout_is_refused_by_name) {
  start();
  Hello hello;
  ++hello.layout[2];
  EXPECT_THAT(say(message_bytes(hello)), HasSubstr("size of a packet is"));
}

TEST_F(RefusalTest, another_program_is_refused) {
  start();
  EXPECT_THAT(say(std::vector<std::byte>(100, std::byte{'G'})),
              HasSubstr("does not speak espgate's channel"));
}

TEST_F(RefusalTest, a_truncated_hello_is_refused) {
  start();
  const Hello hello;
  EXPECT_THAT(say(message_bytes(hello).first(sizeof hello - 1)), HasSubstr("bytes where"));
  complaints_.clear();
  EXPECT_THAT(say(message_bytes(hello).first(7)), HasSubstr("too short"));
}

TEST_F(RefusalTest, a_caller_that_leaves_at_once_is_complained_of) {
  start();
  call().reset();
  step_until([&] { return !complaints_.empty(); });
  EXPECT_THAT(complaints_[0], HasSubstr("left without a hello"));
}

TEST_F(RefusalTest, a_silent_caller_is_let_go_and_keeps_nobody_waiting) {
  start({.patience = std::chrono::milliseconds(50)});
  const Descriptor silent = call();
  step();
  ASSERT_TRUE(connect()) << "while the silent one is still there";
  step_until([&] { return !complaints_.empty(); });
  EXPECT_THAT(complaints_[0], HasSubstr("no hello within 50 ms"));
}

TEST_F(RefusalTest, only_a_few_callers_may_be_undecided_at_a_time) {
  start();
  std::vector<Descriptor> silent;
  for (unsigned i = 0; i < 5; ++i) silent.push_back(call());
  step_until([&] { return !complaints_.empty(); });
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("too many others")));
}

TEST_F(RefusalTest, a_second_control_process_is_refused_while_the_first_lives) {
  start();
  const auto first = connect();
  const auto second = try_connect();
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("another control process (pid " + std::to_string(::getpid()) + ")"));
  EXPECT_TRUE(dataplane_->is_connected());
  EXPECT_TRUE(disconnected_.empty());
}

// Only root has two users to try it with.
TEST_F(RefusalTest, a_process_of_another_user_is_refused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root; the next one does not";
  constexpr uid_t other = 65534;
  start();
  ASSERT_EQ(::chmod(socket_.c_str(), 0666), 0);
  ASSERT_EQ(::chmod((folder_ / "").c_str(), 0711), 0);
  int pipe[2] = {};
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::setuid(other) != 0) ::_exit(1);
    const auto control = ControlEnd::connect(socket_);
    const std::string said = control ? "connected" : control.error();
    const auto written = ::write(pipe[1], said.data(), said.size());
    ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  ::close(pipe[1]);
  step_until([&] { return !complaints_.empty(); });
  std::array<char, 1000> said = {};
  EXPECT_GT(::read(pipe[0], said.data(), said.size() - 1), 0);
  ::close(pipe[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(said.data(), HasSubstr("only user 0 and root may connect"));
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("of user 65534")));
}

// Without root: we are the other user, and somebody else is expected.
TEST_F(RefusalTest, so_is_one_where_another_user_is_expected) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may always connect";
  const Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  auto listener = UnixListener::listen(socket_, SOCK_SEQPACKET);
  ASSERT_TRUE(listener) << listener.error();
  Callers callers(epoll.get(), 0, ::geteuid() + 1, std::chrono::seconds(1));
  const Descriptor caller = call();
  ASSERT_TRUE(send_message(caller.get(), message_bytes(Hello())));
  const Callers::Handler handler = {[](Callers::Accepted) { ADD_FAILURE() << "was taken"; },
                                    [&](const std::string& what) { complaints_.push_back(what); }};
  callers.accept(*listener, handler);
  callers.step(handler);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("run control as one of them")));
  EXPECT_THAT(parse_welcome(receive_message(caller.get()).bytes, 0).error(),
              HasSubstr("and root may connect"));
}

// The other way round: control and a socket on which something else answers.
class ImpostorTest : public testing::Test {
 protected:
  ImpostorTest() {
    auto made = UnixListener::listen(socket_, SOCK_SEQPACKET);
    if (made) listener_ = std::make_unique<UnixListener>(std::move(*made));
  }
  // What control says to an answer.
  std::string connect_to(std::span<const std::byte> answer, const std::vector<int>& descriptors = {}) {
    std::string said;
    std::thread control([&] {
      const auto connected = ControlEnd::connect(socket_);
      said = connected ? "connected" : connected.error();
    });
    Descriptor connection;
    while (!connection) {
      wait_readable({listener_->descriptor()});
      connection = listener_->accept();
    }
    if (answer.empty()) {
      connection.reset();
    } else {
      EXPECT_TRUE(send_message(connection.get(), answer, descriptors));
    }
    control.join();
    return said;
  }

  espgate::test::TemporaryFolder folder_;
  std::string socket_ = folder_ / "channel.sock";
  std::unique_ptr<UnixListener> listener_;
};

TEST_F(ImpostorTest, a_newer_data_plane_is_refused_with_both_versions) {
  Welcome welcome;
  welcome.preamble.version = abi_version + 6;
  EXPECT_THAT(connect_to(message_bytes(welcome)),
              HasSubstr("the data plane speaks version 8 of the channel, control speaks 2"));
}

TEST_F(ImpostorTest, an_answer_without_descriptors_is_refused) {
  Welcome welcome;
  welcome.workers = welcome.slots = 1;
  EXPECT_THAT(connect_to(message_bytes(welcome)), HasSubstr("makes no sense"));
}

TEST_F(ImpostorTest, descriptors_that_are_no_segments_are_not_mapped) {
  Welcome welcome;
  welcome.workers = welcome.slots = 1;
  EXPECT_THAT(connect_to(message_bytes(welcome), {0, 0, 0, 0}), HasSubstr("no shared memory"));
}

TEST_F(ImpostorTest, a_hangup_is_told) { EXPECT_THAT(connect_to({}), HasSubstr("hung up")); }

TEST_F(ImpostorTest, silence_is_told) {
  const auto control = ControlEnd::connect(socket_);  // nobody accepts: the kernel has taken the connection
  ASSERT_FALSE(control);
  EXPECT_THAT(control.error(), HasSubstr("did not answer within 1000 ms"));
}

TEST_F(ImpostorTest, nobody_there_is_told) {
  listener_.reset();
  EXPECT_THAT(ControlEnd::connect(socket_).error(), HasSubstr("channel.sock: can't connect: No such file"));
}

}  // namespace
}  // namespace espgate::channel::test
