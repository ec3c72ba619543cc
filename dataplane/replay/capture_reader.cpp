// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/capture_reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <pcap/pcap.h>
#include <sys/stat.h>
#include <unistd.h>

namespace espgate::replay {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

tl::unexpected<Error> input_error(std::string_view name, std::string what, std::string hint) {
  return fail({std::move(what), std::string(name), std::move(hint), ErrorKind::input});
}

Expected<File> open_file(const std::string& path) {
  if (path == "-") {
    const int descriptor = ::dup(STDIN_FILENO);
    File file(descriptor < 0 ? nullptr : ::fdopen(descriptor, "rb"));
    if (file == nullptr) {
      return input_error("standard input", fmt::format("can't be read: {}", std::strerror(errno)), {});
    }
    return file;
  }
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return input_error(path, "is a directory", "name a capture file in it");
  }
  File file(std::fopen(path.c_str(), "rbe"));
  if (file == nullptr) {
    const int reason = errno;
    return input_error(path, fmt::format("can't be opened: {}", std::strerror(reason)),
                       reason == ENOENT ? "give the path of a capture, or - for standard input" : "");
  }
  return file;
}

// The first four bytes of a capture, in whatever byte order it was written.
enum class Magic : std::uint8_t { pcap, pcap_nanoseconds, pcapng, compressed, unknown };

Magic classify(const std::array<unsigned char, 4>& bytes) {
  const auto is = [&](std::uint32_t magic) {
    const std::array<unsigned char, 4> big = {
        static_cast<unsigned char>(magic >> 24), static_cast<unsigned char>(magic >> 16),
        static_cast<unsigned char>(magic >> 8), static_cast<unsigned char>(magic)};
    return bytes == big || std::equal(bytes.begin(), bytes.end(), big.rbegin());
  };
  if (is(0xa1b2c3d4) || is(0xa1b2cd34))
    return Magic::pcap;  // the second: Kuznetzov's, with a longer record header
  if (is(0xa1b23c4d)) return Magic::pcap_nanoseconds;
  if (is(0x0a0d0d0a)) return Magic::pcapng;
  const bool gzip = bytes[0] == 0x1f && bytes[1] == 0x8b;
  if (gzip || is(0xfd2fb528) || is(0x184d2204)) return Magic::compressed;  // gzip, zstd, lz4
  return Magic::unknown;
}

// Looks at the start of `file` without taking it away from libpcap. A pipe can't be rewound, so the bytes go
// back one by one; glibc takes back any number that it has just handed out.
Expected<Magic> peek(std::FILE* file, std::string_view name) {
  std::array<unsigned char, 4> bytes = {};
  errno = 0;
  const std::size_t got = std::fread(bytes.data(), 1, bytes.size(), file);
  if (std::ferror(file) != 0) {
    return input_error(name, fmt::format("can't be read: {}", std::strerror(errno)), {});
  }
  if (got == 0)
    return input_error(name, "is empty", "a capture has at least a file header: was it written to the end?");
  for (std::size_t i = got; i > 0; --i) {
    if (std::ungetc(bytes[i - 1], file) == EOF) return input_error(name, "can't be looked into", {});
  }
  return classify(bytes);
}

}  // namespace

void CaptureReader::Close::operator()(pcap* handle) const { pcap_close(handle); }

Expected<CaptureReader> CaptureReader::open(const std::string& path) {
  auto file = open_file(path);
  if (!file) return fail(file.error());
  // NOLINTNEXTLINE(clang-analyzer-unix.Stream): from_file() owns the stream now
  return from_file(file->release(), path == "-" ? "standard input" : path);
}

Expected<CaptureReader> CaptureReader::from_file(std::FILE* stream, std::string name) {
  File file(stream);
  const auto magic = peek(file.get(), name);
  if (!magic) return fail(magic.error());
  if (*magic == Magic::compressed)
    return input_error(name, "is compressed", "decompress it first, or pipe it into -");
  if (*magic == Magic::unknown) {
    return input_error(name, "is not a capture: it starts with neither pcap's nor pcapng's magic number",
                       "other formats can be converted with: editcap -F pcapng FILE OUT");
  }

  std::array<char, PCAP_ERRBUF_SIZE> reason = {};
  pcap_t* handle =
      pcap_fopen_offline_with_tstamp_precision(file.get(), PCAP_TSTAMP_PRECISION_NANO, reason.data());
  if (handle == nullptr) {
    return input_error(name, fmt::format("has a file header that can't be read: {}", reason.data()), {});
  }
  std::unique_ptr<pcap, Close> owned(handle);
  [[maybe_unused]] std::FILE* closed_with_handle = file.release();
  auto link_layer = LinkLayer::for_link_type(pcap_datalink(handle));
  if (!link_layer) {
    link_layer.error().where = name;
    return fail(link_layer.error());
  }
  return CaptureReader(std::move(owned), *link_layer, *magic != Magic::pcap, std::move(name));
}

int CaptureReader::link_type() const { return pcap_datalink(handle_.get()); }

Expected<std::optional<Frame>> CaptureReader::next() {
  if (ended_) return std::nullopt;
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  const int result = pcap_next_ex(handle_.get(), &header, &data);
  if (result == 1) {
    ++frames_read_;
    // tv_usec holds nanoseconds: that precision was asked for. A damaged header may hold anything.
    const auto seconds = static_cast<std::uint64_t>(header->ts.tv_sec);
    const auto fraction = static_cast<std::uint64_t>(std::max<long>(header->ts.tv_usec, 0));
    return Frame{seconds * 1'000'000'000 + fraction,
                 {reinterpret_cast<const std::byte*>(data), header->caplen},
                 std::max(header->len, header->caplen)};
  }
  ended_ = true;
  if (result == PCAP_ERROR_BREAK) return std::nullopt;  // how libpcap says "end of file"
  return input_error(name_,
                     fmt::format("breaks off after packet {}: {}", frames_read_, pcap_geterr(handle_.get())),
                     frames_read_ == 0 ? "" : "the packets up to there are whole");
}

}  // namespace espgate::replay
