// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/control/control_process_fixture.h"

#include <csignal>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace espgate::control::test {

ControlProcessFixture::ControlProcessFixture(std::string program) : program_(std::move(program)) {
  std::filesystem::create_directory(folder_ / "run");
  std::filesystem::permissions(folder_ / "run", std::filesystem::perms::owner_all);
}

ControlProcessFixture::~ControlProcessFixture() {
  if (control_ > 0) end_control(SIGKILL);
}

void ControlProcessFixture::write_config(const std::string& peers) {
  const std::string path = folder_ / "gateway.toml";
  espgate::test::write_file(path, R"([outside]
interface = "s0"
address = "10.20.0.10/24"
gateway = "10.20.0.1"
[inside]
interface = "s1"
address = "10.30.0.1/24"
[clients]
pool = "10.40.0.0/24"
[runtime]
directory = ")" + std::string(folder_ / "run") +
                                      "\"\nstate_directory = \"" + (folder_ / "state") + "\"\n" + peers);
  std::filesystem::permissions(path,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

void ControlProcessFixture::start_control() {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, (folder_ / "log").c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  std::string config = folder_ / "gateway.toml", option = "-c";
  char* arguments[] = {program_.data(), option.data(), config.data(), nullptr};
  ASSERT_EQ(posix_spawn(&control_, program_.c_str(), &files, nullptr, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&files);
}

int ControlProcessFixture::end_control(int signal) {
  ::kill(control_, signal);
  int status = 0;
  ::waitpid(control_, &status, 0);
  control_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void ControlProcessFixture::step_until(const std::function<bool()>& done) {
  while (!done()) {
    int status = 0;
    if (control_ > 0 && ::waitpid(control_, &status, WNOHANG) == control_) {
      control_ = -1;
      FAIL() << "control has ended: " << log();
    }
    pollfd waiting = {dataplane_ ? dataplane_->descriptor() : -1, POLLIN, 0};
    (void)::poll(&waiting, 1, 20);
    if (dataplane_) dataplane_->step();
  }
}

}  // namespace espgate::control::test
