// SPDX-License-Identifier: Apache-2.0
#include "control/event_log.h"

#include "service/journal.h"

#include <algorithm>
#include <exception>

#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

namespace espgate::control {
namespace {

constexpr unsigned most_of_strangers = 20;  // lines a second, all together
constexpr unsigned most_of_a_peer = 100;

}  // namespace

std::string_view to_string(Area area) {
  switch (area) {
    case Area::ike:
      return "ike";
    case Area::l2tp:
      return "l2tp";
    case Area::ppp:
      return "ppp";
  }
  return "";
}

std::optional<Area> find_area(std::string_view name) {
  const auto found = std::ranges::find(areas, name, [](Area area) { return to_string(area); });
  return found == areas.end() ? std::nullopt : std::optional(*found);
}

EventLog::EventLog(std::filesystem::path debug_file)
    : debug_file_(std::move(debug_file)), log_(spdlog::default_logger()->clone("events")) {
  log_->set_level(spdlog::level::trace);
  open_again();
}

void EventLog::open_again() {
  debug_.reset();
  if (debug_file_.empty()) return;
  try {
    const mode_t before = ::umask(077);
    debug_ = std::make_shared<spdlog::logger>(
        "debug", std::make_shared<spdlog::sinks::basic_file_sink_mt>(debug_file_.string()));
    ::umask(before);
    debug_->set_level(spdlog::level::trace);
    debug_->flush_on(spdlog::level::trace);
  } catch (const std::exception& error) {
    spdlog::error("no debug log: {}", error.what());
  }
}

bool EventLog::wants_debug() const {
  const auto is_debug = [](const auto& entry) { return entry.second <= spdlog::level::debug; };
  return debug_ != nullptr || spdlog::get_level() <= spdlog::level::debug ||
         std::ranges::any_of(by_area_, is_debug) || std::ranges::any_of(by_client_, is_debug);
}

bool EventLog::wants(const Event& event) const {
  const auto area = by_area_.find(event.area);
  spdlog::level::level_enum least = area == by_area_.end() ? spdlog::get_level() : area->second;
  if (const auto client = by_client_.find(event.remote.address); client != by_client_.end())
    least = std::min(least, client->second);
  return event.level >= least;
}

bool EventLog::may_say(std::uint32_t peer_id, TimePoint now) {
  if (now - second_ >= std::chrono::seconds(1)) {
    second_ = now;
    said_.clear();
    if (const unsigned left_out = std::exchange(left_out_, 0); left_out != 0)
      log_->warn("{} more of these were left out in a second; the debug log has all", left_out);
  }
  if (++said_[peer_id] <= (peer_id == 0 ? most_of_strangers : most_of_a_peer)) return true;
  ++left_out_;
  return false;
}

void EventLog::write(const Event& event, TimePoint now) {
  const bool wanted = wants(event);
  if (!wanted && !debug_) return;
  const std::string who = event.peer_id == 0 ? std::string() : fmt::format(" peer={}", event.peer_id);
  const std::string line = fmt::format("area={} client={}{} msg={}", to_string(event.area),
                                       event.remote.to_string(), who, service::quoted(event.text));
  if (debug_) debug_->log(event.level, line);
  if (wanted && may_say(event.peer_id, now)) log_->log(event.level, line);
}

void EventLog::set_level(Area area, std::optional<spdlog::level::level_enum> level) {
  if (level) {
    by_area_[area] = *level;
  } else {
    by_area_.erase(area);
  }
}

void EventLog::set_level(const wire::IpAddress& client, std::optional<spdlog::level::level_enum> level) {
  if (level) {
    by_client_[client] = *level;
  } else {
    by_client_.erase(client);
  }
}

}  // namespace espgate::control
