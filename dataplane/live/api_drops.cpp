// SPDX-License-Identifier: Apache-2.0
// drops: every reason with its count, for all workers together.
#include "dataplane/live/api_answers.h"
#include "dataplane/live/api_text.h"
#include "dataplane/live/manager.h"

#include <nlohmann/json.hpp>

namespace espgate::dataplane::live {
namespace {

using nlohmann::json;

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::expected:
      return "expected";
    case Severity::suspicious:
      return "suspicious";
    case Severity::broken:
      return "broken";
    case Severity::resource:
      return "resource";
  }
  return "unknown";
}

}  // namespace

json drops_answer(Manager& manager) {
  Gateway& gateway = manager.gateway();
  json rows = json::array();
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < drop_reason_count; ++i) {
    const auto reason = static_cast<DropReason>(i);
    const DropReasonInfo& info = describe(reason);
    std::uint64_t packets = gateway.manager_stats.drops.at(i);
    json by_worker = json::array();
    for (const auto& worker : gateway.workers) {
      const std::uint64_t its = worker->stats().drops.at(i);
      packets += its;
      by_worker.push_back(its);
    }
    total += packets;
    rows.push_back({{"reason", info.name},
                    {"severity", severity_name(info.severity)},
                    {"packets", packets},
                    {"by_worker", by_worker},
                    {"by_manager", gateway.manager_stats.drops.at(i).value()},
                    {"sentence", info.sentence},
                    {"hint", drop_hint(reason)}});
  }
  return {{"drops", rows}, {"packets", total}};
}

}  // namespace espgate::dataplane::live
