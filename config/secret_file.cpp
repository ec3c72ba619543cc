// SPDX-License-Identifier: Apache-2.0
#include "config/secret_file.h"

#include <cerrno>
#include <cstring>
#include <span>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace espgate::config {
namespace {

constexpr std::size_t first_buffer = 4 << 10;

struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  int number;
};

std::string size_text(std::size_t bytes) {
  return bytes >= (1U << 20) ? fmt::format("{} MiB", bytes >> 20) : fmt::format("{} bytes", bytes);
}

tl::unexpected<std::string> fail(std::string_view what, std::string_view why) {
  return tl::unexpected(fmt::format("{}: {}", what, why));
}

tl::expected<crypto::SecretBytes, std::string> read_all(int descriptor, std::size_t largest) {
  crypto::SecretBytes buffer(first_buffer);
  std::size_t used = 0;
  while (true) {
    if (used == buffer.size()) {
      crypto::SecretBytes larger(2 * buffer.size());
      std::memcpy(larger.data(), buffer.data(), used);
      buffer = std::move(larger);
    }
    const ssize_t got = ::read(descriptor, buffer.data() + used, buffer.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("cannot be read", std::strerror(errno));
    if (got == 0) return crypto::SecretBytes(std::span(buffer.bytes()).first(used));
    used += static_cast<std::size_t>(got);
    if (used > largest) return fail("cannot be read", "larger than " + size_text(largest));
  }
}

tl::expected<SecretFile, std::string> read_file(const std::filesystem::path& path, std::size_t largest,
                                                bool regular_only) {
  // O_NONBLOCK: opening a pipe that nobody writes to would wait.
  const Descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | (regular_only ? O_NONBLOCK : 0)));
  if (opened.number < 0) return fail("cannot be opened", std::strerror(errno));
  struct stat status{};
  if (::fstat(opened.number, &status) != 0) return fail("cannot be read", std::strerror(errno));
  if (regular_only && !S_ISREG(status.st_mode)) return fail("cannot be read", "not a regular file");
  auto content = read_all(opened.number, largest);
  if (!content) return tl::unexpected(std::move(content.error()));
  return SecretFile{std::move(*content), status.st_mode & 07777};
}

}  // namespace

tl::expected<SecretFile, std::string> read_secret_file(const std::filesystem::path& path,
                                                       std::size_t largest) {
  return read_file(path, largest, false);
}

tl::expected<SecretFile, std::string> read_regular_secret_file(const std::filesystem::path& path,
                                                               std::size_t largest) {
  return read_file(path, largest, true);
}

}  // namespace espgate::config
