// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace espgate::dataplane::live {

class Gateway;
class Manager;

// How busy the workers were in the last whole second.
class WorkerActivity {
 public:
  // At any time; takes note once a second.
  void sample(const Gateway& gateway, std::uint64_t now_nanoseconds);
  // Share of the worker's rounds that found packets, 0 to 100.
  [[nodiscard]] double busy_percent(std::size_t worker) const;
  [[nodiscard]] std::uint64_t rounds_per_second(std::size_t worker) const;

 private:
  struct Rounds {
    std::uint64_t all = 0;
    std::uint64_t busy = 0;
  };
  std::vector<Rounds> last_;
  std::vector<Rounds> second_;  // in the last whole one
  std::uint64_t sampled_at_ = 0;
};

// The answers to one command each, without "ok". All on the manager's thread. Lists that may be long come in
// pages:
// {"command": "sa", "after": 17, "limit": 100} gives what follows slot 17; "next" in the answer is the next
// page's "after". {"peer": 3} gives one peer's only.
[[nodiscard]] nlohmann::json status_answer(Manager& manager, const WorkerActivity& activity);
[[nodiscard]] nlohmann::json buffers_answer(Manager& manager);
[[nodiscard]] nlohmann::json port_answer(Manager& manager, const nlohmann::json& request);
[[nodiscard]] nlohmann::json route_answer(Manager& manager);
[[nodiscard]] nlohmann::json neighbour_answer(Manager& manager);
[[nodiscard]] nlohmann::json peer_answer(Manager& manager, const nlohmann::json& request);
[[nodiscard]] nlohmann::json sa_answer(Manager& manager, const nlohmann::json& request);
[[nodiscard]] nlohmann::json policy_answer(Manager& manager, const nlohmann::json& request);
[[nodiscard]] nlohmann::json session_answer(Manager& manager, const nlohmann::json& request);
[[nodiscard]] nlohmann::json drops_answer(Manager& manager);

}  // namespace espgate::dataplane::live
