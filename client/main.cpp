// SPDX-License-Identifier: Apache-2.0
// espgate-client: a TUN device on one side, L2TP in ESP in UDP on the other.
#include "channel/protect_process.h"
#include "client/client.h"
#include "client/command_line.h"
#include "client/dial/many.h"
#include "client/dial/single.h"

#include <cstdio>

namespace {

using espgate::client::ErrorKind;

enum ExitCode : int {
  success = 0,
  internal_error = 1,
  usage_error = 2,
  configuration_error = 3,
  system_error = 4,
  silence_error = 5,
  ike_error = 6,
  call_error = 7,
  user_error = 8,
  hung_up = 9,
  some_failed = 10,
};

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return usage_error;
    case ErrorKind::configuration:
      return configuration_error;
    case ErrorKind::system:
      return system_error;
    case ErrorKind::silence:
      return silence_error;
    case ErrorKind::ike:
      return ike_error;
    case ErrorKind::call:
      return call_error;
    case ErrorKind::user:
      return user_error;
    case ErrorKind::hung_up:
      return hung_up;
    case ErrorKind::some:
      return some_failed;
  }
  return internal_error;
}

using espgate::client::Expected;

// By static keys from a configuration, or by negotiation with a server.
Expected<void> run(const espgate::client::Options& options, const espgate::client::dial::DialOptions& dial) {
  const auto usage = [](const char* what, const char* hint) {
    return espgate::client::fail({.what = what, .where = {}, .hint = hint, .kind = ErrorKind::usage});
  };
  const bool by_hand = !options.config.empty() || !options.peer.empty();
  if (dial.server.empty() && !by_hand)
    return usage(
        "whom to dial is missing",
        "give --server, --psk-file, --user and --password-file, or for static keys --config and --peer");
  if (!dial.server.empty() && by_hand)
    return usage("--server, and --config and --peer, exclude each other", "");
  if (by_hand && (options.config.empty() || options.peer.empty()))
    return usage("static keys need both --config and --peer", "");
  if (by_hand) return run_client(options);
  return dial.count == 0 ? run_single(options, dial) : run_many(options, dial);
}

}  // namespace

int main(int argc, char** argv) {
  espgate::channel::protect_process();
  espgate::client::CommandLine said;
  const auto app = make_command_line(said);
  try {
    app->parse(argc, argv);
    const auto result =
        parse_texts(said.texts, said.options).and_then([&] { return run(said.options, said.dial); });
    if (result) return success;
    std::fprintf(stderr, "espgate-client: %s\n", result.error().to_string().c_str());
    return exit_code(result.error().kind);
  } catch (const CLI::ParseError& error) {
    return app->exit(error) == 0 ? success : usage_error;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "espgate-client: %s\n", error.what());
    return internal_error;
  }
}
