// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/actions.h"

#include <filesystem>

namespace espgate::control {

// Appends keys to Wireshark's tables, in labs only: "ikev1_decryption_table" and "esp_sa" in a folder that is
// readable by nobody else. Errors are logged once.
class KeyLog {
 public:
  // Empty: nothing is written.
  explicit KeyLog(std::filesystem::path folder) : folder_(std::move(folder)) {}
  void write(const ike::SaveKey& key);
  [[nodiscard]] bool is_on() const { return !folder_.empty(); }

 private:
  std::filesystem::path folder_;
  bool failed_ = false;
};

}  // namespace espgate::control
