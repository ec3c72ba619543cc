// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/path.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <spdlog/logger.h>

namespace espgate::control {

// What of control an event is about.
enum class Area : std::uint8_t { ike, l2tp, ppp };
inline constexpr std::array areas = {Area::ike, Area::l2tp, Area::ppp};
[[nodiscard]] std::string_view to_string(Area area);
[[nodiscard]] std::optional<Area> find_area(std::string_view name);

// What clients do, to the log: with levels for each area and each client's address, which change while the
// process runs; the most talkative that applies decides. What anybody on the Internet can cause is limited to
// a few lines a second, and what was left out is counted. The debug file has everything, without limit. One
// thread.
class EventLog {
 public:
  using TimePoint = ike::TimePoint;

  // Empty: no debug file. What can't be opened is told in the log.
  explicit EventLog(const std::filesystem::path& debug_file);

  struct Event {
    Area area = Area::ike;
    spdlog::level::level_enum level = spdlog::level::info;
    ike::Endpoint remote;
    std::uint32_t peer_id = 0;  // 0: nobody that has proved who he is
    std::string_view text;
  };
  void write(const Event& event, TimePoint now);
  // Whether anybody wants to hear so much; else it need not be put into words.
  [[nodiscard]] bool wants_debug() const;

  // nullopt: back to the process's own level.
  void set_level(Area area, std::optional<spdlog::level::level_enum> level);
  void set_level(const wire::IpAddress& client, std::optional<spdlog::level::level_enum> level);
  [[nodiscard]] const std::map<Area, spdlog::level::level_enum>& area_levels() const { return by_area_; }
  [[nodiscard]] const std::map<wire::IpAddress, spdlog::level::level_enum>& client_levels() const {
    return by_client_;
  }

 private:
  [[nodiscard]] bool wants(const Event& event) const;
  [[nodiscard]] bool may_say(TimePoint now);

  std::shared_ptr<spdlog::logger> log_;    // to the process's sinks, without a level of its own
  std::shared_ptr<spdlog::logger> debug_;  // null: none
  std::map<Area, spdlog::level::level_enum> by_area_;
  std::map<wire::IpAddress, spdlog::level::level_enum> by_client_;
  TimePoint second_{};
  unsigned said_ = 0, left_out_ = 0;  // in this second, of what anybody can cause
};

}  // namespace espgate::control
