// SPDX-License-Identifier: Apache-2.0
// Any line as a request to control. Each gets one line of JSON that says whether it is ok, and why not.
#include "channel/json_line.h"
#include "control/api/api.h"
#include "control/event_log.h"
#include "tests/fuzz/invariant.h"

#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace {

using namespace espgate;
using fuzz::require;

class Source final : public control::StatusSource {
 public:
  Source() : gateway_(control::Sequences(), {}) {
    auto peer = std::make_unique<control::Peer>();
    peer->name = "alice";
    peer->sas.push_back(std::make_unique<control::WantedSa>());
    peer->sessions.emplace_back();
    gateway_.want(std::move(peer));
    spdlog::default_logger()->sinks().clear();
  }
  [[nodiscard]] const control::Gateway& gateway() const override { return gateway_; }
  [[nodiscard]] std::optional<Connection> connection() const override { return std::nullopt; }
  [[nodiscard]] control::IkeService* ike() override { return nullptr; }
  [[nodiscard]] control::EventLog& event_log() override { return event_log_; }
  [[nodiscard]] control::DialIn* dial() override { return nullptr; }
  [[nodiscard]] const std::string& last_connect_error() const override { return error_; }
  [[nodiscard]] std::chrono::seconds uptime() const override { return std::chrono::seconds(1); }

 private:
  control::Gateway gateway_;
  control::EventLog event_log_{{}};
  std::string error_ = "nobody there";
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Source source;
  static control::Api api(source);
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const std::string text =
      channel::answer_json_line(line, [](const nlohmann::json& request) { return api.answer(request); });
  require(text.ends_with('\n') && text.find('\n') == text.size() - 1);
  const auto answer = nlohmann::json::parse(text);
  require(answer.at("ok").is_boolean());
  require(answer.at("ok") || answer.at("error").is_string());
  return 0;
}
