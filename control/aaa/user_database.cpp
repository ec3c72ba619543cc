// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/user_database.h"

#include "config/secret_file.h"

#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

namespace espgate::control {
namespace {

constexpr std::size_t largest_file = std::size_t{64} << 20;  // half a million users

}  // namespace

UserDatabase::Stamp UserDatabase::stamp_of(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return {{static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino), status.st_size,
           status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec}};
}

Expected<void> UserDatabase::load() {
  // Before reading: what changes meanwhile is seen the next time.
  seen_ = stamp_of(path_);
  const std::string name = path_.string();
  const std::string_view kept = users_ ? "; the users of before stay" : "; nobody can come in";
  const auto file = config::read_regular_secret_file(path_, largest_file);
  if (!file)
    return tl::unexpected(
        fmt::format("{}: {}{}: [users] file says where it is, in the format of pppd's "
                    "chap-secrets, readable for the user that the control process runs as",
                    name, file.error(), kept));
  const std::string_view text(reinterpret_cast<const char*>(file->content.data()), file->content.size());
  auto users = UserFile::parse(text, name);
  if (!users) return tl::unexpected(users.error() + std::string(kept));
  problems_ = users->problems();
  if ((file->mode & (S_IRWXG | S_IRWXO)) != 0) {
    problems_.push_back(
        fmt::format("{}: holds passwords, and others than its owner may use it (mode {:04o}); "
                    "chmod 600 {}",
                    name, file->mode, name));
  }
  users_ = std::move(*users);
  return {};
}

Expected<bool> UserDatabase::reload_if_changed() {
  if (stamp_of(path_) == seen_) return false;
  if (auto loaded = load(); !loaded) return tl::unexpected(std::move(loaded.error()));
  return true;
}

}  // namespace espgate::control
