// SPDX-License-Identifier: Apache-2.0
#include "config/config_file.h"

#include "config/device.h"
#include "config/document.h"
#include "config/sections.h"
#include "crypto/secret.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace espgate::config {
namespace {

constexpr std::size_t largest_file = std::size_t{4} << 20;

// Of the file as a whole.
tl::unexpected<Problems> refuse(std::string_view file, std::string what) {
  Problems problems;
  Location where;
  where.file = file;
  problems.error(std::move(where), std::move(what));
  return tl::unexpected(std::move(problems));
}

// A worker on an af_packet device shares the machine with what is behind the device; elsewhere it has its
// core alone.
Idle default_idle(const Config& config) {
  const bool outside = Device(config.outside.device).is_af_packet();
  const bool inside = !config.inside || Device(config.inside->device).is_af_packet();
  return outside && inside ? Idle::adaptive : Idle::poll;
}

// The order of the calls is that of the suggestions when a table's name is misspelt.
void read_tables(Section& root, Config& config) {
  bool idle_given = false;
  auto outside = root.section("outside", "[outside]");
  auto inside = root.section("inside", "[inside]");
  auto routes = root.sections("route");
  if (auto section = root.section("gateway", "[gateway]")) read_gateway(*section, config);
  if (auto section = root.section("clients", "[clients]")) read_clients(*section, config);
  if (auto section = root.section("workers", "[workers]")) read_workers(*section, config, idle_given);
  if (auto section = root.section("memory", "[memory]")) read_memory(*section, config);
  if (auto section = root.section("runtime", "[runtime]")) read_runtime(*section, config);
  root.require("outside", "[outside] is the port that clients reach");
  root.require("clients", "[clients] has the pool of their inner addresses");
  if (outside) read_port(*outside, 0, config.workers.count, config.outside);
  if (inside) read_port(*inside, 1, config.workers.count, config.inside.emplace());
  for (const Section& section : routes) read_route(section, config.routes.emplace_back());
  for (const Section& section : root.sections("static_peer"))
    read_static_peer(section, config.static_peers.emplace_back());
  root.finish();
  if (!idle_given) config.workers.idle = default_idle(config);
}

// A file of at most largest_file bytes, read into secret memory. Error: what the system says.
tl::expected<crypto::SecretBytes, std::string> read_secret_file(int descriptor) {
  crypto::SecretBytes buffer(64 << 10);
  std::size_t used = 0;
  while (true) {
    if (used == buffer.size()) {
      if (used >= largest_file) return tl::unexpected(fmt::format("larger than {} MiB", largest_file >> 20));
      crypto::SecretBytes larger(2 * buffer.size());
      std::memcpy(larger.data(), buffer.data(), used);
      buffer = std::move(larger);
    }
    const ssize_t got = ::read(descriptor, buffer.data() + used, buffer.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected(std::string(std::strerror(errno)));
    if (got == 0) return crypto::SecretBytes(std::span(buffer.bytes()).first(used));
    used += static_cast<std::size_t>(got);
  }
}

struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  int number;
};

bool others_may_read(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && (status.st_mode & S_IROTH) != 0;
}

}  // namespace

Expected<Parsed> parse_config(std::string_view text, std::string_view file_name) {
  if (text.size() > largest_file)
    return refuse(file_name, fmt::format("larger than {} MiB", largest_file >> 20));
  Notes notes{{}, Places(std::string(file_name))};
  auto document = parse_document(text, file_name);
  if (!document) {
    notes.problems.errors.push_back(std::move(document.error()));
    return tl::unexpected(std::move(notes.problems));
  }
  Parsed parsed;
  parsed.config.file = file_name;
  Section root(*document, notes.places.of(""), "", "", notes);
  read_tables(root, parsed.config);
  notes.problems.sort();
  if (!notes.problems.errors.empty()) return tl::unexpected(std::move(notes.problems));
  parsed.places = std::move(notes.places);
  parsed.warnings = std::move(notes.problems.warnings);
  return parsed;
}

Expected<Parsed> read_config(const std::filesystem::path& path) {
  const std::string file = path.string();
  const Descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.number < 0) return refuse(file, fmt::format("cannot be opened: {}", std::strerror(errno)));
  const auto content = read_secret_file(opened.number);
  if (!content) return refuse(file, "cannot be read: " + content.error());
  auto parsed = parse_config({reinterpret_cast<const char*>(content->data()), content->size()}, file);
  if (!parsed || parsed->config.static_peers.empty() || !others_may_read(opened.number)) return parsed;
  Problem& warning = parsed->warnings.emplace_back();
  warning.where.file = file;
  warning.what = "holds keys, and every user of this host may read it";
  warning.hint = "chmod o-rwx " + file;
  return parsed;
}

}  // namespace espgate::config
