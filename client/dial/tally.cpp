// SPDX-License-Identifier: Apache-2.0
#include "client/dial/tally.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace espgate::client::dial {
namespace {

using Json = nlohmann::ordered_json;
using Times = std::vector<std::chrono::nanoseconds>;

struct Quantiles {
  double median = 0, p99 = 0;
};

// Milliseconds. Sorts what it is given.
Quantiles quantiles(Times& times) {
  if (times.empty()) return {};
  std::ranges::sort(times);
  const auto at = [&](double share) {
    const auto place = static_cast<std::size_t>(share * static_cast<double>(times.size()));
    return std::chrono::duration<double, std::milli>(times.at(std::min(place, times.size() - 1))).count();
  };
  return {at(0.5), at(0.99)};
}

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

void Tally::reached(Step step, std::chrono::nanoseconds since_begin) {
  times_.at(static_cast<std::size_t>(step)).push_back(since_begin);
}

void Tally::failed(const Failure& failure) {
  Reason& reason = failed_[std::string(client::to_string(failure.cause))];
  if (reason.count++ == 0) reason.example = failure.what;
}

void Tally::lost(const Failure& failure) {
  Reason& reason = lost_[std::string(client::to_string(failure.cause))];
  if (reason.count++ == 0) reason.example = failure.what;
}

std::string Tally::text(std::size_t clients, std::chrono::nanoseconds elapsed, bool pinged) {
  std::string out =
      fmt::format("{} clients, {} calls in {:.2f} s, {:.1f} tunnels a second\n", clients, began_,
                  seconds(elapsed), static_cast<double>(up()) / std::max(seconds(elapsed), 1e-9));
  out += "  reached     calls   after, in ms: median      p99\n";
  for (std::size_t i = 0; i < step_count; ++i) {
    const auto [median, p99] = quantiles(times_.at(i));
    out += fmt::format("  {:<8} {:>8}                {:>9.1f} {:>9.1f}\n", to_string(static_cast<Step>(i)),
                       times_.at(i).size(), median, p99);
  }
  if (pinged) {
    const auto [median, p99] = quantiles(pings_);
    out +=
        fmt::format("  {:<8} {:>8}   round trip   {:>9.1f} {:>9.1f}\n", "ping", pings_.size(), median, p99);
  }
  for (const auto& [title, reasons] : {std::pair("failed", &failed_), std::pair("lost", &lost_)})
    for (const auto& [cause, reason] : *reasons)
      out += fmt::format("  {:<8} {:>8}   {}: {}\n", title, reason.count, cause, reason.example);
  return out;
}

std::string Tally::json(std::size_t clients, std::chrono::nanoseconds elapsed, bool pinged) {
  Json steps = Json::object();
  for (std::size_t i = 0; i < step_count; ++i) {
    const auto [median, p99] = quantiles(times_.at(i));
    steps[std::string(to_string(static_cast<Step>(i)))] = {
        {"calls", times_.at(i).size()}, {"median_ms", median}, {"p99_ms", p99}};
  }
  const auto count = [](const std::map<std::string, Reason>& reasons) {
    Json object = Json::object();
    for (const auto& [cause, reason] : reasons)
      object[cause] = {{"count", reason.count}, {"example", reason.example}};
    return object;
  };
  Json object = {
      {"event", "calls"}, {"clients", clients}, {"calls", began_},          {"seconds", seconds(elapsed)},
      {"up", up()},       {"steps", steps},     {"failed", count(failed_)}, {"lost", count(lost_)}};
  if (pinged) {
    const auto [median, p99] = quantiles(pings_);
    object["ping"] = {{"answered", pings_.size()}, {"median_ms", median}, {"p99_ms", p99}};
  }
  return object.dump() + "\n";
}

}  // namespace espgate::client::dial
