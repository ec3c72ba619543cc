// SPDX-License-Identifier: Apache-2.0
#include "channel/json_line.h"

#include <exception>

#include <nlohmann/json.hpp>

namespace espgate::channel {
namespace {

using Json = nlohmann::json;

constexpr int deepest = 16;

Json failure(std::string_view why) { return {{"ok", false}, {"error", why}}; }

// nullopt-like: a discarded value if the text is no JSON; `too_deep` says whether that was why.
Json parse(std::string_view line, bool& too_deep) {
  return Json::parse(
      line.begin(), line.end(),
      [&](int depth, Json::parse_event_t, Json&) {
        if (depth > deepest) too_deep = true;
        return depth <= deepest;
      },
      false);
}

Json answer_to(std::string_view line, const std::function<Json(const Json&)>& answer) {
  bool too_deep = false;
  const Json request = parse(line, too_deep);
  if (too_deep) return failure("the request nests too deep");
  if (!request.is_object())
    return failure("a request is one JSON object on one line, like {\"command\": \"status\"}");
  try {
    Json result = answer(request);
    if (!result.is_object()) result = {{"result", std::move(result)}};
    if (!result.contains("ok")) result["ok"] = true;
    return result;
  } catch (const std::exception& error) {
    return failure(error.what());
  }
}

}  // namespace

std::string json_line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string answer_json_line(std::string_view line, const std::function<Json(const Json&)>& answer) {
  return json_line(answer_to(line, answer));
}

}  // namespace espgate::channel
