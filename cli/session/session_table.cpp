// SPDX-License-Identifier: Apache-2.0
#include "cli/session/session_rows.h"
#include "cli/table.h"
#include "cli/units.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <tuple>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fnmatch.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

constexpr const char* nothing = "-";

// What a column's member is.
enum class Kind : std::uint8_t { text, count, seconds, time, bytes, kbit, ids, client };

// Named as the row's member, for --columns, --sort and --match.
struct Column {
  const char* name;
  const char* title;
  Kind kind;
  bool usual;             // shown unless --columns says otherwise
  const char* also = "";  // a second member that belongs to it
};

constexpr std::array columns = {
    Column{"user", "USER", Kind::text, true},
    Column{"address", "ADDRESS", Kind::text, true},
    Column{"state", "STATE", Kind::text, true},
    Column{"remote", "FROM", Kind::text, true},
    Column{"behind_nat", "BEHIND NAT", Kind::text, true},
    Column{"connected_seconds", "FOR", Kind::seconds, true},
    Column{"connected_since", "SINCE", Kind::time, false},
    Column{"heard_seconds_ago", "HEARD", Kind::seconds, true},
    Column{"bytes_in", "IN", Kind::bytes, true, "packets_in"},
    Column{"bytes_out", "OUT", Kind::bytes, true, "packets_out"},
    Column{"drops", "DROPS", Kind::count, true},
    Column{"suite", "SUITE", Kind::text, true},
    Column{"spi_in", "SPI IN", Kind::text, false},
    Column{"spi_out", "SPI OUT", Kind::text, false},
    Column{"tunnel", "L2TP", Kind::ids, true, "session"},
    Column{"peer_tunnel", "L2TP THEIRS", Kind::ids, false, "peer_session"},
    Column{"mru", "MRU", Kind::count, true},
    Column{"inner_limit", "LIMIT", Kind::count, false},
    Column{"rate_from_client_kbit", "KBIT FROM", Kind::kbit, false},
    Column{"rate_to_client_kbit", "KBIT TO", Kind::kbit, false},
    Column{"client_kind", "CLIENT", Kind::client, true, "client_host"},
    Column{"identity", "IKE IDENTITY", Kind::text, false},
    Column{"peer_id", "ID", Kind::count, false},
    Column{"owner", "WORKER", Kind::count, false},
};

bool is_number(Kind kind) {
  return kind == Kind::count || kind == Kind::seconds || kind == Kind::bytes || kind == Kind::kbit;
}

std::string client_text(const json& row, const Column& column) {
  const std::string kind = row.value(column.name, ""), host = row.value(column.also, "");
  if (kind.empty() && host.empty()) return nothing;
  return kind + (kind.empty() || host.empty() ? "" : ", ") + host;
}

std::string cell(const json& row, const Column& column) {
  if (column.kind == Kind::client) return client_text(row, column);
  if (!row.contains(column.name)) return nothing;
  const json& value = row.at(column.name);
  switch (column.kind) {
    case Kind::seconds:
      return duration_text(static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.get<std::int64_t>())));
    case Kind::time:
      return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(value.get<std::time_t>()));
    case Kind::bytes:
      return fmt::format("{} ({})", bytes_text(value.get<std::uint64_t>()),
                         row.value(column.also, std::uint64_t{0}));
    case Kind::kbit:
      return value == 0 ? nothing : value.dump();
    case Kind::ids:
      return fmt::format("{}/{}", value.get<std::uint64_t>(), row.value(column.also, std::uint64_t{0}));
    case Kind::text:
    case Kind::count:
    case Kind::client:
      break;
  }
  return value.is_string() ? value.get<std::string>() : value.dump();
}

const Column* find_column(std::string_view name) {
  const auto* found =
      std::ranges::find_if(columns, [name](const Column& column) { return column.name == name; });
  return found == columns.end() ? nullptr : found;
}

tl::expected<const Column*, std::string> require_column(std::string_view name) {
  const Column* column = find_column(name);
  if (column != nullptr) return column;
  return tl::unexpected(
      fmt::format("no column is called \"{}\"; there are: {}", printable(name), session_column_names()));
}

// One --match.
class Match {
 public:
  explicit Match(const std::string& what) : text_(what) {
    const auto equals = what.find('=');
    if (equals == std::string::npos) return;
    one_column_ = true;
    name_ = what.substr(0, equals);
    text_ = what.substr(equals + 1);
  }
  [[nodiscard]] bool one_column() const { return one_column_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool fits(const json& row) const {
    if (one_column_) return ::fnmatch(text_.c_str(), cell(row, *find_column(name_)).c_str(), 0) == 0;
    return std::ranges::any_of(
        columns, [&](const Column& column) { return cell(row, column).find(text_) != std::string::npos; });
  }

 private:
  bool one_column_ = false;
  std::string name_, text_;
};

// Numbers as numbers; what is not there stands behind all else.
bool is_before(const Column& column, const json& a, const json& b) {
  const bool in_a = a.contains(column.name), in_b = b.contains(column.name);
  if (in_a && in_b) return a.at(column.name) < b.at(column.name);
  return in_a && !in_b;
}

}  // namespace

std::string session_column_names() {
  std::string all;
  for (const Column& column : columns) all += (all.empty() ? "" : " ") + std::string(column.name);
  return all;
}

tl::expected<void, std::string> arrange(std::vector<json>& rows, const SessionView& view) {
  for (const std::string& name : view.columns)
    if (name != "all")
      if (const auto found = require_column(name); !found) return tl::unexpected(found.error());
  for (const std::string& what : view.match) {
    const Match match(what);
    if (match.one_column())
      if (const auto found = require_column(match.name()); !found) return tl::unexpected(found.error());
    std::erase_if(rows, [&](const json& row) { return !match.fits(row); });
  }
  if (view.sort.empty()) return {};
  const bool falling = view.sort.starts_with('-');
  const auto by = require_column(std::string_view(view.sort).substr(falling ? 1 : 0));
  if (!by) return tl::unexpected(by.error());
  const auto place = [](const json& row) {
    return std::tuple(row.value("peer_id", 0U), row.value("tunnel", 0U), row.value("session", 0U));
  };
  std::ranges::sort(rows, [&](const json& a, const json& b) {
    if (is_before(**by, a, b) != is_before(**by, b, a)) return is_before(**by, a, b) != falling;
    return place(a) < place(b);
  });
  return {};
}

std::string session_table(const std::vector<json>& rows, const SessionView& view) {
  if (rows.empty()) return view.match.empty() ? "nobody is connected\n" : "nobody matches\n";
  const bool all = std::ranges::find(view.columns, "all") != view.columns.end();
  std::vector<const Column*> shown;
  for (const Column& column : columns)
    if (all || (view.columns.empty() && column.usual)) shown.push_back(&column);
  if (!all)
    for (const std::string& name : view.columns) shown.push_back(find_column(name));
  std::vector<Table::Column> titles;
  titles.reserve(shown.size());
  for (const Column* column : shown)
    titles.push_back({column->title, is_number(column->kind) ? Table::Align::right : Table::Align::left});
  Table table(std::move(titles));
  for (const json& row : rows) {
    std::vector<std::string> cells;
    cells.reserve(shown.size());
    for (const Column* column : shown) cells.push_back(cell(row, *column));
    table.add(std::move(cells));
  }
  return table.text();
}

}  // namespace espgate::cli
