// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/aaa/chap_secrets.h"

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace espgate::control {

// A file of users that may change while we run. One thread.
class UserDatabase {
 public:
  explicit UserDatabase(std::filesystem::path path) : path_(std::move(path)) {}

  // Reads the file, changed or not. Error: it can't be read or is no such file; then the users are those of
  // before, at first none.
  [[nodiscard]] Expected<void> load();
  // Reads it again if it is another than at the last attempt, by time, size and inode. True: there is a new
  // content; pointers that find() gave are void. Error: as of load(), once for every change of the file.
  [[nodiscard]] Expected<bool> reload_if_changed();

  // See UserFile::find(). Valid until the next load.
  [[nodiscard]] const User* find(std::string_view user, std::string_view server = {}) const {
    return users_ ? users_->find(user, server) : nullptr;
  }
  // nullptr: nothing was read yet.
  [[nodiscard]] const UserFile* users() const { return users_ ? &*users_ : nullptr; }
  // Of the file in use: lines that are wrong, and that others may read it.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  // Which file it is, and when it changed: device, inode, size, mtime and ctime. nullopt: it is not there.
  using Stamp = std::optional<std::array<std::int64_t, 7>>;
  [[nodiscard]] static Stamp stamp_of(const std::filesystem::path& path);

  std::filesystem::path path_;
  std::optional<UserFile> users_;
  std::vector<std::string> problems_;
  Stamp seen_;
};

}  // namespace espgate::control
