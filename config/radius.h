// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/location.h"
#include "crypto/secret.h"
#include "wire/ip_address.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace espgate::config {

// [[radius.server]]: asked in the order of the file, the next one when one does not answer.
struct RadiusServer {
  static constexpr std::size_t longest_secret = 255;

  wire::IpAddress address;
  std::uint16_t port = 1812;
  std::uint16_t accounting_port = 1813;
  crypto::SecretBytes secret;         // its characters; not empty once read_config() is through
  std::filesystem::path secret_file;  // where it came from, if not from the configuration itself
  Location where;
};

// [radius]: servers that know users, and write down what they did (RFC 2865, 2866).
struct Radius {
  // What one request may take, when every server leaves every try unanswered.
  [[nodiscard]] unsigned longest_wait_seconds() const {
    return static_cast<unsigned>(servers.size()) * tries * timeout_seconds;
  }

  bool enabled = false;  // whether there is [radius]
  std::vector<RadiusServer> servers;
  unsigned timeout_seconds = 3;                 // for an answer to one try
  unsigned tries = 3;                           // of one server
  unsigned dead_seconds = 60;                   // a server that did not answer is asked last for so long
  bool require_message_authenticator = false;   // of every answer; false: of those of servers that sent one
  std::string nas_identifier = "espgate";       // NAS-Identifier
  std::optional<std::uint32_t> nas_ip_address;  // NAS-IP-Address; none: Config::gateway_address()
  bool accounting = true;                       // whether sessions are reported
  unsigned interim_seconds = 600;  // between reports of a session that goes on, unless the server
                                   // says; 0: none unless it says
  Location where;
};

}  // namespace espgate::config
