// SPDX-License-Identifier: Apache-2.0
#include "control/pool/lease_file.h"

#include "channel/descriptor.h"
#include "control/state/encoding.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace espgate::control {
namespace {

using channel::Descriptor;

constexpr std::uint64_t file_magic = 0x0a61'656c'6770'7365;  // "espglea\n"
constexpr std::uint32_t file_version = 1;
constexpr std::size_t preamble_bytes = sizeof file_magic + sizeof file_version;
constexpr std::size_t digest_bytes = std::tuple_size_v<Digest>;
constexpr std::size_t most_bytes = std::size_t{256} << 20;

tl::unexpected<std::string> fail(std::string_view what) { return tl::unexpected(std::string(what)); }

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

std::vector<std::byte> format_leases(std::span<const Lease> leases) {
  Encoder encoder;
  encoder.number(file_magic);
  encoder.number(file_version);
  encoder.number(static_cast<std::uint32_t>(leases.size()));
  for (const Lease& lease : leases) {
    encoder.number(lease.address);
    encoder.text(lease.user);
  }
  const Digest sum = digest({encoder.result()});
  encoder.bytes(sum);
  return encoder.result();
}

Expected<std::vector<Lease>> parse_leases(std::span<const std::byte> content) {
  if (content.size() < preamble_bytes + digest_bytes)
    return fail(fmt::format("is cut off after {} bytes", content.size()));
  Decoder whole(content);
  if (whole.number<std::uint64_t>() != file_magic) return fail("is no file of leases");
  if (const auto version = whole.number<std::uint32_t>(); version != file_version)
    return fail(fmt::format("has version {}, and this program knows {}", version, file_version));
  const auto body = content.first(content.size() - digest_bytes);
  Decoder trailer(content.last(digest_bytes));
  if (digest({body}) != trailer.array<digest_bytes>())
    return fail("is cut off or damaged: its checksum is wrong");
  Decoder decoder(body.subspan(preamble_bytes));
  std::vector<Lease> leases;
  const auto count = decoder.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && decoder.ok(); ++i) {
    Lease& lease = leases.emplace_back();
    lease.address = decoder.number<std::uint32_t>();
    lease.user = decoder.text();
  }
  if (!decoder.complete()) return fail("is damaged: its length is wrong");
  return leases;
}

LeaseFile::LeaseFile(const std::filesystem::path& state_directory) : path_(state_directory / "leases") {}

Expected<std::vector<Lease>> LeaseFile::read() const {
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file && errno == ENOENT) return std::vector<Lease>();
  std::vector<std::byte> content;
  if (!file || !read_all(file.get(), content)) {
    return fail(fmt::format("{}: can't be read: {}; clients may get other addresses than before",
                            path_.string(), std::strerror(errno)));
  }
  auto leases = parse_leases(content);
  if (leases) return leases;
  return fail(fmt::format("{} {}; it is begun anew, and clients may get other addresses than before",
                          path_.string(), leases.error()));
}

Expected<void> LeaseFile::write(std::span<const Lease> leases) const {
  const std::filesystem::path fresh = path_.string() + ".new";
  const bool is_folder = ::mkdir(path_.parent_path().c_str(), 0700) == 0 || errno == EEXIST;
  const Descriptor file(
      is_folder ? ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600) : -1);
  if (file && write_all(file.get(), format_leases(leases)) && ::rename(fresh.c_str(), path_.c_str()) == 0)
    return {};
  return fail(
      fmt::format("{}: can't be written: {}; after a restart clients may get other addresses: make it "
                  "writable, and free some space",
                  path_.string(), std::strerror(errno)));
}

}  // namespace espgate::control
