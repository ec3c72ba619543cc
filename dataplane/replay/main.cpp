// SPDX-License-Identifier: Apache-2.0
// espgate-replay: captures of L2TP/IPsec through the gateway's own packet path, without a NIC.
#include "dataplane/replay/command_line.h"

#include <cstdio>

namespace {

using espgate::replay::ErrorKind;

enum ExitCode : int { success = 0, internal_error = 1, usage_error = 2, input_error = 3, output_error = 4 };

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return usage_error;
    case ErrorKind::input:
      return input_error;
    case ErrorKind::output:
      return output_error;
  }
  return internal_error;
}

}  // namespace

int main(int argc, char** argv) {
  espgate::replay::Command chosen;
  const auto app = make_command_line(chosen);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app->exit(error) == 0 ? success : usage_error;
  }
  try {
    const auto result = chosen();
    if (result) return success;
    std::fprintf(stderr, "espgate-replay: %s\n", result.error().to_string().c_str());
    return exit_code(result.error().kind);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "espgate-replay: %s\n", error.what());
    return internal_error;
  }
}
