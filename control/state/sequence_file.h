// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/descriptor.h"
#include "control/state/sequence_table.h"

#include <filesystem>
#include <optional>

namespace espgate::control {

// The file "sequences" in the state directory: sequence numbers of static peers that outlive both processes.
// It is replaced whole, so that a crash leaves the old or the new one. One process at a time has the folder,
// by a lock that ends with the process.
class SequenceFile {
 public:
  // Makes the folder (0700; its parent must be there) if it is missing. Error: it can't be made or opened, or
  // another process has it.
  [[nodiscard]] static Expected<SequenceFile> open(const std::filesystem::path& state_directory);

  // nullopt: there is no file yet. Error: it can't be read, or is damaged; with the remedy.
  [[nodiscard]] Expected<std::optional<SequenceTable>> read() const;
  // Returns when the disk has it. Error: the old file is still there.
  [[nodiscard]] Expected<void> write(const SequenceTable& table) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  SequenceFile(channel::Descriptor folder, std::filesystem::path path)
      : folder_(std::move(folder)), path_(std::move(path)) {}

  channel::Descriptor folder_;
  std::filesystem::path path_;
};

}  // namespace espgate::control
