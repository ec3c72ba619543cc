// SPDX-License-Identifier: Apache-2.0
#include "service/capabilities.h"

#include <atomic>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/wait.h>
#include <unistd.h>

namespace espgate::service::test {
namespace {

TEST(Capabilities, HaveTheirNames) {
  EXPECT_THAT(capability_names(capability(CAP_NET_RAW) | capability(CAP_IPC_LOCK)),
              testing::UnorderedElementsAre("CAP_NET_RAW", "CAP_IPC_LOCK"));
  EXPECT_TRUE(capability_names(0).empty());
}

// In a child, since it is for good: 0 if every thread has nothing afterwards.
int child_that_gives_up_all() {
  std::atomic<pid_t> other = 0;
  std::atomic<bool> done = false;
  std::thread thread([&] {
    other = ::gettid();
    while (!done) ::usleep(1000);
  });
  while (other == 0) ::usleep(1000);
  const auto dropped = keep_capabilities(0);
  const CapabilitySet left = effective_capabilities(::getpid()) | effective_capabilities(other);
  done = true;
  thread.join();
  return dropped && left == 0 ? 0 : 1;
}

TEST(Capabilities, AreGivenUpByEveryThread) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(child_that_gives_up_all());
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace espgate::service::test
