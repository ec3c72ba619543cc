// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/dial/dial.h"
#include "client/endpoint.h"
#include "client/error.h"
#include "wire/ipv4_prefix.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace espgate::client::dial {

// As they stand on the command line; read_settings() and the like make sense of them.
struct DialOptions {
  std::string server, psk_file;
  std::string user, password_file;
  std::vector<std::string> ike_proposals, esp_proposals, methods;
  std::string resolv_conf;
  std::uint32_t rekey_seconds = 0, reauthenticate_seconds = 0;
  std::uint32_t hello_seconds = 60;
  std::uint16_t outer_mtu = 1500;
  // Many at once.
  std::uint32_t count = 0;  // 0: one, with a TUN device
  std::string users;
  bool reuse_users = false, share_dh = false, redial = false;
  double rate = 0;  // a second; 0: as fast as at_once lets them
  std::uint32_t at_once = 32;
  std::string source_network, ping;
  std::optional<std::uint32_t> hold_seconds;
};

// Declares the options, in groups of their own.
void add_dial_options(CLI::App& app, DialOptions& options);

// The first line of a file, without its end. Error: no such file, empty.
[[nodiscard]] Expected<crypto::SecretBytes> read_secret(const std::string& option, const std::string& path);
// Reads the pre-shared key too. Error: usage, or a file that can't be read.
[[nodiscard]] Expected<Settings> read_settings(const DialOptions& options);
[[nodiscard]] Expected<std::uint32_t> read_address(const std::string& option, const std::string& text);

// "user password" a line, or pppd's chap-secrets. Error: none in it, or lines that are neither.
[[nodiscard]] Expected<std::vector<ppp::Credentials>> read_users(const std::string& path);
[[nodiscard]] Expected<std::vector<ppp::Credentials>> parse_users(std::string_view text,
                                                                  const std::string& name);

}  // namespace espgate::client::dial
