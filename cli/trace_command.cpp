// SPDX-License-Identifier: Apache-2.0
// espgate trace: the next packets of a client, an SA or an address, stage by stage.
#include "channel/json_socket.h"
#include "cli/command.h"
#include "cli/gateway_client.h"
#include "cli/interrupt.h"
#include "cli/trace/trace_text.h"
#include "wire/ip_address.h"

#include <memory>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

struct TraceOptions {
  GatewayOptions gateway;
  unsigned count = 1;
  std::string peer;
  std::string inner;
  std::string spi;
  double seconds = 0;
};

tl::expected<json, std::string> request_of(const TraceOptions& options, const GatewayClient& client) {
  json request = {{"command", "trace"}, {"count", options.count}};
  if (!options.inner.empty()) request["inner"] = options.inner;
  if (!options.spi.empty()) request["spi"] = options.spi;
  if (options.peer.empty()) return request;
  if (wire::IpAddress::from_string(options.peer)) {
    request["outer"] = options.peer;
    return request;
  }
  const auto peer = find_peer(client, options.peer);
  if (!peer) return tl::unexpected(peer.error());
  request["peer"] = *peer;
  return request;
}

void print(const TraceOptions& options, const PeerNames& names, json trace, std::uint64_t number,
           const Output& output) {
  if (trace.contains("peer")) {
    json rows = json::array({std::move(trace)});
    add_names(names, rows);
    trace = std::move(rows.front());
  }
  if (options.gateway.json)
    output.out << trace.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
  else
    output.out << trace_text(trace, number);
  output.out.flush();
}

// Error: the gateway is not there, or does not know what is asked.
tl::expected<std::uint64_t, std::string> trace(const TraceOptions& options, const Output& output) {
  const auto client = GatewayClient::find(options.gateway);
  if (!client) return tl::unexpected(client.error());
  const auto request = request_of(options, *client);
  if (!request) return tl::unexpected(request.error());
  auto connection = channel::JsonClient::connect(client->dataplane_socket());
  if (!connection) return tl::unexpected(connection.error());
  const auto answer = connection->ask(*request);
  if (!answer) return tl::unexpected(answer.error());

  const PeerNames names = peer_names(*client);
  const Interrupt interrupt;
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t printed = 0;
  while (!interrupt.happened()) {
    auto line = connection->next(std::chrono::seconds(15));
    if (!line) return tl::unexpected(line.error());
    if (line->contains("trace")) print(options, names, std::move(line->at("trace")), ++printed, output);
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began;
    if (line->contains("end") || (options.seconds != 0 && passed.count() >= options.seconds)) break;
  }
  return printed;
}

int run_trace(const TraceOptions& options, const Output& output) {
  const auto printed = trace(options, output);
  if (!printed) {
    output.err << "espgate: " << printed.error() << '\n';
    return failure;
  }
  if (*printed < options.count) output.err << fmt::format("{} of {} packets seen\n", *printed, options.count);
  return *printed == 0 ? failure : success;
}

}  // namespace

void add_trace(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("trace", "follow the next packets through the stages");
  auto options = std::make_shared<TraceOptions>();
  add_gateway_options(*command, options->gateway);
  command->add_option("-n", options->count, "how many packets")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command->add_option("--peer", options->peer, "only this client's: name, number, or outer address");
  command->add_option("--inner", options->inner, "only from or to this inner address");
  command->add_option("--spi", options->spi, "only of this SA: 0x00000400");
  command->add_option("--seconds", options->seconds, "give up after so long")->check(CLI::NonNegativeNumber);
  command->callback([options, &chosen] {
    chosen = [options](const Output& output) { return run_trace(*options, output); };
  });
}

}  // namespace espgate::cli
