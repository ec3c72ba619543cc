// SPDX-License-Identifier: Apache-2.0
#include "service/notifier.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace espgate::service::test {
namespace {

using namespace std::chrono_literals;
using testing::StartsWith;

// What a service manager would hear, in the abstract namespace.
class NotifierTest : public testing::Test {
 protected:
  NotifierTest() : name_("@espgate-notifier-" + std::to_string(::getpid())) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name_.data() + 1, name_.size() - 1);
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), length), 0);
  }
  ~NotifierTest() override {
    ::close(socket_);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  [[nodiscard]] std::string heard() const {
    std::array<char, 512> text;
    const ssize_t length = ::recv(socket_, text.data(), text.size(), 0);
    return length < 0 ? std::string("nothing") : std::string(text.data(), static_cast<std::size_t>(length));
  }

  std::string name_;
  int socket_;
};

TEST_F(NotifierTest, TellsTheLifeOfAService) {
  ::setenv("NOTIFY_SOCKET", name_.c_str(), 1);
  Notifier notifier = Notifier::from_environment();
  EXPECT_TRUE(notifier.is_heard());
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr) << "no child shall speak for us";
  notifier.ready("3 sessions");
  EXPECT_EQ(heard(), "READY=1\nSTATUS=3 sessions");
  notifier.status("3 sessions");
  EXPECT_EQ(heard(), "nothing") << "it has not changed";
  notifier.status("4\nsessions");
  EXPECT_EQ(heard(), "STATUS=4 sessions");
  notifier.alive();
  EXPECT_EQ(heard(), "WATCHDOG=1");
  notifier.reloading();
  EXPECT_THAT(heard(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  notifier.stopping("bye");
  EXPECT_EQ(heard(), "STOPPING=1\nSTATUS=bye");
}

TEST_F(NotifierTest, WithoutServiceManagerNothingIsSent) {
  ::unsetenv("NOTIFY_SOCKET");
  Notifier notifier = Notifier::from_environment();
  EXPECT_FALSE(notifier.is_heard());
  notifier.ready("up");
  EXPECT_EQ(heard(), "nothing");
}

TEST_F(NotifierTest, AWatchdogIsForTheProcessThatItNames) {
  EXPECT_EQ(Notifier::watchdog(), std::nullopt);
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(Notifier::watchdog(), 30s);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid() + 1).c_str(), 1);
  EXPECT_EQ(Notifier::watchdog(), std::nullopt);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(Notifier::watchdog(), 30s);
  ::setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_EQ(Notifier::watchdog(), std::nullopt);
}

}  // namespace
}  // namespace espgate::service::test
