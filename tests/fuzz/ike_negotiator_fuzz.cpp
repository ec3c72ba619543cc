// SPDX-License-Identifier: Apache-2.0
// The whole responder as a state machine. The first byte says how the rest is read:
//
//   even: datagrams as they are: port (1) | length (2) | bytes …, one after the other;
//   odd: a script for clients that know the key: one operation a byte, with operands behind it. Their
//   messages are valid, or spoilt before they are encrypted, or after; come twice, late, from elsewhere, in
//   pieces.
//
// A message that nobody with the key has made changes nothing that a peer has, and all tables stay bounded.
#include "tests/fuzz/ike_fuzz_script.h"

#include <cstdint>

namespace {

using namespace espgate::fuzz;

void raw(Input input) {
  Gateway gateway;
  while (!input.empty()) {
    const std::uint8_t port = input.byte();
    if ((port & 0x40U) != 0) {
      gateway.now += std::chrono::milliseconds(input.word() * 10);
      gateway.core.advance(gateway.now);
    }
    const auto datagram = input.take(input.word() % 2048);
    gateway.core.on_datagram(path_of(port & 3U, (port & 0x80U) != 0), datagram, gateway.now);
    gateway.settle();
    require_bounds(gateway.core);
    require(gateway.core.peers().empty());  // nobody has the key
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(as_bytes(data, size));
  if ((input.byte() & 1U) == 0)
    raw(input);
  else
    Script(input).run();
  return 0;
}
