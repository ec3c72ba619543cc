// SPDX-License-Identifier: Apache-2.0
#include "control/log_format.h"

#include "service/journal.h"

#include <memory>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace espgate::control {
namespace {

service::Priority priority_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::critical:
      return service::Priority::critical;
    case spdlog::level::err:
      return service::Priority::error;
    case spdlog::level::warn:
      return service::Priority::warning;
    case spdlog::level::info:
      return service::Priority::info;
    default:
      return service::Priority::debug;
  }
}

// A whole line of the journal.
class JournalLine final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& into) override {
    const std::string fields = service::as_fields({message.payload.data(), message.payload.size()});
    const std::string_view prefix = service::journal_prefix(priority_of(message.level));
    into.append(prefix.data(), prefix.data() + prefix.size());
    into.append(fields.data(), fields.data() + fields.size());
  }
  [[nodiscard]] std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<JournalLine>();
  }
};

}  // namespace

void set_up_log(const std::string& level, bool journal) {
  spdlog::drop("control");
  auto logger = journal ? spdlog::stderr_logger_mt("control") : spdlog::stderr_color_mt("control");
  if (journal) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<JournalLine>('*').set_pattern("%*");
    logger->set_formatter(std::move(formatter));
  }
  spdlog::set_default_logger(std::move(logger));
  spdlog::set_level(spdlog::level::from_str(level));
}

}  // namespace espgate::control
