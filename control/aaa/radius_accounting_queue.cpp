// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/radius_accounting_queue.h"

#include <utility>

namespace espgate::control::radius {
namespace {

bool is_interim(const AccountingRecord& record) { return record.kind == AccountingRecord::Kind::interim; }

}  // namespace

void AccountingQueue::insert(std::uint64_t place, AccountingRecord record) {
  if (is_interim(record)) {
    interims_.insert(place);
    interim_of_.insert_or_assign(record.session.session_id, place);
  }
  records_.emplace(place, std::move(record));
}

AccountingRecord AccountingQueue::remove(Records::iterator found) {
  AccountingRecord record = std::move(found->second);
  if (interims_.erase(found->first) != 0) interim_of_.erase(record.session.session_id);
  records_.erase(found);
  return record;
}

void AccountingQueue::remove_interim(const std::string& session_id) {
  const auto found = interim_of_.find(session_id);
  if (found != interim_of_.end()) remove(records_.find(found->second));
}

std::optional<AccountingRecord> AccountingQueue::push(AccountingRecord record) {
  remove_interim(record.session.session_id);
  std::optional<AccountingRecord> gone;
  if (records_.size() >= most_)
    gone = remove(interims_.empty() ? records_.begin() : records_.find(*interims_.begin()));
  insert(++last_place_, std::move(record));
  return gone;
}

std::optional<AccountingQueue::Taken> AccountingQueue::take(const std::set<std::string>& busy) {
  for (auto at = records_.begin(); at != records_.end(); ++at) {
    if (busy.contains(at->second.session.session_id)) continue;
    const std::uint64_t place = at->first;
    return Taken{place, remove(at)};
  }
  return std::nullopt;
}

void AccountingQueue::put_back(Taken taken) {
  const bool overtaken = is_interim(taken.record) && interim_of_.contains(taken.record.session.session_id);
  if (!overtaken) insert(taken.place, std::move(taken.record));
}

}  // namespace espgate::control::radius
