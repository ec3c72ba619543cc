// SPDX-License-Identifier: Apache-2.0
#include "control/key_log.h"

#include "channel/descriptor.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

namespace espgate::control {

void KeyLog::write(const ike::SaveKey& key) {
  if (folder_.empty()) return;
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST && !failed_) {
    failed_ = true;
    spdlog::error("keys can't be saved: {}: {}", folder_.string(), std::strerror(errno));
    return;
  }
  const bool ike = key.table == ike::SaveKey::Table::ikev1_decryption_table;
  const auto path = folder_ / (ike ? "ikev1_decryption_table" : "esp_sa");
  const channel::Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  const std::string line = key.line + "\n";
  const bool written =
      file.get() >= 0 && ::write(file.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size());
  if (written || failed_) return;
  failed_ = true;
  spdlog::error("keys can't be saved: {}: {}", path.string(), std::strerror(errno));
}

}  // namespace espgate::control
