// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/sa.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace espgate::dataplane::live {

// How the API writes what people and scripts know by its looks.

[[nodiscard]] std::string address_text(std::uint32_t ipv4);  // 10.20.0.10
[[nodiscard]] std::string endpoint_text(
    const Endpoint& where);                             // 198.51.100.7:4500; without a port: plain ESP
[[nodiscard]] std::string spi_text(std::uint32_t spi);  // 0x00000400

// "handover", as JSON and traces name it.
[[nodiscard]] std::string_view punt_name(Punt punt);
// What becomes of a packet that was punted so, for people.
[[nodiscard]] std::string_view punt_sentence(Punt punt);

// What an operator can do about packets dropped for this reason.
[[nodiscard]] std::string_view drop_hint(DropReason reason);

}  // namespace espgate::dataplane::live
