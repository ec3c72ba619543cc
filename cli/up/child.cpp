// SPDX-License-Identifier: Apache-2.0
#include "cli/up/child.h"

#include "channel/unix_socket.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace espgate::cli {
namespace {

constexpr int cannot_execute = 127;            // as shells have it
constexpr std::size_t longest_line = 1 << 16;  // then it is passed on in pieces

std::string end_text(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

}  // namespace

bool Child::start() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  output_ = channel::Descriptor(ends[0]);
  const channel::Descriptor theirs(ends[1]);
  (void)::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  log_.flush();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ != 0) return pid_ > 0;
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(0);  // we had died before the kernel knew
  execute(theirs.get());
}

// In the new process. A process group of its own: Ctrl-C reaches only us, and we end our children in order.
void Child::execute(int output) const {
  (void)::setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  std::vector<char*> arguments = {const_cast<char*>(program_.executable.c_str())};
  for (const std::string& each : program_.arguments) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  ::execv(program_.executable.c_str(), arguments.data());
  const std::string why = fmt::format("can't be executed: {}\n", std::strerror(errno));
  (void)!::write(STDERR_FILENO, why.data(), why.size());
  ::_exit(cannot_execute);
}

void Child::signal(int number) const {
  if (is_running()) ::kill(pid_, number);
}

// Whoever listens there may also be another gateway, which this one is about to complain about.
bool Child::is_ready() const {
  if (program_.socket.empty()) return true;
  const auto connection = channel::connect_unix(program_.socket, SOCK_STREAM);
  return connection && channel::peer_credentials(connection->get()).pid == pid_;
}

std::optional<std::string> Child::ended() {
  int status = 0;
  if (!is_running() || ::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  pid_ = -1;
  pass_output();
  pass_lines(true);
  output_.reset();
  return end_text(status);
}

void Child::pass_output() {
  std::array<char, 4096> chunk;
  ssize_t got = 0;
  while (output_ && (got = ::read(output_.get(), chunk.data(), chunk.size())) > 0) {
    printed_.append(chunk.data(), static_cast<std::size_t>(got));
    pass_lines(false);
  }
  if (got == 0) output_.reset();
}

void Child::pass_lines(bool all) {
  std::size_t start = 0;
  for (std::size_t end = 0; (end = printed_.find('\n', start)) != std::string::npos; start = end + 1)
    log_ << program_.name << " | " << std::string_view(printed_).substr(start, end - start) << '\n';
  printed_.erase(0, start);
  if (!printed_.empty() && (all || printed_.size() > longest_line)) {
    log_ << program_.name << " | " << printed_ << '\n';
    printed_.clear();
  }
  log_.flush();
}

}  // namespace espgate::cli
