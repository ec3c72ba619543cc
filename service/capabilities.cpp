// SPDX-License-Identifier: Apache-2.0
#include "service/capabilities.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace espgate::service {
namespace {

using tl::unexpected;
using Done = tl::expected<void, std::string>;

constexpr auto patience = std::chrono::seconds(5);

constexpr std::array known = {"CHOWN",
                              "DAC_OVERRIDE",
                              "DAC_READ_SEARCH",
                              "FOWNER",
                              "FSETID",
                              "KILL",
                              "SETGID",
                              "SETUID",
                              "SETPCAP",
                              "LINUX_IMMUTABLE",
                              "NET_BIND_SERVICE",
                              "NET_BROADCAST",
                              "NET_ADMIN",
                              "NET_RAW",
                              "IPC_LOCK",
                              "IPC_OWNER",
                              "SYS_MODULE",
                              "SYS_RAWIO",
                              "SYS_CHROOT",
                              "SYS_PTRACE",
                              "SYS_PACCT",
                              "SYS_ADMIN",
                              "SYS_BOOT",
                              "SYS_NICE",
                              "SYS_RESOURCE",
                              "SYS_TIME",
                              "SYS_TTY_CONFIG",
                              "MKNOD",
                              "LEASE",
                              "AUDIT_WRITE",
                              "AUDIT_CONTROL",
                              "SETFCAP",
                              "MAC_OVERRIDE",
                              "MAC_ADMIN",
                              "SYSLOG",
                              "WAKE_ALARM",
                              "BLOCK_SUSPEND",
                              "AUDIT_READ",
                              "PERFMON",
                              "BPF",
                              "CHECKPOINT_RESTORE"};

std::atomic<CapabilitySet> wanted = 0;
std::atomic<unsigned> answered = 0;

// Of the calling thread only: the kernel has no other way. Nothing but system calls, as it runs in a handler
// of a signal too.
void limit_this_thread(CapabilitySet keep) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return;
  for (unsigned number = 0; number < 64 && ::prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; ++number)
    if ((keep >> number & 1) == 0) (void)::prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
  (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  for (__user_cap_data_struct& half : data) {
    half.permitted &= static_cast<std::uint32_t>(keep);
    half.effective &= static_cast<std::uint32_t>(keep);
    half.inheritable = 0;
    keep >>= 32;
  }
  header = {_LINUX_CAPABILITY_VERSION_3, 0};
  (void)::syscall(SYS_capset, &header, data.data());
}

void on_signal(int) {
  const int error = errno;
  limit_this_thread(wanted);
  errno = error;
  ++answered;
}

std::vector<pid_t> threads() {
  std::vector<pid_t> all;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/task", error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    all.push_back(static_cast<pid_t>(std::stol(entry->path().filename().string())));
  return all;
}

// A set in a thread's status, "CapPrm:". 0: the thread has ended; everything: it can't be known.
CapabilitySet set_of(pid_t thread, std::string_view name) {
  std::ifstream status(fmt::format("/proc/self/task/{}/status", thread));
  if (!status) return 0;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name)) return std::stoull(line.substr(name.size() + 1), nullptr, 16);
  return ~CapabilitySet{0};
}

Done limit_other_threads(const std::vector<pid_t>& all) {
  const int number = SIGRTMAX - 1;
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (::sigaction(number, &action, &before) != 0) return unexpected(std::string(std::strerror(errno)));
  answered = 0;
  unsigned asked = 0;
  for (const pid_t thread : all) {
    if (thread == ::gettid()) continue;
    if (::syscall(SYS_tgkill, ::getpid(), thread, number) == 0) ++asked;
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (answered < asked && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (answered < asked)
    return unexpected(std::string("a thread did not answer"));  // and may still: the handler stays
  (void)::sigaction(number, &before, nullptr);
  return {};
}

}  // namespace

Done keep_capabilities(CapabilitySet keep) {
  wanted = keep;
  const std::vector<pid_t> all = threads();
  if (all.empty()) return unexpected(std::string("capabilities can't be dropped: /proc is not there"));
  limit_this_thread(keep);
  if (auto limited = limit_other_threads(all); !limited)
    return unexpected("capabilities can't be dropped: " + limited.error());
  for (const pid_t thread : threads()) {
    const CapabilitySet left = (set_of(thread, "CapPrm:") | set_of(thread, "CapEff:")) & ~keep;
    if (left != 0)
      return unexpected(
          fmt::format("capabilities can't be dropped: thread {} has {:#x} still", thread, left));
  }
  return {};
}

CapabilitySet effective_capabilities(pid_t thread) { return set_of(thread, "CapEff:"); }

std::vector<std::string> capability_names(CapabilitySet set) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < 64; ++i) {
    if ((set >> i & 1) == 0) continue;
    names.push_back(i < known.size() ? std::string("CAP_") + known.at(i) : fmt::format("capability {}", i));
  }
  return names;
}

void raise_locked_memory() {
  const rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  (void)::setrlimit(RLIMIT_MEMLOCK, &none);
}

Done become_user(uid_t user) {
  if (::geteuid() == user) return {};
  std::array<char, 16384> memory;
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(user, &entry, memory.data(), memory.size(), &found) != 0 || found == nullptr)
    return unexpected(fmt::format("there is no user {} on this system", user));
  if (::initgroups(found->pw_name, found->pw_gid) != 0 ||
      ::setresgid(found->pw_gid, found->pw_gid, found->pw_gid) != 0 || ::setresuid(user, user, user) != 0)
    return unexpected(fmt::format("can't become user {}: {}", found->pw_name, std::strerror(errno)));
  return {};
}

}  // namespace espgate::service
