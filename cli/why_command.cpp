// SPDX-License-Identifier: Apache-2.0
// espgate why: how the last negotiations with a client went, and what to do if they failed.
#include "cli/command.h"
#include "cli/gateway_client.h"
#include "cli/ike/negotiations.h"
#include "cli/table.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <memory>

#include <sys/ioctl.h>
#include <unistd.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

constexpr std::size_t usual_columns = 100;
constexpr std::size_t least_columns = 40;

struct WhyOptions {
  GatewayOptions gateway;
  std::string address;
};

std::size_t screen_columns() {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
  return known ? std::max<std::size_t>(least_columns, size.ws_col) : usual_columns;
}

std::string nothing_text(const std::string& address) {
  if (address.empty()) return "nobody has tried to negotiate\n";
  if (!wire::IpAddress::from_string(address))
    return printable("nothing is known of a user " + address +
                     "; espgate why with the client's address tells whether it comes as far as a login") +
           '\n';
  return printable(
             "nothing was heard from " + address +
             " that began a negotiation; if it dials, its packets to UDP 500 and 4500 do not come here") +
         '\n';
}

int why(const WhyOptions& options, const Output& output) {
  const auto fail = [&](const std::string& problem) {
    output.err << "espgate: " << problem << '\n';
    return failure;
  };
  const auto client = GatewayClient::find(options.gateway);
  if (!client) return fail(client.error());
  json request = {{"command", "why"}};
  if (!options.address.empty()) request["address"] = options.address;
  const auto answer = client->require_control(request);
  if (!answer) return fail(answer.error());
  if (options.gateway.json) {
    output.out << json_text(*answer);
    return success;
  }
  const json& negotiations = answer->at("negotiations");
  output.out << (negotiations.empty() ? nothing_text(options.address)
                                      : negotiations_text(negotiations, screen_columns()));
  return success;
}

}  // namespace

void add_why(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("why", "how the last negotiations with a client went, and what to do");
  auto options = std::make_shared<WhyOptions>();
  add_gateway_options(*command, options->gateway);
  command->add_option(
      "WHO", options->address,
      "the client's outside address, or a user's name; without it, the newest of each client");
  command->callback(
      [options, &chosen] { chosen = [options](const Output& output) { return why(*options, output); }; });
}

}  // namespace espgate::cli
