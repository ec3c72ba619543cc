// SPDX-License-Identifier: Apache-2.0
#include "cli/session/session_rows.h"

#include "cli/ike/clients.h"

#include <map>
#include <tuple>

namespace espgate::cli {
namespace {

using nlohmann::json;

using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>;

std::uint64_t number_of(const json& row, const char* member) { return row.value(member, std::uint64_t{0}); }

json row_of_line(const json& line) {
  json row = line;
  if (line.contains("remote")) row["remote"] = endpoint_text(line.at("remote"));
  for (const char* nested : {"traffic", "limits"}) {
    if (!line.contains(nested)) continue;
    row.update(line.at(nested));
    row.erase(nested);
  }
  return row;
}

// What only the data plane knows, and all that it knows of a session without a user.
void add_session(json& row, const json& session) {
  row["drops"] =
      number_of(session, "rate_limited_from_client") + number_of(session, "rate_limited_to_client");
  for (const char* member : {"inner_limit", "owner"})
    if (session.contains(member)) row[member] = session.at(member);
  if (row.contains("state")) return;
  row["state"] = session.value("open", false) ? "open" : "closed";
  row["peer_id"] = session.at("peer");
  if (session.contains("name")) row["user"] = session.at("name");
  row["address"] = session.at("inner");
  for (const char* member : {"remote", "tunnel", "session", "peer_tunnel", "peer_session", "mru", "spi_out"})
    if (session.contains(member) && !session.at(member).is_null()) row[member] = session.at(member);
  row.update(session.at("traffic"));
}

}  // namespace

std::vector<json> session_rows(const json& lines, const json& sessions) {
  std::map<Key, json> rows;
  for (const json& line : lines)
    rows[{number_of(line, "peer_id"), number_of(line, "tunnel"), number_of(line, "session")}] =
        row_of_line(line);
  for (const json& session : sessions) {
    json& row =
        rows[{number_of(session, "peer"), number_of(session, "tunnel"), number_of(session, "session")}];
    if (row.is_null()) row = json::object();
    add_session(row, session);
  }
  std::vector<json> all;
  all.reserve(rows.size());
  for (auto& [key, row] : rows) all.push_back(std::move(row));
  return all;
}

std::vector<json> rows_of(const std::vector<json>& rows, const std::string& user) {
  std::vector<json> found;
  if (user.empty()) return found;
  for (const json& row : rows)
    if (row.value("user", "") == user || row.value("address", "") == user) found.push_back(row);
  return found;
}

}  // namespace espgate::cli
