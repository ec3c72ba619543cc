// SPDX-License-Identifier: Apache-2.0
#include "cli/problems_json.h"

namespace espgate::cli {
namespace {

using Json = nlohmann::ordered_json;

Json list(const std::vector<config::Problem>& problems) {
  Json all = Json::array();
  for (const config::Problem& problem : problems) {
    all.push_back({{"file", problem.where.file},
                   {"line", problem.where.line},
                   {"column", problem.where.column},
                   {"what", problem.what},
                   {"hint", problem.hint}});
  }
  return all;
}

}  // namespace

Json problems_json(const config::Problems& problems) {
  return {{"ok", problems.errors.empty()},
          {"errors", list(problems.errors)},
          {"warnings", list(problems.warnings)}};
}

std::string dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

}  // namespace espgate::cli
