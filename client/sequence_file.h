// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/error.h"
#include "client/file_descriptor.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace espgate::client {

// Sequence numbers that no run has used, kept in a file so that they outlive this one however it ends. The
// file names the first number that nobody has reserved; a run reserves a block before it sends any number of
// it, so what a crash can cost is numbers, never one of them twice. One process at a time: FILE.lock is
// locked while this lives.
class SequenceFile {
 public:
  static constexpr std::uint64_t block = std::uint64_t{1} << 20;

  // A file that is not there yet starts with 1. Error: another process has it, it can't be read, or it is
  // none of ours.
  static Expected<SequenceFile> open(const std::filesystem::path& path);

  // The first number that is not reserved.
  [[nodiscard]] std::uint64_t next() const { return next_; }
  // Makes every number below `next` ours, on the disk before it returns. Error: the file is as it was.
  [[nodiscard]] Expected<void> write(std::uint64_t next);

 private:
  SequenceFile(std::filesystem::path path, FileDescriptor lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  FileDescriptor lock_;
  std::uint64_t next_ = 1;
};

// The file's one line, "espgate-client sequence 1048577\n", and back. nullopt: it is not that.
[[nodiscard]] std::string sequence_file_text(std::uint64_t next);
[[nodiscard]] std::optional<std::uint64_t> parse_sequence_file(std::string_view text);

}  // namespace espgate::client
