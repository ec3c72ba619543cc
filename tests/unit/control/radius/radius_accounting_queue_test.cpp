// SPDX-License-Identifier: Apache-2.0
// What waits to be told, and what goes when there is no room.
#include "control/aaa/radius_accounting_queue.h"

#include <string>

#include <gtest/gtest.h>

namespace espgate::control::radius {
namespace {

using Kind = AccountingRecord::Kind;

AccountingRecord record(const std::string& session, Kind kind, std::uint64_t octets = 0) {
  AccountingRecord made;
  made.session.session_id = session;
  made.kind = kind;
  made.octets_in = octets;
  return made;
}

// Everything that waits, "a start, a stop".
std::string drain(AccountingQueue& queue) {
  std::string text;
  while (auto taken = queue.take({})) {
    const char* kind = taken->record.kind == Kind::start  ? " start"
                       : taken->record.kind == Kind::stop ? " stop"
                                                          : " interim";
    text += (text.empty() ? "" : ", ") + taken->record.session.session_id + kind;
  }
  return text;
}

TEST(AccountingQueue, KeepsTheOrder) {
  AccountingQueue queue(10);
  for (const char* session : {"a", "b", "c"}) EXPECT_FALSE(queue.push(record(session, Kind::start)));
  EXPECT_FALSE(queue.push(record("a", Kind::stop)));
  EXPECT_EQ(queue.size(), 4U);
  EXPECT_EQ(drain(queue), "a start, b start, c start, a stop");
}

TEST(AccountingQueue, KeepsTheNewestInterimOfASession) {
  AccountingQueue queue(10);
  (void)queue.push(record("a", Kind::interim, 1));
  (void)queue.push(record("b", Kind::interim, 2));
  (void)queue.push(record("a", Kind::interim, 3));
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue.take({})->record.octets_in, 2U);
  EXPECT_EQ(queue.take({})->record.octets_in, 3U);
}

TEST(AccountingQueue, NeedsNoInterimBeforeAStop) {
  AccountingQueue queue(10);
  (void)queue.push(record("a", Kind::start));
  (void)queue.push(record("a", Kind::interim));
  (void)queue.push(record("a", Kind::stop));
  EXPECT_EQ(drain(queue), "a start, a stop");
}

TEST(AccountingQueue, LosesTheOldestInterimFirst) {
  AccountingQueue queue(3);
  (void)queue.push(record("a", Kind::start));
  (void)queue.push(record("b", Kind::interim));
  (void)queue.push(record("c", Kind::interim));
  const auto gone = queue.push(record("d", Kind::stop));
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->session.session_id, "b");
  EXPECT_EQ(drain(queue), "a start, c interim, d stop");
}

TEST(AccountingQueue, LosesTheOldestOfAllWithoutAnInterim) {
  AccountingQueue queue(2);
  (void)queue.push(record("a", Kind::stop));
  (void)queue.push(record("b", Kind::start));
  const auto gone = queue.push(record("c", Kind::stop));
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->session.session_id, "a");
}

TEST(AccountingQueue, PassesOverSessionsThatAreBusy) {
  AccountingQueue queue(10);
  (void)queue.push(record("a", Kind::stop));
  (void)queue.push(record("b", Kind::start));
  EXPECT_EQ(queue.take({"a"})->record.session.session_id, "b");
  EXPECT_FALSE(queue.take({"a"}));
  EXPECT_EQ(drain(queue), "a stop");
}

TEST(AccountingQueue, PutsBackWhereItWas) {
  AccountingQueue queue(10);
  for (const char* session : {"a", "b"}) (void)queue.push(record(session, Kind::start));
  auto first = queue.take({});
  (void)queue.push(record("a", Kind::stop));
  queue.put_back(std::move(*first));
  EXPECT_EQ(drain(queue), "a start, b start, a stop");
}

TEST(AccountingQueue, DoesNotPutBackAnInterimThatANewerOneHasOvertaken) {
  AccountingQueue queue(10);
  (void)queue.push(record("a", Kind::interim, 1));
  auto old = queue.take({});
  (void)queue.push(record("a", Kind::interim, 2));
  queue.put_back(std::move(*old));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.take({})->record.octets_in, 2U);
}

}  // namespace
}  // namespace espgate::control::radius
