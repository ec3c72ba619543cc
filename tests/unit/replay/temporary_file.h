// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <unistd.h>

namespace espgate::replay {

// A path of its own for one test, gone at its end.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view suffix = "") {
    static int count = 0;
    path_ =
        testing::TempDir() + "espgate-replay-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
    path_ += suffix;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  void write(std::string_view content) const {
    std::ofstream(path_, std::ios::binary)
        .write(content.data(), static_cast<std::streamsize>(content.size()));
  }
  [[nodiscard]] std::string read() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::string path_;
};

inline std::string capture_path(std::string_view session, std::string_view file) {
  return std::string(ESPGATE_SOURCE_DIR "/tests/captures/").append(session).append("/").append(file);
}

}  // namespace espgate::replay
