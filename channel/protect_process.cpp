// SPDX-License-Identifier: Apache-2.0
#include "channel/protect_process.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace espgate::channel {

void protect_process() {
  const rlimit none = {0, 0};
  (void)::setrlimit(RLIMIT_CORE, &none);
  (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

Expected<void> make_runtime_directory(const std::filesystem::path& directory, std::optional<uid_t> owner) {
  const bool made = ::mkdir(directory.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) {
    return tl::unexpected(fmt::format("can't make {}: {}; make its parent, or set another runtime_directory",
                                      directory.string(), std::strerror(errno)));
  }
  // Only root may give it away; anybody else needs it to be there already.
  if (made && owner && ::geteuid() == 0 && ::chown(directory.c_str(), *owner, static_cast<gid_t>(-1)) != 0) {
    return tl::unexpected(
        fmt::format("can't give {} to user {}: {}", directory.string(), *owner, std::strerror(errno)));
  }
  struct stat status = {};
  if (::lstat(directory.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return tl::unexpected(
        fmt::format("{} is not a folder; set another runtime_directory", directory.string()));
  }
  if (status.st_uid != ::geteuid() && ::geteuid() != 0) {
    return tl::unexpected(
        fmt::format("{} belongs to user {}, this is user {}; give it to this user, or set another "
                    "runtime_directory",
                    directory.string(), status.st_uid, ::geteuid()));
  }
  // Not narrowed here: it may be shared with others on purpose, like /tmp. Sockets in it are 0600 in any
  // case.
  if ((status.st_mode & 022) != 0) {
    return tl::unexpected(
        fmt::format("others may write to {} (mode {:o}), and so put sockets of their own in place of "
                    "ours; chmod it to 700, or set another runtime_directory",
                    directory.string(), status.st_mode & 07777));
  }
  return {};
}

}  // namespace espgate::channel
