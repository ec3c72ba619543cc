// SPDX-License-Identifier: Apache-2.0
#include "cli/gateway_client.h"

#include "channel/json_socket.h"
#include "config/load.h"

#include <charconv>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

constexpr const char* default_directory = "/run/espgate";

// The members of the next page's lists behind those of `all`.
void append_page(json& all, json& page) {
  for (auto& [name, value] : page.items()) {
    if (!value.is_array() || name == "defaults") continue;
    for (json& row : value) all[name].push_back(std::move(row));
  }
}

tl::expected<json, std::string> ask_pages(const std::filesystem::path& socket, json request) {
  auto connection = channel::JsonClient::connect(socket);
  if (!connection) return tl::unexpected(connection.error());
  auto all = connection->ask(request);
  while (all && all->contains("next")) {
    request["after"] = all->at("next");
    all->erase("next");
    auto page = connection->ask(request);
    if (!page) return page;
    append_page(*all, *page);
    if (page->contains("next")) (*all)["next"] = page->at("next");
  }
  return all;
}

}  // namespace

void add_gateway_options(CLI::App& command, GatewayOptions& options) {
  command.add_option("-c,--config", options.configuration,
                     "the gateway's configuration, to find its sockets");
  command.add_option("--runtime-directory", options.runtime_directory,
                     fmt::format("where its sockets are (default {})", default_directory));
  command.add_flag("--json", options.json, "print JSON, for programs");
}

tl::expected<GatewayClient, std::string> GatewayClient::find(const GatewayOptions& options) {
  if (!options.runtime_directory.empty()) return GatewayClient(options.runtime_directory);
  if (options.configuration.empty()) return GatewayClient(default_directory);
  const auto loaded = config::load(options.configuration);
  if (!loaded) return tl::unexpected(loaded.error().to_string() + options.configuration + ": can't be used");
  return GatewayClient(loaded->config.runtime_directory);
}

tl::expected<json, std::string> GatewayClient::ask(json request) const {
  return ask_pages(dataplane_socket(), std::move(request));
}

std::optional<json> GatewayClient::ask_control(const json& request) const {
  auto connection = channel::JsonClient::connect(control_socket());
  if (!connection) return std::nullopt;
  auto answer = connection->ask(request, std::chrono::seconds(2));
  if (!answer) return std::nullopt;
  return std::move(*answer);
}

tl::expected<json, std::string> GatewayClient::require_control(const json& request) const {
  return ask_pages(control_socket(), request);
}

json control_peers(const GatewayClient& client) {
  const auto answer = client.ask_control({{"command", "peer"}});
  if (!answer || !answer->contains("peers") || !answer->at("peers").is_array()) return json::array();
  return answer->at("peers");
}

PeerNames peer_names(const GatewayClient& client) {
  PeerNames names;
  for (const json& peer : control_peers(client))
    if (const auto id = peer.value("peer_id", 0U); id != 0) names[id] = peer.value("name", "");
  return names;
}

void add_names(const PeerNames& names, json& rows) {
  for (json& row : rows)
    if (const auto at = names.find(row.at("peer").get<std::uint32_t>()); at != names.end())
      row["name"] = at->second;
}

tl::expected<std::uint32_t, std::string> find_peer(const GatewayClient& client,
                                                   const std::string& number_or_name) {
  std::uint32_t number = 0;
  const char* end = number_or_name.data() + number_or_name.size();
  const auto [at, error] = std::from_chars(number_or_name.data(), end, number);
  if (error == std::errc() && at == end && number != 0) return number;
  for (const auto& [id, name] : peer_names(client))
    if (name == number_or_name) return id;
  return tl::unexpected(fmt::format("no peer is called \"{}\"; espgate peer lists them", number_or_name));
}

std::string json_text(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

}  // namespace espgate::cli
