// SPDX-License-Identifier: Apache-2.0
#include "dataplane/stages/rate_limit.h"

#include "dataplane/session.h"
#include "dataplane/session_state.h"
#include "tests/unit/dataplane/test_burst.h"

#include <gtest/gtest.h>

namespace espgate::dataplane::test {
namespace {

// Lets through so many bytes, ever, and remembers the time that it was told last.
class Allowance final : public RateMeter {
 public:
  explicit Allowance(std::uint32_t bytes) : left(bytes) {}

  bool pass(std::uint32_t bytes, std::uint64_t now) noexcept override {
    told = now;
    if (bytes > left) return false;
    left -= bytes;
    return true;
  }

  std::uint32_t left;
  std::uint64_t told = 0;
};

class RateLimitTest : public testing::Test {
 protected:
  RateLimitTest() { limited_.state = &state_; }

  // Packets of 100 bytes of this session; nullptr: of none.
  static void prepare(TestBurst& packets, std::initializer_list<Session*> sessions) {
    unsigned i = 0;
    for (Session* session : sessions) packets.burst[i++].session = session;
  }
  static std::vector<Datagram> datagrams(std::size_t count) {
    return std::vector<Datagram>(count, Datagram(100, std::byte{0x45}));
  }
  static Allowance& set(RateLimit& limit, std::uint32_t bytes) {
    auto made = std::make_unique<Allowance>(bytes);
    Allowance& meter = *made;
    (void)limit.exchange(std::move(made));
    return meter;
  }

  SessionState state_;
  Session limited_;
  Session free_;
};

TEST_F(RateLimitTest, what_exceeds_the_rate_is_dropped_by_name_and_counted_for_the_session) {
  set(state_.from_client, 250);
  TestBurst packets(datagrams(4));
  prepare(packets, {&limited_, &limited_, &limited_, &limited_});
  rate_limit_from_client(packets.burst, 7);
  EXPECT_EQ(packets.outcome(0), "live");
  EXPECT_EQ(packets.outcome(1), "live");
  EXPECT_EQ(packets.outcome(2), as_text(DropReason::rate_limited));
  EXPECT_EQ(packets.outcome(3), as_text(DropReason::rate_limited));
  EXPECT_EQ(state_.from_client.dropped_packets(), 2u);
  EXPECT_EQ(state_.to_client.dropped_packets(), 0u);
}

TEST_F(RateLimitTest, each_direction_has_a_meter_of_its_own) {
  Allowance& from_client = set(state_.from_client, 0);
  Allowance& to_client = set(state_.to_client, 1000);
  TestBurst packets(datagrams(2));
  prepare(packets, {&limited_, &limited_});
  rate_limit_to_client(packets.burst, 4711);
  EXPECT_EQ(packets.burst.live_count(), 2u);
  EXPECT_EQ(to_client.left, 800u);
  EXPECT_EQ(to_client.told, 4711u);
  EXPECT_EQ(from_client.told, 0u) << "nobody has asked it";
  rate_limit_from_client(packets.burst, 4712);
  EXPECT_EQ(packets.burst.live_count(), 0u);
}

TEST_F(RateLimitTest, sessions_without_a_limit_and_packets_without_a_session_pass) {
  set(state_.from_client, 0);
  TestBurst packets(datagrams(3));
  prepare(packets, {&free_, &limited_, nullptr});
  rate_limit_from_client(packets.burst, 1);
  EXPECT_EQ(packets.outcome(0), "live");
  EXPECT_EQ(packets.outcome(1), as_text(DropReason::rate_limited));
  EXPECT_EQ(packets.outcome(2), "live");
  rate_limit_to_client(packets.burst, 1);
  EXPECT_EQ(packets.burst.live_count(), 2u) << "no rate in this direction";
}

TEST_F(RateLimitTest, another_meter_counts_from_then_on_and_the_session_goes_on_counting) {
  set(state_.to_client, 0);
  TestBurst packets(datagrams(2));
  prepare(packets, {&limited_, &limited_});
  rate_limit_to_client(packets.burst, 1);
  set(state_.to_client, 100);
  TestBurst more(datagrams(2));
  prepare(more, {&limited_, &limited_});
  rate_limit_to_client(more.burst, 2);
  EXPECT_EQ(more.burst.live_count(), 1u);
  EXPECT_EQ(state_.to_client.dropped_packets(), 3u);
  (void)state_.to_client.exchange(nullptr);
  TestBurst unlimited(datagrams(2));
  prepare(unlimited, {&limited_, &limited_});
  rate_limit_to_client(unlimited.burst, 3);
  EXPECT_EQ(unlimited.burst.live_count(), 2u);
}

}  // namespace
}  // namespace espgate::dataplane::test
