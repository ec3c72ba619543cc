// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file.h"

#include "dataplane/replay/key_file_formats.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace espgate::replay {
namespace {

// A file far beyond this is no key file (10 000 SAs take 3 MB); a mistaken device or capture is not read to
// its end.
constexpr std::size_t max_file_bytes = std::size_t{256} << 20;

// Closes a descriptor; unlike stdio it keeps no buffer that keys would stay in.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  [[nodiscard]] int get() const { return number_; }
  bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

std::string display_name(const std::string& path, std::string_view standard_stream) {
  return path == "-" ? std::string(standard_stream) : path;
}

tl::unexpected<Error> system_error(std::string_view name, std::string_view what, int reason, ErrorKind kind) {
  return fail({fmt::format("{}: {}", what, std::strerror(reason)), std::string(name), {}, kind});
}

Expected<SecretText> read_all(int descriptor, std::string_view name) {
  SecretText text;
  crypto::SecretBytes chunk(std::size_t{1} << 16);
  while (true) {
    const ssize_t got = ::read(descriptor, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(name, "can't be read", errno, ErrorKind::input);
    if (got == 0) return text;
    text.append({reinterpret_cast<const char*>(chunk.data()), static_cast<std::size_t>(got)});
    if (text.view().size() > max_file_bytes) {
      return fail({"is too large for a key file", std::string(name), {}, ErrorKind::input});
    }
  }
}

Expected<void> write_all(int descriptor, std::span<const std::byte> bytes, std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error(name, "can't be written", errno, ErrorKind::output);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

// SAs are told apart by destination and SPI (RFC 4301 §4.1). Order is that of the SAs that stay.
void drop_duplicates(std::vector<SaKeys>& sas, bool first_counts) {
  if (!first_counts) std::ranges::reverse(sas);
  std::map<std::pair<wire::IpAddress, std::uint32_t>, bool> seen;
  std::erase_if(sas,
                [&](const SaKeys& sa) { return !seen.try_emplace({sa.destination, sa.spi}, true).second; });
  if (!first_counts) std::ranges::reverse(sas);
}

// Wireshark's table starts with a quoted field, or with the comment that Wireshark puts in front of it. A
// comment may also open a file of ip commands, so the first line that is none decides.
char first_character(std::string_view text) {
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (!text.starts_with('#')) break;
    text.remove_prefix(std::min(text.find('\n'), text.size()));
  }
  return text.empty() ? '\0' : text[0];
}

constexpr std::array<std::pair<std::string_view, KeyFormat>, 4> format_names = {
    {{"xfrm", KeyFormat::xfrm},
     {"ip_batch", KeyFormat::ip_batch},
     {"esp_sa", KeyFormat::esp_sa},
     {"json", KeyFormat::json}}};

}  // namespace

Expected<std::vector<SaKeys>> read_keys(std::string_view text, std::string_view name) {
  if (text.starts_with("\xef\xbb\xbf"))
    text.remove_prefix(3);  // a byte order mark, as Windows editors leave it
  const char first = first_character(text);
  if (first == '\0') return std::vector<SaKeys>();  // what `ip xfrm state` prints where there is no SA
  const KeyText file(text, name);
  const bool table = first == '"';
  auto sas = first == '{' || first == '[' ? read_json(file) : table ? read_esp_sa(file) : read_xfrm(file);
  if (sas) drop_duplicates(*sas, table);
  return sas;
}

Expected<std::vector<SaKeys>> read_key_file(const std::string& path) {
  const std::string name = display_name(path, "standard input");
  const Descriptor file(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return system_error(name, "can't be opened", errno, ErrorKind::input);
  const auto text = read_all(file.get(), name);
  if (!text) return fail(text.error());
  return read_keys(text->view(), name);
}

crypto::SecretBytes format_keys(KeyFormat format, std::span<const SaKeys> sas) {
  SecretText text;
  switch (format) {
    case KeyFormat::xfrm:
      write_xfrm(text, sas);
      break;
    case KeyFormat::ip_batch:
      write_ip_batch(text, sas);
      break;
    case KeyFormat::esp_sa:
      write_esp_sa(text, sas);
      break;
    case KeyFormat::json:
      write_json(text, sas);
      break;
  }
  return text.take();
}

Expected<void> write_key_file(const std::string& path, KeyFormat format, std::span<const SaKeys> sas) {
  const std::string name = display_name(path, "standard output");
  Descriptor file(path == "-" ? ::dup(STDOUT_FILENO)
                              : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.get() < 0) return system_error(name, "can't be created", errno, ErrorKind::output);
  // A file that was there keeps its mode at open(): narrow it before the keys are in.
  struct stat status = {};
  if (path != "-" && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
      ::fchmod(file.get(), 0600) != 0) {
    return system_error(name, "can't be made private", errno, ErrorKind::output);
  }
  const crypto::SecretBytes text = format_keys(format, sas);
  if (auto done = write_all(file.get(), text.bytes(), name); !done) return done;
  if (!file.close()) return system_error(name, "can't be written", errno, ErrorKind::output);
  return {};
}

Expected<KeyFormat> parse_key_format(std::string_view text) {
  for (const auto& [name, format] : format_names) {
    if (name == text) return format;
  }
  return fail({fmt::format("unknown key format {}", shown(text)),
               {},
               "formats: xfrm, ip_batch, esp_sa, json",
               ErrorKind::usage});
}

}  // namespace espgate::replay
