// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace espgate::service {

// Whether what this process writes to standard error goes to systemd's journal by itself: $JOURNAL_STREAM
// names the very file (systemd.exec(5)). The journal has time and process of each line already, and takes its
// priority from "<4>" in front (sd-daemon(3)).
[[nodiscard]] bool stderr_is_journal();

// Priorities of syslog(3).
enum class Priority : int { critical = 2, error = 3, warning = 4, info = 6, debug = 7 };
[[nodiscard]] std::string_view journal_prefix(Priority priority);

// `text` in quotes, with what would end them or the line escaped, so that one event stays one line whatever a
// client calls itself: msg=quoted(…).
[[nodiscard]] std::string quoted(std::string_view text);

// `text` as a line of the journal without its prefix: as it is if it is key=value already, else `msg="…"`.
[[nodiscard]] std::string as_fields(std::string_view text);

}  // namespace espgate::service
