// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

namespace espgate::cli {

// What all commands about a gateway that runs have in common: where its sockets are.
struct GatewayOptions {
  std::string configuration;
  std::string runtime_directory;
  bool json = false;
};
void add_gateway_options(CLI::App& command, GatewayOptions& options);

// Asks a gateway's two processes. Blocking; errors are one line for people, with what to do.
class GatewayClient {
 public:
  // Finds the sockets' folder: the option, else the configuration's, else /run/espgate.
  [[nodiscard]] static tl::expected<GatewayClient, std::string> find(const GatewayOptions& options);
  explicit GatewayClient(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // One request to the data plane; where the answer comes in pages, all of them as one.
  [[nodiscard]] tl::expected<nlohmann::json, std::string> ask(nlohmann::json request) const;
  // nullopt: control does not run, or does not know the command.
  [[nodiscard]] std::optional<nlohmann::json> ask_control(const nlohmann::json& request) const;
  // The same where there is no answer without control: says why there is none. Pages as one, too.
  [[nodiscard]] tl::expected<nlohmann::json, std::string> require_control(
      const nlohmann::json& request) const;

  [[nodiscard]] std::filesystem::path dataplane_socket() const { return directory_ / "dataplane.sock"; }
  [[nodiscard]] std::filesystem::path control_socket() const { return directory_ / "control.sock"; }

 private:
  std::filesystem::path directory_;
};

// Every peer that control wants, as it tells of them; empty without control.
[[nodiscard]] nlohmann::json control_peers(const GatewayClient& client);
// What control calls each peer, by number; empty without control.
using PeerNames = std::map<std::uint32_t, std::string>;
[[nodiscard]] PeerNames peer_names(const GatewayClient& client);
// Written into rows that have a "peer" number.
void add_names(const PeerNames& names, nlohmann::json& rows);
// The number of a peer that is given by number or by name. Error: nobody is called so.
[[nodiscard]] tl::expected<std::uint32_t, std::string> find_peer(const GatewayClient& client,
                                                                 const std::string& number_or_name);

// One JSON value for programs, with a newline behind it.
[[nodiscard]] std::string json_text(const nlohmann::json& value);

}  // namespace espgate::cli
