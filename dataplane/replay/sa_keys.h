// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"
#include "crypto/suite.h"
#include "wire/ip_address.h"

#include <cstdint>
#include <string>

namespace espgate::replay {

// What a key file says about one SA (one direction).
struct SaKeys {
  // `any`: the file leaves the payload's form open (Wireshark's table), the next header decides.
  enum class Mode : std::uint8_t { any, transport, tunnel };

  wire::IpAddress source;       // "any" (::) where the file gives a wildcard
  wire::IpAddress destination;  // likewise
  std::uint32_t spi = 0;
  crypto::SuiteId suite = 0;
  crypto::SecretBytes cipher_key;  // with the salt for AEADs
  crypto::SecretBytes integrity_key;
  Mode mode = Mode::any;
  bool esn = false;
  bool udp_encapsulation = false;
  std::uint16_t encapsulation_source_port = 0;
  std::uint16_t encapsulation_destination_port = 0;
  std::uint32_t replay_window = 0;  // packets; 0: not given
  std::uint32_t sequence_high = 0;  // upper half of the sequence number where the file tells it, else 0
  std::string where;                // "xfrm.txt:12", for messages
};

}  // namespace espgate::replay
