// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <sys/types.h>

namespace espgate::control::radius {

// A FreeRADIUS with users and a detail file of its own, on the loopback interface. It insists on
// Message-Authenticator.
class FreeRadiusServer {
 public:
  static constexpr std::uint16_t port = 1812;
  static constexpr std::uint16_t accounting_port = 1813;

  // Returns when the server is ready. Throws std::runtime_error with what it said.
  FreeRadiusServer(const std::string& secret, const std::string& users);
  ~FreeRadiusServer();
  FreeRadiusServer(const FreeRadiusServer&) = delete;
  FreeRadiusServer& operator=(const FreeRadiusServer&) = delete;

  // What it was told by accounting, as its detail module writes it down.
  [[nodiscard]] std::string detail() const;

 private:
  std::filesystem::path folder_;
  pid_t process_ = -1;
};

}  // namespace espgate::control::radius
