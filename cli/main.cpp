// SPDX-License-Identifier: Apache-2.0
// espgate: checks a configuration, looks over a host, and talks to a gateway that runs.
#include "cli/run.h"

#include <iostream>

int main(int argc, char** argv) { return espgate::cli::run(argc, argv, {std::cout, std::cerr}); }
