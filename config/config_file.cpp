// SPDX-License-Identifier: Apache-2.0
#include "config/config_file.h"

#include "config/device.h"
#include "config/document.h"
#include "config/preshared_key.h"
#include "config/radius_secret.h"
#include "config/secret_file.h"
#include "config/sections.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

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
  if (auto section = root.section("ike", "[ike]")) read_ike(*section, config.ike);
  for (const Section& section : root.sections("pool")) read_pool(section, config.pools.emplace_back());
  if (auto section = root.section("l2tp", "[l2tp]")) read_l2tp(*section, config.l2tp);
  if (auto section = root.section("ppp", "[ppp]")) read_ppp(*section, config.ppp);
  if (auto section = root.section("users", "[users]"))
    read_users(*section, config.users, std::filesystem::path(config.file).parent_path());
  for (const Section& section : root.sections("group"))
    read_group(section, config.users, config.groups.emplace_back());
  if (auto section = root.section("radius", "[radius]")) read_radius(*section, config.radius);
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

// Reads what [[ike.psk]] and [[radius.server]] keep in files of their own.
void read_secret_files(Config& config, Problems& problems) {
  for (RadiusServer& server : config.radius.servers) {
    if (server.secret_file.empty()) continue;
    auto read = read_radius_secret_file(server.secret_file);
    if (read) server.secret = std::move(*read);
    if (!read)
      problems.errors.push_back({server.where, std::move(read.error().what), std::move(read.error().hint)});
  }
  for (Psk& psk : config.ike.psks) {
    if (psk.file.empty()) continue;
    auto read = read_preshared_key_file(psk.file);
    if (read) psk.key = std::move(*read);
    if (!read)
      problems.errors.push_back({psk.where, std::move(read.error().what), std::move(read.error().hint)});
  }
}

bool holds_keys(const Config& config) {
  return !config.static_peers.empty() || !config.l2tp.secret.empty() ||
         std::ranges::any_of(config.radius.servers,
                             [](const RadiusServer& server) { return server.secret_file.empty(); }) ||
         std::ranges::any_of(config.ike.psks, [](const Psk& psk) { return psk.file.empty(); });
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
  const auto read = read_secret_file(path, largest_file);
  if (!read) return refuse(file, read.error());
  const crypto::SecretBytes& content = read->content;
  auto parsed = parse_config({reinterpret_cast<const char*>(content.data()), content.size()}, file);
  if (!parsed) return parsed;
  Problems unread;
  read_secret_files(parsed->config, unread);
  if (!unread.errors.empty()) return tl::unexpected(std::move(unread));
  if (!holds_keys(parsed->config) || (read->mode & S_IROTH) == 0) return parsed;
  Problem& warning = parsed->warnings.emplace_back();
  warning.where.file = file;
  warning.what = "holds keys, and every user of this host may read it";
  warning.hint = "chmod o-rwx " + file;
  return parsed;
}

}  // namespace espgate::config
