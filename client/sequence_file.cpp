// SPDX-License-Identifier: Apache-2.0
#include "client/sequence_file.h"

#include <array>
#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace espgate::client {
namespace {

constexpr std::string_view prefix = "espgate-client sequence ";

// Nobody else may write the file: who sets it back makes numbers repeat.
constexpr mode_t owner_only = 0600;

Expected<FileDescriptor> lock(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, owner_only));
  if (!file.is_open()) return system_failure(path, "open the lock of --sequence-file", errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return system_failure(path, "lock it", errno);
  return fail({.what = "another espgate-client uses this --sequence-file",
               .where = path,
               .hint = "end that one first, or give each peer a file of its own"});
}

Expected<void> write_whole(const std::string& path, std::string_view text) {
  const FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, owner_only));
  if (!file.is_open()) return system_failure(path, "write", errno);
  const ssize_t written = ::write(file.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()))
    return system_failure(path, "write", written < 0 ? errno : ENOSPC);
  if (::fsync(file.get()) != 0) return system_failure(path, "write to the disk", errno);
  return {};
}

// A rename outlives a crash only once its directory is on the disk.
Expected<void> sync_directory(const std::filesystem::path& path) {
  const std::string directory = path.has_parent_path() ? path.parent_path().string() : ".";
  const FileDescriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.is_open() || ::fsync(file.get()) != 0)
    return system_failure(directory, "write to the disk", errno);
  return {};
}

Expected<std::uint64_t> read_next(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) return 1;
    return system_failure(path, "read", errno);
  }
  std::array<char, 64> text{};
  const ssize_t length = ::read(file.get(), text.data(), text.size());
  if (length < 0) return system_failure(path, "read", errno);
  if (const auto next = parse_sequence_file({text.data(), static_cast<std::size_t>(length)})) return *next;
  return fail({.what = "is not what espgate-client writes as --sequence-file",
               .where = path,
               .hint = "name another file; start afresh only with new keys"});
}

}  // namespace

Expected<SequenceFile> SequenceFile::open(const std::filesystem::path& path) {
  auto locked = lock(path.string() + ".lock");
  if (!locked) return fail(std::move(locked.error()));
  SequenceFile file(path, std::move(*locked));
  const auto next = read_next(path.string());
  if (!next) return fail(next.error());
  file.next_ = *next;
  return file;
}

Expected<void> SequenceFile::write(std::uint64_t next) {
  const std::string fresh = path_.string() + ".new";
  if (auto written = write_whole(fresh, sequence_file_text(next)); !written) return written;
  if (::rename(fresh.c_str(), path_.c_str()) != 0) return system_failure(path_.string(), "replace", errno);
  if (auto synced = sync_directory(path_); !synced) return synced;
  next_ = next;
  return {};
}

std::string sequence_file_text(std::uint64_t next) {
  return std::string(prefix) + std::to_string(next) + '\n';
}

std::optional<std::uint64_t> parse_sequence_file(std::string_view text) {
  if (!text.starts_with(prefix) || !text.ends_with('\n')) return std::nullopt;
  const std::string_view digits = text.substr(prefix.size(), text.size() - prefix.size() - 1);
  std::uint64_t next = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), next);
  if (error != std::errc() || end != digits.data() + digits.size() || next == 0) return std::nullopt;
  return next;
}

}  // namespace espgate::client
