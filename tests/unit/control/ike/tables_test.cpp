// SPDX-License-Identifier: Apache-2.0
// The small tables that the negotiator is made of.
#include "tests/unit/control/ike/ike_lab.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

namespace espgate::test {
namespace {

using namespace std::chrono_literals;
using control::TimerWheel;

std::vector<std::uint64_t> owners(const std::vector<TimerWheel::Due>& due) {
  std::vector<std::uint64_t> all;
  for (const auto& each : due) all.push_back(each.owner);
  std::ranges::sort(all);
  return all;
}

TEST(TimerWheel, IsNeverEarlyAndAtMostATickLate) {
  const TimePoint start{1h};
  TimerWheel wheel(start);
  for (std::uint64_t i = 0; i < 1000; ++i) wheel.add(start + std::chrono::milliseconds(i * 7), i);
  std::size_t seen = 0;
  for (auto now = start; now < start + 8s; now += 10ms) {
    for (const auto& due : wheel.advance(now)) {
      ++seen;
      EXPECT_EQ(due.when, start + std::chrono::milliseconds(due.owner * 7));
      EXPECT_LE(due.when, now);
      EXPECT_LE(now - due.when, 2 * TimerWheel::tick);
    }
  }
  EXPECT_EQ(seen, 1000U);
  EXPECT_EQ(wheel.size(), 0U);
}

TEST(TimerWheel, WhatIsOverdueComesWithTheNextTick) {
  const TimePoint start{1h};
  TimerWheel wheel(start);
  wheel.add(start - 1h, 1);
  wheel.add(start, 2);
  EXPECT_EQ(owners(wheel.advance(start + 100ms)), (std::vector<std::uint64_t>{1, 2}));
}

TEST(TimerWheel, FarAwayTimesWaitTheirTurns) {
  const TimePoint start{1h};
  TimerWheel wheel(start);
  wheel.add(start + 24h, 1);
  wheel.add(TimePoint::max(), 2);
  for (unsigned i = 0; i < 24 * 60 - 1; ++i)
    EXPECT_TRUE(wheel.advance(start + std::chrono::minutes(i + 1)).empty());
  EXPECT_EQ(owners(wheel.advance(start + 24h + 1s)), std::vector<std::uint64_t>{1});
  EXPECT_EQ(wheel.size(), 1U);
}

TEST(TimerWheel, ALongJumpMissesNothing) {
  const TimePoint start{1h};
  TimerWheel wheel(start);
  for (std::uint64_t i = 0; i < 5000; ++i) wheel.add(start + std::chrono::seconds(i), i);
  EXPECT_EQ(wheel.advance(start + 2h).size(), 5000U);
  // Time that goes backwards brings nothing.
  wheel.add(start + 2h + 1s, 1);
  EXPECT_TRUE(wheel.advance(start).empty());
  EXPECT_EQ(wheel.advance(start + 2h + 2s).size(), 1U);
}

TEST(SpiAllocator, PutsNodeSlotAndGenerationTogether) {
  ike::SpiAllocator spis(15);
  spis.set_slots(3);
  const auto first = spis.allocate(0x7ff), second = spis.allocate(0);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, 15U << 28U | 1U << 10U | 0x3ffU);
  EXPECT_EQ(*second, 15U << 28U | 2U << 10U | 1U);
  EXPECT_FALSE(spis.allocate(5));
  EXPECT_EQ(spis.in_use(), 2U);
}

TEST(SpiAllocator, IsNeverBelow256) {
  ike::SpiAllocator spis(0);
  spis.set_slots(100);
  for (unsigned i = 0; i < 99; ++i) EXPECT_GE(spis.allocate(0).value(), 256U);
}

TEST(SpiAllocator, AReturnedSlotComesLastAndWithTheNextGeneration) {
  ike::SpiAllocator spis(1);
  spis.set_slots(4);
  const std::uint32_t a = *spis.allocate(100), b = *spis.allocate(100);
  spis.release(ike::SpiAllocator::slot_of(b));
  spis.release(ike::SpiAllocator::slot_of(a));
  EXPECT_EQ(ike::SpiAllocator::slot_of(*spis.allocate(100)), 3U);
  EXPECT_EQ(*spis.allocate(500), b + 1);
  EXPECT_EQ(*spis.allocate(500), a + 1);
  EXPECT_FALSE(spis.allocate(1));
}

TEST(SpiAllocator, AnSpiComesBackAfterAllGenerations) {
  ike::SpiAllocator spis(1);
  spis.set_slots(2);
  std::set<std::uint32_t> seen;
  for (unsigned i = 0; i < 1023; ++i) {
    const std::uint32_t spi = *spis.allocate(17);
    EXPECT_TRUE(seen.insert(spi).second);
    EXPECT_EQ(spis.allocate(17), std::nullopt);
    spis.release(1);
  }
  EXPECT_FALSE(seen.insert(*spis.allocate(17)).second);
}

TEST(SpiAllocator, ReservedSlotsAreSkippedAndKeepTheirGeneration) {
  ike::SpiAllocator spis(1);
  spis.set_slots(4);
  const std::uint32_t theirs = 1U << 28U | 2U << 10U | 77U;
  spis.reserve(2, theirs);
  spis.reserve(2, 0);
  EXPECT_EQ(ike::SpiAllocator::slot_of(*spis.allocate(1)), 1U);
  EXPECT_EQ(ike::SpiAllocator::slot_of(*spis.allocate(1)), 3U);
  EXPECT_FALSE(spis.allocate(1));
  spis.release(2);
  EXPECT_EQ(*spis.allocate(1), theirs + 1);
  spis.release(9);  // was never taken
  EXPECT_FALSE(spis.allocate(1));
}

ike::JournalEntry entry(const wire::IpAddress& from, std::string text, std::uint16_t port = 1) {
  return {.when = TimePoint(1h),
          .remote = {from, port},
          .good = false,
          .exchange = "main mode",
          .text = std::move(text)};
}

TEST(Journal, KeepsTheLastFewOfTheLastAddresses) {
  ike::Journal journal;
  for (std::uint32_t i = 0; i < 3000; ++i) journal.add(entry(wire::IpAddress::v4(i), "x"));
  EXPECT_EQ(journal.latest(10000).size(), ike::Journal::most_addresses);
  EXPECT_TRUE(journal.of(wire::IpAddress::v4(3000 - ike::Journal::most_addresses - 1)).empty());
  EXPECT_EQ(journal.of(wire::IpAddress::v4(2999)).size(), 1U);
  for (unsigned i = 0; i < 100; ++i) journal.add(entry(wire::IpAddress::v4(2500), fmt::format("{}", i)));
  const auto of = journal.of(wire::IpAddress::v4(2500));
  ASSERT_EQ(of.size(), ike::Journal::most_entries);
  EXPECT_EQ(of.front().text, "88");
  EXPECT_EQ(of.back().text, "99");
  EXPECT_EQ(journal.latest(1).front().text, "99");
}

TEST(Journal, CountsWhatIsSaidAgain) {
  ike::Journal journal;
  for (unsigned i = 0; i < 5; ++i) journal.add(entry(wire::IpAddress::v4(1), "same"));
  journal.add(entry(wire::IpAddress::v4(1), "same", 2));
  const auto of = journal.of(wire::IpAddress::v4(1));
  ASSERT_EQ(of.size(), 2U);
  EXPECT_EQ(of.front().count, 5U);
}

ike::HalfOpen half_open(std::uint64_t cookie, std::uint32_t from, TimePoint since,
                        std::size_t sa_bytes = 40) {
  ike::HalfOpen record;
  record.cookies = {cookie, cookie};
  record.path.remote = {wire::IpAddress::v4(from), 500};
  record.since = since;
  record.sa_body.resize(sa_bytes);
  return record;
}

TEST(HalfOpenTable, TheOldestGoesUnderEachCap) {
  ike::HalfOpenTable table({.total = 6, .per_address = 2, .per_network = 3, .age = 30s});
  const TimePoint now{1h};
  EXPECT_EQ(table.insert(half_open(1, 0x0a000001, now)), 0U);
  EXPECT_EQ(table.insert(half_open(2, 0x0a000001, now)), 0U);
  EXPECT_EQ(table.insert(half_open(3, 0x0a000001, now)), 1U);
  EXPECT_EQ(table.find({1, 1}), nullptr);
  EXPECT_EQ(table.insert(half_open(4, 0x0a000002, now)), 0U);
  EXPECT_EQ(table.insert(half_open(5, 0x0a000003, now)), 1U);  // of the /24
  EXPECT_EQ(table.find({2, 2}), nullptr);
  for (std::uint64_t i = 6; i < 9; ++i)
    EXPECT_EQ(table.insert(half_open(i, 0x0b000000U << (i - 6), now)), 0U);
  EXPECT_EQ(table.insert(half_open(9, 0x0c000000, now)), 1U);
  EXPECT_EQ(table.find({3, 3}), nullptr);
  EXPECT_EQ(table.size(), 6U);
  EXPECT_NE(table.find({9, 9}), nullptr);
}

TEST(HalfOpenTable, ExpiresInOrder) {
  ike::HalfOpenTable table({.total = 100, .per_address = 100, .per_network = 100, .age = 30s});
  const TimePoint now{1h};
  for (std::uint64_t i = 0; i < 10; ++i) table.insert(half_open(i, 1, now + std::chrono::seconds(i)));
  EXPECT_TRUE(table.expire(now + 29s).empty());
  EXPECT_EQ(table.expire(now + 34s).size(), 5U);
  table.erase({5, 5});
  table.erase({77, 77});
  EXPECT_EQ(table.size(), 4U);
  EXPECT_EQ(table.expire(now + 1h).size(), 4U);
}

std::size_t allocated() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

// Under AddressSanitizer malloc() is another one.
bool heap_is_not_counted() {
  const std::size_t before = mallinfo2().uordblks;
  const std::vector<std::byte> some(100000);
  return mallinfo2().uordblks < before + some.size();
}

TEST(Memory, OfAHalfOpenRecordIsAKilobyteAtMost) {
  if (heap_is_not_counted()) GTEST_SKIP() << "AddressSanitizer's heap is not counted by mallinfo2()";
  constexpr std::size_t records = 20000;
  const std::size_t before = allocated();
  ike::HalfOpenTable table({.total = records, .per_address = records, .per_network = records, .age = 30s});
  for (std::uint64_t i = 0; i < records; ++i)
    table.insert(half_open(i, static_cast<std::uint32_t>(i), TimePoint(1h), ike::HalfOpen::most_sa_bytes));
  const std::size_t each = (allocated() - before) / records;
  RecordProperty("half_open_bytes", static_cast<int>(each));
  fmt::print("a half-open record with the largest offer takes {} bytes\n", each);
  EXPECT_GT(each, ike::HalfOpen::most_sa_bytes);
  EXPECT_LE(each, 1024U);
}

// Secrets lie in pages of their own, which mallinfo does not see: they are added up.
std::size_t secret_bytes(const ike::Peer& peer) {
  const auto rounded = [](std::size_t bytes) { return (bytes + 63) / 64 * 64; };
  std::size_t sum = 0;
  for (const auto& sa : peer.ike_sas) {
    for (const auto* key : {&sa->keys.skeyid_d, &sa->keys.skeyid_a, &sa->keys.skeyid_e, &sa->keys.cipher_key})
      sum += rounded(key->size());
  }
  for (const auto& pair : peer.pairs) sum += rounded(pair->key_in.size()) + rounded(pair->key_out.size());
  return sum;
}

TEST(Memory, OfAnEstablishedPeerIsEightKilobytesAtMost) {
  if (heap_is_not_counted()) GTEST_SKIP() << "AddressSanitizer's heap is not counted by mallinfo2()";
  constexpr std::size_t peers = 2000;
  IkeNode gateway(gateway_settings());
  gateway.core.set_slots(peers + 1, {});
  const std::size_t before = allocated();
  for (std::uint32_t i = 0; i < peers; ++i) {
    auto options = client_options();
    options.seed = i;
    Dialled dialled(gateway, std::move(options), wire::IpAddress::v4(0x0b000000 + i).to_string());
    ASSERT_TRUE(dialled.main_mode());
    IkeClient::Quick quick;
    ASSERT_TRUE(dialled.quick_mode(quick));
    (void)gateway.core.take_changed_peers();
  }
  // What the fixture and the journal, which is bounded by itself, hold on their own.
  gateway.reports = {};
  gateway.saved_keys = {};
  gateway.installed.clear();
  gateway.outbound.clear();
  malloc_trim(0);
  const std::size_t used = allocated() - before;
  std::size_t secrets = 0;
  for (const auto& [id, peer] : gateway.core.peers()) secrets += secret_bytes(*peer);
  const std::size_t each = (used + secrets) / peers;
  RecordProperty("peer_bytes", static_cast<int>(each));
  fmt::print("an established peer with one pair takes {} bytes, {} of them for secrets\n", each,
             secrets / peers);
  EXPECT_EQ(gateway.core.peers().size(), peers);
  EXPECT_GT(each, 500U);
  EXPECT_LE(each, 8192U);
}

}  // namespace
}  // namespace espgate::test
