// SPDX-License-Identifier: Apache-2.0
#include "control/ike/journal.h"

#include <algorithm>
#include <iterator>

namespace espgate::control::ike {

void Journal::add(JournalEntry entry) {
  const auto found = by_address_.find(entry.remote.address);
  if (found != by_address_.end()) {
    records_.splice(records_.begin(), records_, found->second);
  } else {
    records_.push_front({entry.remote.address, {}});
    by_address_.emplace(entry.remote.address, records_.begin());
  }
  auto& entries = records_.front().entries;
  const bool same = !entries.empty() && entries.back().text == entry.text &&
                    entries.back().remote == entry.remote && entries.back().exchange == entry.exchange;
  if (same) {
    ++entries.back().count;
    entries.back().when = entry.when;
  } else {
    entries.push_back(std::move(entry));
  }
  if (entries.size() > most_entries) entries.pop_front();
  if (records_.size() <= most_addresses) return;
  by_address_.erase(records_.back().address);
  records_.pop_back();
}

std::vector<JournalEntry> Journal::of(const wire::IpAddress& address) const {
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) return {};
  return {found->second->entries.begin(), found->second->entries.end()};
}

std::vector<JournalEntry> Journal::of_user(std::string_view user) const {
  std::vector<JournalEntry> found;
  for (const Record& record : records_)
    std::ranges::copy_if(record.entries, std::back_inserter(found),
                         [user](const JournalEntry& entry) { return entry.user == user; });
  std::ranges::sort(found, {}, &JournalEntry::when);
  return found;
}

std::vector<JournalEntry> Journal::latest(std::size_t most) const {
  std::vector<JournalEntry> entries;
  for (const Record& record : records_) {
    if (entries.size() == most) break;
    entries.push_back(record.entries.back());
  }
  return entries;
}

}  // namespace espgate::control::ike
