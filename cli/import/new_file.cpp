// SPDX-License-Identifier: Apache-2.0
#include "cli/import/new_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace espgate::cli {
namespace {

tl::unexpected<std::string> fail(const std::filesystem::path& path, const std::string& what, int error) {
  return tl::unexpected(path.string() + ": " + what + ": " + std::strerror(error));
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

}  // namespace

tl::expected<void, std::string> write_new_file(const std::filesystem::path& path,
                                               std::span<const std::byte> content, bool replace) {
  // First under a name of its own, so that a full disk leaves an old file as it was.
  std::string temporary = path.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);  // 0600
  if (descriptor < 0) return fail(path, "can't be written", errno);
  const bool whole = write_all(descriptor, content);
  const int why = errno;
  ::close(descriptor);
  const unsigned flags = replace ? 0 : RENAME_NOREPLACE;
  if (whole && ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), flags) == 0) return {};
  const int error = whole ? errno : why;
  ::unlink(temporary.c_str());
  if (error == EEXIST)
    return tl::unexpected(path.string() + ": is there already, and stays as it is; --force replaces it");
  return fail(path, "can't be written", error);
}

}  // namespace espgate::cli
