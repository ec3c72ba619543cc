// SPDX-License-Identifier: Apache-2.0
// espgate-client: a TUN device on one side, L2TP in ESP in UDP on the other.
#include "channel/protect_process.h"
#include "client/client.h"

#include <cstdio>

namespace {

using espgate::client::ErrorKind;

enum ExitCode : int {
  success = 0,
  internal_error = 1,
  usage_error = 2,
  configuration_error = 3,
  system_error = 4
};

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return usage_error;
    case ErrorKind::configuration:
      return configuration_error;
    case ErrorKind::system:
      return system_error;
  }
  return internal_error;
}

}  // namespace

int main(int argc, char** argv) {
  espgate::channel::protect_process();
  CLI::App app{"A VPN client for labs: L2TP/IPsec with static keys, as a gateway's static peer."};
  app.name("espgate-client");
  app.footer(
      "Exit codes: 0 ended by SIGINT or SIGTERM, 1 internal error, 2 wrong usage, 3 configuration, 4 "
      "system.");
  espgate::client::Options options;
  espgate::client::OptionTexts texts;
  add_options(app, options, texts);
  try {
    app.parse(argc, argv);
    const auto result = parse_texts(texts, options).and_then([&] { return run_client(options); });
    if (result) return success;
    std::fprintf(stderr, "espgate-client: %s\n", result.error().to_string().c_str());
    return exit_code(result.error().kind);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? success : usage_error;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "espgate-client: %s\n", error.what());
    return internal_error;
  }
}
