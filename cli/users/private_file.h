// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include <sys/types.h>
#include <tl/expected.hpp>

namespace espgate::cli {

// A file with secrets in it that is read, changed and written again by one program at a time: it is locked
// from open() until this goes. Links are followed; what they lead to is replaced.
class PrivateFile {
 public:
  // Error: it can't be read or locked, or is no regular file. `may_be_new`: a file that is not there is an
  // empty one, made by replace().
  [[nodiscard]] static tl::expected<PrivateFile, std::string> open(const std::filesystem::path& path,
                                                                   bool may_be_new = false);
  PrivateFile(PrivateFile&& other) noexcept;
  PrivateFile& operator=(PrivateFile&&) = delete;
  ~PrivateFile();

  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(content_.data()), content_.size()};
  }
  [[nodiscard]] bool is_new() const { return descriptor_ < 0; }
  // Puts a new content in its place, whole or not at all: whoever reads sees the old one or the new. Owner
  // and permissions stay; a new file is its owner's alone (0600). Error: the old one is as it was.
  [[nodiscard]] tl::expected<void, std::string> replace(std::span<const std::byte> content);

 private:
  PrivateFile() = default;
  [[nodiscard]] tl::expected<void, std::string> lock();

  std::filesystem::path path_;  // without links
  int descriptor_ = -1;         // locked; -1: there is no file
  mode_t mode_ = 0600;
  uid_t owner_ = 0;
  gid_t group_ = 0;
  crypto::SecretBytes content_;
};

}  // namespace espgate::cli
