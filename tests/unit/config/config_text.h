// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace espgate::config {

// A configuration that is right, line by line, for tests that make one thing in it wrong.
inline const std::string good_ports = R"([outside]
interface = "s0"
address = "10.20.0.10/24"
gateway = "10.20.0.1"
[inside]
interface = "s1"
address = "10.30.0.1/24"
[clients]
pool = "10.40.0.0/24"
)";

inline const std::string key_in = "0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
inline const std::string key_out = "0x202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";
inline const std::string integrity_in = "0x404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
inline const std::string integrity_out = "0x606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f";

inline const std::string good_runtime = R"([runtime]
state_directory = "/var/lib/espgate"
)";

// [[static_peer]] of aes256-sha256.
inline const std::string good_peer = R"([[static_peer]]
name = "alice"
suite = "aes256-sha256"
remote = "198.51.100.7:4501"
inner_address = "10.40.0.2"
tunnel = 1
session = 2
peer_tunnel = 3
peer_session = 4
inbound = { spi = 0x10000400, key = ")" +
                                     key_in + R"(", integrity_key = ")" + integrity_in + R"(" }
outbound = { spi = 0xc1000001, key = ")" +
                                     key_out + R"(", integrity_key = ")" + integrity_out + R"(" }
)";

inline const std::string good_file = good_ports + good_runtime + good_peer;

// `text` with the first `from` replaced, which must be there.
inline std::string with(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("no \"" + std::string(from) + "\" in the text");
  return text.replace(at, from.size(), to);
}

}  // namespace espgate::config
