// SPDX-License-Identifier: Apache-2.0
// Prints each example of the packet builder as a line of hexadecimal digits, a tab and the scapy expression.
#include "tests/unit/wire/bytes.h"
#include "tests/unit/wire/packet_builder_examples.h"

#include <cstdio>

int main() {
  for (const auto& packet : espgate::test::packet_builder_examples()) {
    std::printf("%s\t%s\n", espgate::test::to_hex(packet.build()).c_str(), packet.scapy().c_str());
  }
}
