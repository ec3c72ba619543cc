// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace espgate::cli {

// The data plane's answers as people read them; every line ends with a newline. They throw
// nlohmann::json::exception where an answer lacks what these commands have: it is of another version.
[[nodiscard]] std::string status_text(const nlohmann::json& answer);
[[nodiscard]] std::string port_text(const nlohmann::json& answer);
[[nodiscard]] std::string peer_text(const nlohmann::json& answer);
[[nodiscard]] std::string sa_text(const nlohmann::json& answer);
[[nodiscard]] std::string policy_text(const nlohmann::json& answer);
[[nodiscard]] std::string route_text(const nlohmann::json& answer);
[[nodiscard]] std::string neighbour_text(const nlohmann::json& answer);
[[nodiscard]] std::string buffers_text(const nlohmann::json& answer);
// The end of a measurement.
[[nodiscard]] std::string perf_text(const nlohmann::json& result);

// A member as text; empty where it is null or missing.
[[nodiscard]] std::string optional_text(const nlohmann::json& row, const char* member);
// "3 peers", "1 peer".
[[nodiscard]] std::string count_text(std::uint64_t count, const char* what);

}  // namespace espgate::cli
