// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace espgate::service {

// Tells the service manager how this process is: sd_notify(3), one datagram to the unix socket that
// $NOTIFY_SOCKET names. Written out here, as that page suggests, because libsystemd would bring compression
// and cryptography of its own into processes that hold keys. Without a service manager every call does
// nothing. One thread.
class Notifier {
 public:
  // From the environment, which is then cleared of it: no child shall speak for us.
  [[nodiscard]] static Notifier from_environment();
  // `socket`: a path, or "@NAME" in the abstract namespace; empty: nobody listens.
  explicit Notifier(std::string socket);
  Notifier(Notifier&& other) noexcept;
  Notifier& operator=(Notifier&&) = delete;
  ~Notifier();

  // Begun, or done with a reload.
  void ready(std::string_view status);
  // A reload begins; ready() ends it.
  void reloading();
  void stopping(std::string_view status);
  // A line for people in `systemctl status`; sent when it has changed.
  void status(std::string_view text);
  // This process lives.
  void alive();

  [[nodiscard]] bool is_heard() const { return socket_ >= 0; }
  // The watchdog that was asked of this very process: so long after the last alive() it is killed. nullopt:
  // none.
  [[nodiscard]] static std::optional<std::chrono::microseconds> watchdog();

 private:
  void send(const std::string& text);

  std::string address_;
  std::string status_;
  int socket_ = -1;
};

}  // namespace espgate::service
