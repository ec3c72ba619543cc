// SPDX-License-Identifier: Apache-2.0
#include "control/state/sequence_file.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace espgate::control {
namespace {

using channel::Descriptor;

constexpr const char* file_name = "sequences";
constexpr const char* new_file_name = "sequences.new";
constexpr std::size_t most_bytes = std::size_t{64} << 20;

tl::unexpected<std::string> system_error(const std::filesystem::path& path, std::string_view what,
                                         std::string_view remedy) {
  return tl::unexpected(fmt::format("{}: {}: {}; {}", path.string(), what, std::strerror(errno), remedy));
}

bool read_all(int descriptor, std::vector<std::byte>& into) {
  std::array<std::byte, 65536> chunk;
  while (into.size() <= most_bytes) {
    const ssize_t got = ::read(descriptor, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    into.insert(into.end(), chunk.begin(), chunk.begin() + got);
  }
  errno = EFBIG;
  return false;
}

bool write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace

Expected<SequenceFile> SequenceFile::open(const std::filesystem::path& state_directory) {
  constexpr std::string_view remedy = "make it a folder of this user, or set another runtime.state_directory";
  if (::mkdir(state_directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error(state_directory, "can't be made", remedy);
  }
  Descriptor folder(::open(state_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return system_error(state_directory, "can't be opened", remedy);
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) {
    return tl::unexpected(
        fmt::format("{}: another control process uses it, and two would send the same sequence "
                    "numbers; stop that one, or set another runtime.state_directory",
                    state_directory.string()));
  }
  return SequenceFile(std::move(folder), state_directory / file_name);
}

Expected<std::optional<SequenceTable>> SequenceFile::read() const {
  const Descriptor file(::openat(folder_.get(), file_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file && errno == ENOENT) return std::nullopt;
  std::vector<std::byte> content;
  if (!file || !read_all(file.get(), content)) {
    return system_error(path_, "can't be read",
                        "static peers do not start before it can: their sequence numbers must not repeat");
  }
  auto table = parse_sequence_file(content);
  if (table) return std::move(*table);
  return tl::unexpected(fmt::format(
      "{} {}; static peers do not start, because their sequence numbers might repeat: bring the file back "
      "from a copy that is not older than the last restart, or remove it and give every static peer new keys",
      path_.string(), table.error()));
}

Expected<void> SequenceFile::write(const SequenceTable& table) const {
  constexpr std::string_view remedy =
      "static peers stop when the numbers that are reserved are used up: make it "
      "writable, and free some space";
  Descriptor file(
      ::openat(folder_.get(), new_file_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || !write_all(file.get(), format_sequence_file(table)) || ::fsync(file.get()) != 0 ||
      ::renameat(folder_.get(), new_file_name, folder_.get(), file_name) != 0 ||
      ::fsync(folder_.get()) != 0) {
    return system_error(path_, "can't be written", remedy);
  }
  return {};
}

}  // namespace espgate::control
