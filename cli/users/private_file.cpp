// SPDX-License-Identifier: Apache-2.0
#include "cli/users/private_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace espgate::cli {
namespace {

namespace fs = std::filesystem;
using Done = tl::expected<void, std::string>;

constexpr std::size_t largest_file = 64U << 20;

tl::unexpected<std::string> fail(const fs::path& path, std::string_view what, int error) {
  return tl::unexpected(fmt::format("{}: {}: {}", path.string(), what, std::strerror(error)));
}

bool write_all(int descriptor, std::span<const std::byte> content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return ::fsync(descriptor) == 0;
}

// A rename is on the disk when the folder is.
void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

PrivateFile::PrivateFile(PrivateFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      mode_(other.mode_),
      owner_(other.owner_),
      group_(other.group_),
      content_(std::move(other.content_)) {}

PrivateFile::~PrivateFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

// Who had the lock before may have put another file in the place of the one that was opened.
Done PrivateFile::lock() {
  for (unsigned tries = 0; tries < 100; ++tries) {
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor_ < 0) return fail(path_, "cannot be opened", errno);
    struct stat opened{}, named{};
    if (::fstat(descriptor_, &opened) != 0) return fail(path_, "cannot be read", errno);
    if (!S_ISREG(opened.st_mode)) return tl::unexpected(path_.string() + ": is no regular file");
    if (::flock(descriptor_, LOCK_EX) != 0) return fail(path_, "cannot be locked", errno);
    if (::stat(path_.c_str(), &named) == 0 && named.st_ino == opened.st_ino &&
        named.st_dev == opened.st_dev) {
      mode_ = opened.st_mode & 07777;
      owner_ = opened.st_uid;
      group_ = opened.st_gid;
      return {};
    }
    ::close(std::exchange(descriptor_, -1));
  }
  return tl::unexpected(path_.string() + ": changes all the time");
}

tl::expected<PrivateFile, std::string> PrivateFile::open(const fs::path& path, bool may_be_new) {
  PrivateFile file;
  std::error_code error;
  file.path_ = fs::canonical(path, error);
  if (error == std::errc::no_such_file_or_directory && may_be_new && !fs::is_symlink(path)) {
    file.path_ = path;
    return file;
  }
  if (error) return fail(path, "cannot be opened", error.value());
  if (auto locked = file.lock(); !locked) return tl::unexpected(std::move(locked.error()));
  struct stat status{};
  ::fstat(file.descriptor_, &status);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > largest_file) return tl::unexpected(path.string() + ": is larger than any users' file");
  file.content_ = crypto::SecretBytes(size);
  for (std::size_t got = 0; got < size;) {
    const ssize_t more = ::read(file.descriptor_, file.content_.data() + got, size - got);
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) return fail(path, "cannot be read", more == 0 ? EIO : errno);
    got += static_cast<std::size_t>(more);
  }
  return file;
}

Done PrivateFile::replace(std::span<const std::byte> content) {
  std::string temporary = (path_.parent_path() / ("." + path_.filename().string() + ".XXXXXX")).string();
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);  // 0600
  if (descriptor < 0) return fail(path_, "cannot be replaced", errno);
  // The owner first: chown() takes permissions away.
  struct stat made{};
  const bool owned = is_new() ||
                     (::fstat(descriptor, &made) == 0 && made.st_uid == owner_ && made.st_gid == group_) ||
                     ::fchown(descriptor, owner_, group_) == 0;
  const bool whole = owned && ::fchmod(descriptor, mode_) == 0 && write_all(descriptor, content);
  const int why = errno;
  ::close(descriptor);
  const unsigned flags = is_new() ? RENAME_NOREPLACE : 0;
  if (whole && ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path_.c_str(), flags) == 0) {
    sync_folder(path_.parent_path());
    return {};
  }
  const int error = whole ? errno : why;
  ::unlink(temporary.c_str());
  return fail(path_,
              owned ? "cannot be replaced, and is as it was" : "its owner cannot be kept, so it is as it was",
              error);
}

}  // namespace espgate::cli
