// SPDX-License-Identifier: Apache-2.0
#include "cli/ike/negotiations.h"

#include "cli/ike/clients.h"
#include "cli/table.h"
#include "cli/units.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

constexpr std::size_t text_indent = 6;

std::string head_text(const json& negotiation) {
  const auto seconds = std::max<std::int64_t>(0, negotiation.at("seconds_ago").get<std::int64_t>());
  const auto count = negotiation.at("count").get<std::uint64_t>();
  return fmt::format("{:>8} ago  {} {}, {}{}\n", duration_text(static_cast<std::uint64_t>(seconds)),
                     negotiation.at("good").get<bool>() ? "✓" : "✗",
                     printable(endpoint_text(negotiation.at("remote"))),
                     printable(negotiation.at("exchange").get<std::string>()),
                     count > 1 ? fmt::format(", {} times in a row", count) : "");
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t indent, std::size_t columns) {
  const std::string margin(indent, ' ');
  std::string result;
  std::string row;
  const auto end_row = [&] {
    if (!row.empty()) result += margin + row + '\n';
    row.clear();
  };
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    text.remove_prefix(end);
    if (word.empty()) continue;
    if (!row.empty() && indent + row.size() + 1 + word.size() > columns) end_row();
    if (!row.empty()) row += ' ';
    row += word;
  }
  end_row();
  return result;
}

std::string negotiations_text(const json& negotiations, std::size_t columns) {
  std::vector<const json*> sorted;
  for (const json& each : negotiations) sorted.push_back(&each);
  std::ranges::sort(sorted,
                    [](const json* a, const json* b) { return a->at("seconds_ago") > b->at("seconds_ago"); });
  std::string text;
  for (const json* each : sorted)
    text += head_text(*each) + wrapped(printable(each->at("text").get<std::string>()), text_indent, columns);
  return text;
}

}  // namespace espgate::cli
