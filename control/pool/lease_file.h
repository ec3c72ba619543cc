// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/error.h"
#include "control/pool/address_pool.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

namespace espgate::control {

// The content of a lease file: magic, version, leases, SHA-256 of all before.
[[nodiscard]] std::vector<std::byte> format_leases(std::span<const Lease> leases);
// Error: what is wrong with it.
[[nodiscard]] Expected<std::vector<Lease>> parse_leases(std::span<const std::byte> content);

// The file "leases" in the state directory, so that clients keep their addresses over a restart. It is
// replaced whole. Without fsync(): after a power failure clients may get other addresses, and that is not
// worth holding up the control process.
class LeaseFile {
 public:
  explicit LeaseFile(const std::filesystem::path& state_directory);

  // None if there is no file yet. Error: it can't be read or is damaged, for the log; begin anew.
  [[nodiscard]] Expected<std::vector<Lease>> read() const;
  // Makes the folder (0700) if it is missing. Error: the old file is still there.
  [[nodiscard]] Expected<void> write(std::span<const Lease> leases) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace espgate::control
