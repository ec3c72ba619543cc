// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tests of `espgate-replay encap` share: its command line without a process, and IP packets to put
// in.

#include "dataplane/replay/error.h"
#include "wire/parse.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace espgate::test {

using Arguments = std::vector<std::string>;

// `espgate-replay` with these arguments, inside this process: DPDK takes a fifth of a second to start, and
// starts only once. What goes to standard output is kept.
struct CommandResult {
  replay::Expected<void> done;
  std::string output;
};
[[nodiscard]] CommandResult run_here(Arguments arguments);

// The forms that real clients send, as options of encap.
struct Form {
  std::string name;
  Arguments options;
};
[[nodiscard]] const std::vector<Form>& all_forms();

[[nodiscard]] std::string capture_file(const std::string& capture, const std::string& file);
// Those of tests/captures that have inner packets, by name.
[[nodiscard]] std::vector<std::string> captures_with_packets();

// A raw IP capture of made-up packets with time stamps in nanoseconds: every length that makes another
// padding, IPv4 and IPv6, up to what a loopback interface carries. Five inner sources.
void write_packets(const std::string& path);

struct CapturedFrame {
  std::uint64_t nanoseconds = 0;
  std::vector<std::byte> bytes;
};
[[nodiscard]] std::vector<CapturedFrame> read_frames(const std::string& path);

}  // namespace espgate::test
