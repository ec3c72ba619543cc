// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

namespace espgate::cli {

// The clients in control's answer to "ike", as people read them. They throw nlohmann::json::exception where
// the answer lacks what these have: it is of another version.

// A row for each.
[[nodiscard]] std::string clients_text(const nlohmann::json& clients);
// Everything about one.
[[nodiscard]] std::string client_text(const nlohmann::json& client);

// Which of `clients` somebody means: its peer id, or its outside address, or address:port, or its identity.
// Error: nobody, or several, who are then listed.
[[nodiscard]] tl::expected<nlohmann::json, std::string> find_client(const nlohmann::json& clients,
                                                                    std::string_view wanted);

// {"address": "198.51.100.7", "port": 4500} as 198.51.100.7:4500, or [2001:db8::1]:4500.
[[nodiscard]] std::string endpoint_text(const nlohmann::json& remote);

}  // namespace espgate::cli
