// SPDX-License-Identifier: Apache-2.0
#include "client/signals.h"

#include <csignal>

#include <sys/signalfd.h>

namespace espgate::client {

FileDescriptor take_signals() {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &ending, nullptr);
  return FileDescriptor(::signalfd(-1, &ending, SFD_NONBLOCK | SFD_CLOEXEC));
}

unsigned pending_signals(const FileDescriptor& signals) {
  unsigned count = 0;
  signalfd_siginfo info{};
  while (::read(signals.get(), &info, sizeof info) == sizeof info) ++count;
  return count;
}

}  // namespace espgate::client
