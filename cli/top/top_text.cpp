// SPDX-License-Identifier: Apache-2.0
#include "cli/top/top_text.h"

#include "cli/show/show.h"
#include "cli/table.h"
#include "cli/units.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

// What was counted between two samples, a second. A data plane that was started anew counts from 0.
double rate(const json& before, const json& now, double seconds) {
  const double grown = now.get<double>() - before.get<double>();
  return grown < 0 || seconds <= 0 ? 0 : grown / seconds;
}

std::string head_text(const json& status) {
  const json& control = status.at("control");
  return fmt::format("espgate {}, up {}, control {}, {}, packet buffers {} of {}\n",
                     status.at("version").get<std::string>(), duration_text(status.at("uptime_seconds")),
                     control.at("connected").get<bool>() ? "connected" : "NOT CONNECTED",
                     status.at("engine").get<std::string>(),
                     status.at("buffers").at("in_use").get<unsigned>(),
                     status.at("buffers").at("capacity").get<unsigned>());
}

std::string links_text(const json& before, const json& now, double seconds) {
  Table table({{"LINK"},
               {"PACKETS IN/S", Table::Align::right},
               {"IN", Table::Align::right},
               {"PACKETS OUT/S", Table::Align::right},
               {"OUT", Table::Align::right}});
  for (const char* side : {"outside", "inside"}) {
    if (!now.contains(side) || !before.contains(side)) continue;
    const auto its = [&](const char* member) {
      return rate(before.at(side).at(member), now.at(side).at(member), seconds);
    };
    table.add({side, rate_text(its("received")), bit_rate_text(its("received_bytes")), rate_text(its("sent")),
               bit_rate_text(its("sent_bytes"))});
  }
  return table.text();
}

std::string workers_text(const json& workers) {
  constexpr double bar_percent = 5;  // of one character
  std::string text;
  for (const json& worker : workers) {
    const auto busy = worker.at("busy_percent").get<double>();
    text += fmt::format("worker {:<3} {:5.1f} % [{:<20}] {} rounds/s\n", worker.at("worker").get<unsigned>(),
                        busy, std::string(static_cast<std::size_t>(busy / bar_percent), '|'),
                        rate_text(worker.at("rounds_per_second")));
  }
  return text;
}

struct SessionRate {
  double in = 0, out = 0;  // bytes a second
  const json* session = nullptr;
};

std::vector<SessionRate> session_rates(const json& before, const json& now, double seconds) {
  std::map<std::string, const json*> earlier;
  for (const json& session : before) earlier[session.at("inner")] = &session.at("traffic");
  std::vector<SessionRate> rates;
  for (const json& session : now) {
    const json& traffic = session.at("traffic");
    const auto at = earlier.find(session.at("inner"));
    const json& from = at == earlier.end() ? traffic : *at->second;
    rates.push_back({rate(from.at("bytes_in"), traffic.at("bytes_in"), seconds),
                     rate(from.at("bytes_out"), traffic.at("bytes_out"), seconds), &session});
  }
  // The busiest first; those that are equally busy as the data plane lists them.
  std::ranges::sort(rates, [](const SessionRate& a, const SessionRate& b) {
    const double busy_a = a.in + a.out;
    const double busy_b = b.in + b.out;
    return busy_a > busy_b || (busy_a == busy_b && a.session < b.session);
  });
  return rates;
}

std::string sessions_text(const json& before, const json& now, double seconds, std::size_t most) {
  const auto rates = session_rates(before, now, seconds);
  Table table({{"NAME"},
               {"INNER"},
               {"REMOTE"},
               {"IN", Table::Align::right},
               {"OUT", Table::Align::right},
               {"ALL IN", Table::Align::right},
               {"ALL OUT", Table::Align::right}});
  for (std::size_t i = 0; i < std::min(most, rates.size()); ++i) {
    const json& session = *rates[i].session;
    const std::string name = optional_text(session, "name");
    table.add({name.empty() ? "peer " + session.at("peer").dump() : name, session.at("inner"),
               session.at("remote"), bit_rate_text(rates[i].in), bit_rate_text(rates[i].out),
               bytes_text(session.at("traffic").at("bytes_in")),
               bytes_text(session.at("traffic").at("bytes_out"))});
  }
  std::string text = table.empty() ? "nobody is connected\n" : table.text();
  if (rates.size() > most) text += fmt::format("and {} more\n", rates.size() - most);
  return text;
}

// Only what was dropped just now.
std::string drops_text(const json& before, const json& now, double seconds) {
  Table table({{"DROPPED/S", Table::Align::right}, {"REASON"}, {"WHAT IT MEANS"}});
  for (std::size_t i = 0; i < std::min(before.size(), now.size()); ++i) {
    const double its = rate(before.at(i).at("packets"), now.at(i).at("packets"), seconds);
    if (its > 0) table.add({rate_text(its), now.at(i).at("reason"), now.at(i).at("sentence")});
  }
  return table.empty() ? "nothing is dropped\n" : table.text();
}

}  // namespace

std::string top_text(const Sample& before, const Sample& now, double seconds, std::size_t most_sessions) {
  return head_text(now.status) + '\n' +
         links_text(before.status.at("packets"), now.status.at("packets"), seconds) + '\n' +
         workers_text(now.status.at("workers")) + '\n' +
         sessions_text(before.session.at("sessions"), now.session.at("sessions"), seconds, most_sessions) +
         '\n' + drops_text(before.drops.at("drops"), now.drops.at("drops"), seconds);
}

}  // namespace espgate::cli
