// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/dial/dial.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace espgate::client::dial {

// What has become of many calls. One thread.
class Tally {
 public:
  // A call was begun, has reached a step after so long since it began, or has come to nothing.
  void began() { ++began_; }
  void reached(Step step, std::chrono::nanoseconds since_begin);
  void failed(const Failure& failure);
  void lost(const Failure& failure);  // after it was up
  void answered(std::chrono::nanoseconds round_trip) { pings_.push_back(round_trip); }

  [[nodiscard]] std::size_t up() const { return times_.back().size(); }
  // `clients`: how many were asked for; `elapsed`: from the first call to the last that was settled.
  [[nodiscard]] std::string text(std::size_t clients, std::chrono::nanoseconds elapsed, bool pinged);
  // One object on one line; docs/client.md has its members.
  [[nodiscard]] std::string json(std::size_t clients, std::chrono::nanoseconds elapsed, bool pinged);

 private:
  struct Reason {
    std::size_t count = 0;
    std::string example;  // of the first such failure
  };
  std::size_t began_ = 0;
  std::array<std::vector<std::chrono::nanoseconds>, step_count> times_;  // since the call began
  std::vector<std::chrono::nanoseconds> pings_;
  std::map<std::string, Reason> failed_, lost_;
};

}  // namespace espgate::client::dial
