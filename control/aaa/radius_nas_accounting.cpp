// SPDX-License-Identifier: Apache-2.0
// What a Nas does with the records of accounting: one way to a server, which may take long.
#include "config/printable.h"
#include "control/aaa/radius_nas.h"

#include <utility>

#include <fmt/format.h>

namespace espgate::control::radius {
namespace {

using std::chrono::seconds;

constexpr std::size_t most_records_in_flight = 32;
constexpr seconds accounting_pause{10};

std::string_view to_string(AccountingRecord::Kind kind) {
  switch (kind) {
    case AccountingRecord::Kind::start:
      return "start";
    case AccountingRecord::Kind::stop:
      return "stop";
    default:
      return "interim";
  }
}

}  // namespace

void Nas::account(AccountingRecord record, TimePoint now) {
  if (const auto gone = records_.push(std::move(record)))
    lose(*gone, fmt::format("more than {} wait", settings_.most_records));
  pump(now);
}

// Who reads the log can still bill by it.
void Nas::lose(const AccountingRecord& record, std::string_view why) {
  ++lost_records_;
  const bool counts = record.kind != AccountingRecord::Kind::interim;
  report(counts ? ppp::Level::warning : ppp::Level::debug,
         fmt::format("the accounting {} of session {}, user {}, is lost, {}: {} s, {} bytes from the client, "
                     "{} to it",
                     to_string(record.kind), record.session.session_id, config::in_quotes(record.user), why,
                     record.session_time.count(), record.octets_in, record.octets_out));
}

// While nobody acknowledges, one record at a time finds out whether somebody does again.
void Nas::pump_records(TimePoint now) {
  if (accounting_pause_ && now < *accounting_pause_) return;
  const std::size_t most = accounting_pause_ ? 1 : most_records_in_flight;
  while (accounted_.size() < most) {
    auto taken = records_.take(accounted_);
    if (!taken) return;
    accounted_.insert(taken->record.session.session_id);
    auto exchange = std::make_unique<Exchange>();
    exchange->subject = std::move(*taken);
    exchange->servers = order(Service::accounting, now);
    begin(std::move(exchange), now);
  }
}

void Nas::close() {
  constexpr std::string_view why = "as the process ends";
  for (const auto& each : channels_) {
    for (std::size_t i = 0; i < Channel::most_exchanges; ++i) {
      const Exchange* exchange = each->find(static_cast<std::uint8_t>(i));
      if (exchange == nullptr || service_of(*exchange) != Service::accounting) continue;
      lose(std::get<AccountingQueue::Taken>(take(*each, static_cast<std::uint8_t>(i))->subject).record, why);
    }
  }
  accounted_.clear();
  while (const auto taken = records_.take({})) lose(taken->record, why);
}

void Nas::put_back(Exchange& exchange, TimePoint now) {
  auto& taken = std::get<AccountingQueue::Taken>(exchange.subject);
  accounted_.erase(taken.record.session.session_id);
  records_.put_back(std::move(taken));
  if (!accounting_pause_)
    report(ppp::Level::warning,
           fmt::format("no RADIUS server takes accounting; what is to be told waits, {} at most: {}",
                       settings_.most_records, exchange.problem));
  accounting_pause_ = now + accounting_pause;
}

void Nas::acknowledged(const AccountingRecord& record, TimePoint now) {
  accounted_.erase(record.session.session_id);
  if (!std::exchange(accounting_pause_, std::nullopt)) return;
  report(ppp::Level::info,
         fmt::format("RADIUS accounting works again; {} records are told now", records_.size()));
  pump_records(now);
}

}  // namespace espgate::control::radius
