// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/live/capture.h"
#include "dataplane/live/observers.h"
#include "dataplane/live/stream.h"
#include "dataplane/live/tracer.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

namespace espgate::dataplane::live {

class Gateway;

// What a stream is made of. All must outlive it.
struct StreamContext {
  Gateway& gateway;
  Observers& observers;
  StageTiming& timing;
  StreamClient client;
  std::uint64_t now_nanoseconds;
};

// A stream, and the answer to the request that began it. Error: what the request should be like.
struct StartedStream {
  std::unique_ptr<Stream> stream;
  nlohmann::json answer;
};
using StartedOrError = tl::expected<StartedStream, std::string>;

// {"command": "perf", "seconds": 2}: times the stages so long, then {"end": {"workers": […]}}.
[[nodiscard]] StartedOrError start_perf(const StreamContext& context, const nlohmann::json& request);
// {"command": "trace", "count": 10, "outer": "198.51.100.7", "inner": …, "spi": "0x400" or 1024, "peer": 3}:
// up to so many {"trace": {…}}, then {"end": {…}}.
[[nodiscard]] StartedOrError start_trace(const StreamContext& context, const nlohmann::json& request);
// {"command": "capture", "point": "outside-rx", "snap": 2048, "seconds": 10}: {"packet": {…}} each, then
// {"end": {…}}. Without seconds until the client wants no more.
[[nodiscard]] StartedOrError start_capture(const StreamContext& context, const nlohmann::json& request);

// When a stream tells how far it is, and when it takes a client that reads nothing for gone.
class Heartbeat {
 public:
  explicit Heartbeat(std::uint64_t now_nanoseconds) : sent_at_(now_nanoseconds), read_at_(now_nanoseconds) {}

  [[nodiscard]] bool is_due(std::uint64_t now) const { return now - sent_at_ >= period; }
  // Behind each line: whether the client took it.
  void sent(bool taken, std::uint64_t now) {
    sent_at_ = now;
    if (taken) read_at_ = now;
  }
  [[nodiscard]] bool is_alive(std::uint64_t now) const { return now - read_at_ < patience; }

 private:
  static constexpr std::uint64_t period = 250'000'000;
  static constexpr std::uint64_t patience = 10'000'000'000;

  std::uint64_t sent_at_;
  std::uint64_t read_at_;
};

}  // namespace espgate::dataplane::live
