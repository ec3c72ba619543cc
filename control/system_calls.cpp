// SPDX-License-Identifier: Apache-2.0
#include "control/system_calls.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

namespace espgate::control {
namespace {

// By name: a call that this architecture, or this libseccomp, does not have is left out.
constexpr const char* always[] = {
    // what is open
    "read",
    "readv",
    "pread64",
    "preadv",
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "lseek",
    "close",
    "close_range",
    "fcntl",
    "flock",
    "dup",
    "dup2",
    "dup3",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "fchmod",
    // files: which ones is the file system's to say
    "open",
    "openat",
    "stat",
    "lstat",
    "fstat",
    "newfstatat",
    "statx",
    "statfs",
    "fstatfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getdents64",
    "getcwd",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "umask",
    "chmod",
    "fchmodat",
    // sockets that are there
    "bind",
    "connect",
    "listen",
    "accept",
    "accept4",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "recvfrom",
    "recvmsg",
    "recvmmsg",
    "shutdown",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
    // waiting
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "eventfd2",
    "signalfd4",
    "pipe2",
    "futex",
    "futex_waitv",
    "nanosleep",
    "clock_nanosleep",
    "restart_syscall",
    "sched_yield",
    "membarrier",
    // memory
    "memfd_create",
    "munmap",
    "mremap",
    "madvise",
    "mlock",
    "mlock2",
    "munlock",
    "mincore",
    "brk",
    // time, randomness, who we are
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "time",
    "getrandom",
    "getpid",
    "gettid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getrusage",
    "sysinfo",
    "uname",
    "getcpu",
    "sched_getaffinity",
    "getrlimit",
    "capget",
    // signals to ourselves, the end
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigpending",
    "rt_sigtimedwait",
    "sigaltstack",
    "tgkill",
    "exit",
    "exit_group",
    // threads
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "set_tid_address",
    "arch_prctl",
};

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

// The first failure stays.
// Argument `number`, of `mask`'s bits, is `value`. libseccomp's own macros are C.
scmp_arg_cmp argument_is(unsigned number, scmp_datum_t mask, scmp_datum_t value) {
  return {.arg = number, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

constexpr scmp_datum_t of_32_bits = 0xffff'ffff;
constexpr scmp_datum_t of_64_bits = ~scmp_datum_t{0};

class Rules {
 public:
  explicit Rules(scmp_filter_ctx filter) : filter_(filter) {}

  void allow(const char* name) { add(SCMP_ACT_ALLOW, name); }
  void allow(const char* name, const scmp_arg_cmp& when) { add(SCMP_ACT_ALLOW, name, when); }
  void refuse(const char* name, int error) { add(SCMP_ACT_ERRNO(static_cast<std::uint32_t>(error)), name); }
  [[nodiscard]] int result() const { return result_; }

 private:
  template <typename... Condition>
  void add(std::uint32_t action, const char* name, const Condition&... when) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call < 0) return;
    const int done = seccomp_rule_add(filter_, action, call, sizeof...(when), when...);
    if (result_ == 0) result_ = done;
  }

  scmp_filter_ctx filter_;
  int result_ = 0;
};

void add_rules(Rules& rules) {
  for (const char* name : always) rules.allow(name);
  for (const int family : {AF_UNIX, AF_INET, AF_INET6})
    rules.allow("socket", argument_is(0, of_32_bits, static_cast<scmp_datum_t>(family)));
  rules.allow("socketpair", argument_is(0, of_32_bits, AF_UNIX));
  // No code but what was loaded.
  for (const char* name : {"mmap", "mmap2", "mprotect"}) rules.allow(name, argument_is(2, PROT_EXEC, 0));
  // A thread, never a process. clone3 has its flags in memory, where no filter can look; glibc then takes
  // clone.
  rules.allow("clone", argument_is(0, CLONE_THREAD, CLONE_THREAD));
  rules.refuse("clone3", ENOSYS);
  // prlimit64 reads limits of our own.
  rules.allow("prlimit64", argument_is(2, of_64_bits, 0));
  // Names of threads, and of memory (glibc, malloc).
  for (const int option : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_VMA})
    rules.allow("prctl", argument_is(0, of_32_bits, static_cast<scmp_datum_t>(option)));
  // Terminals: whether one is there (isatty).
  rules.refuse("ioctl", ENOTTY);
}

}  // namespace

bool can_filter_system_calls() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
  return false;
#else
  return true;
#endif
#else
  return true;
#endif
}

Expected<void> filter_system_calls() {
  const auto fail = [](int error) {
    return tl::unexpected(fmt::format("system calls can't be filtered: {}", std::strerror(-error)));
  };
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)), &seccomp_release);
  if (!filter) return fail(-ENOMEM);
  Rules rules(filter.get());
  add_rules(rules);
  if (rules.result() != 0) return fail(rules.result());
  // All threads at once; and the audit log hears of what is refused.
  for (const scmp_filter_attr attribute : {SCMP_FLTATR_CTL_TSYNC, SCMP_FLTATR_CTL_LOG})
    if (const int set = seccomp_attr_set(filter.get(), attribute, 1); set != 0) return fail(set);
  if (const int loaded = seccomp_load(filter.get()); loaded != 0) return fail(loaded);
  return {};
}

}  // namespace espgate::control
