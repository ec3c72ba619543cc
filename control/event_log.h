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
#include <unordered_map>

#include <spdlog/logger.h>

namespace espgate::control {

// What of control an event is about.
enum class Area : std::uint8_t { ike, l2tp, ppp };
inline constexpr std::array areas = {Area::ike, Area::l2tp, Area::ppp};
[[nodiscard]] std::string_view to_string(Area area);
[[nodiscard]] std::optional<Area> find_area(std::string_view name);

// What clients do, to the log: with levels for each area and each client's address, which change while the
// process runs; the most talkative that applies decides. What anybody on the Internet can cause is limited to
// a few lines a second, what each client that has proved who it is to some more, and what was left out is
// counted. The debug file has everything, without limit. A line for each event:
//
//   area=ike client=198.51.100.7:4500 peer=65536 msg="…"
//
// One thread.
class EventLog {
 public:
  using TimePoint = ike::TimePoint;

  // Empty: no debug file. What can't be opened is told in the log.
  explicit EventLog(std::filesystem::path debug_file);
  // The debug file where its path leads now, after somebody has moved the old one away.
  void open_again();

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
  [[nodiscard]] bool may_say(std::uint32_t peer_id, TimePoint now);

  std::filesystem::path debug_file_;
  std::shared_ptr<spdlog::logger> log_;    // to the process's sinks, without a level of its own
  std::shared_ptr<spdlog::logger> debug_;  // null: none
  std::map<Area, spdlog::level::level_enum> by_area_;
  std::map<wire::IpAddress, spdlog::level::level_enum> by_client_;
  TimePoint second_{};
  std::unordered_map<std::uint32_t, unsigned> said_;  // in this second, by peer; 0: what anybody can cause
  unsigned left_out_ = 0;                             // in this second
};

}  // namespace espgate::control
