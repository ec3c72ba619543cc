// SPDX-License-Identifier: Apache-2.0
#include "control/api/recent_errors.h"

#include <memory>

#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

namespace espgate::control {
namespace {

constexpr std::size_t most_errors = 20;

const std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt>& sink() {
  static const auto made = [] {
    auto ring = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(most_errors);
    ring->set_level(spdlog::level::warn);
    ring->set_pattern("%Y-%m-%dT%H:%M:%S%z %l: %v");
    return ring;
  }();
  return made;
}

}  // namespace

void keep_recent_errors() {
  auto& sinks = spdlog::default_logger()->sinks();
  if (std::find(sinks.begin(), sinks.end(), sink()) == sinks.end()) sinks.push_back(sink());
}

std::vector<std::string> recent_errors() {
  std::vector<std::string> lines = sink()->last_formatted();
  for (std::string& line : lines) {
    while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
  }
  return lines;
}

}  // namespace espgate::control
