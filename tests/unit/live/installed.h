// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"

#include <cstdint>
#include <string_view>

namespace espgate::dataplane::live::test {

inline constexpr std::uint32_t pool_start = 0x0a28'0000;       // 10.40.0.0
inline constexpr std::uint32_t client_address = 0xc633'6402;   // 198.51.100.2
inline constexpr std::uint32_t gateway_address = 0x0a14'000a;  // 10.20.0.10

// Commands as control sends them, for the peer, slot and ids that a test picks. Keys follow from nothing but
// the direction.
[[nodiscard]] channel::Command peer_command(std::uint32_t id, std::uint16_t port = 61234);
[[nodiscard]] channel::Command sa_command(std::uint32_t peer_id, std::uint32_t slot,
                                          channel::Direction direction, std::string_view suite);
[[nodiscard]] channel::Command session_command(std::uint32_t peer_id, std::uint16_t tunnel,
                                               std::uint32_t address, std::uint32_t slot);
// Of what sa_command() has added.
[[nodiscard]] channel::Command sa_delete_command(std::uint32_t slot, channel::Direction direction);
[[nodiscard]] std::uint32_t spi_of(std::uint32_t slot, channel::Direction direction);

}  // namespace espgate::dataplane::live::test
