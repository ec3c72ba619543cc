// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

namespace espgate::cli {

// One row for each session, of what both processes know: control's lines (its "who") and the data plane's
// sessions, joined by peer and L2TP ids. A row is flat; what is not known is not there. Either list may be
// empty: without control there are no users, and a call that has not come far has no session in the data
// plane.
[[nodiscard]] std::vector<nlohmann::json> session_rows(const nlohmann::json& lines,
                                                       const nlohmann::json& sessions);
// Those of a user, or with that inner address.
[[nodiscard]] std::vector<nlohmann::json> rows_of(const std::vector<nlohmann::json>& rows,
                                                  const std::string& user);

// How rows are shown.
struct SessionView {
  std::vector<std::string> columns;  // empty: the usual ones; "all": all
  std::string sort;                  // a column; with '-' in front, the largest first
  std::vector<std::string> match;    // "COLUMN=TEXT", TEXT with * and ?, or a piece of any column
};
// Every column's name, with blanks between.
[[nodiscard]] std::string session_column_names();
// Leaves out rows that do not match, and sorts the others. Error: a column that there is not.
[[nodiscard]] tl::expected<void, std::string> arrange(std::vector<nlohmann::json>& rows,
                                                      const SessionView& view);
// After arrange().
[[nodiscard]] std::string session_table(const std::vector<nlohmann::json>& rows, const SessionView& view);

}  // namespace espgate::cli
