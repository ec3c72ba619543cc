// SPDX-License-Identifier: Apache-2.0
#include "control/dial/traffic_meter.h"

#include <array>
#include <memory>

#include <gtest/gtest.h>

namespace espgate::control::test {
namespace {

class TrafficMeterTest : public testing::Test {
 protected:
  void pair(std::uint32_t slot) {
    peer_.pairs.push_back(std::make_unique<ike::SaPair>());
    peer_.pairs.back()->slot = slot;
  }
  void count(std::uint32_t slot, std::uint64_t in, std::uint64_t out) {
    progress_.at(slot).inbound_packets = in;
    progress_.at(slot).inbound_bytes = in * 100;
    progress_.at(slot).outbound_packets = out;
    progress_.at(slot).outbound_bytes = out * 100;
  }
  Traffic total() {
    meter_.read(peer_, progress_);
    return meter_.total();
  }

  ike::Peer peer_;
  std::array<channel::SaProgress, 8> progress_{};
  TrafficMeter meter_;
};

TEST_F(TrafficMeterTest, sums_all_sas_of_a_client) {
  EXPECT_EQ(total(), Traffic{});
  pair(1);
  pair(2);
  count(1, 10, 20);
  count(2, 1, 2);
  EXPECT_EQ(total(), (Traffic{11, 1100, 22, 2200}));
}

TEST_F(TrafficMeterTest, keeps_what_an_sa_has_carried_that_is_gone) {
  pair(1);
  count(1, 10, 20);
  (void)total();
  peer_.pairs.clear();
  pair(2);
  count(2, 1, 2);
  EXPECT_EQ(total(), (Traffic{11, 1100, 22, 2200}));
  EXPECT_EQ(total(), (Traffic{11, 1100, 22, 2200})) << "once";
}

TEST_F(TrafficMeterTest, goes_on_where_a_counter_begins_anew) {
  pair(1);
  count(1, 10, 20);
  (void)total();
  count(1, 0, 0);
  EXPECT_EQ(total(), (Traffic{10, 1000, 20, 2000}));
  count(1, 3, 4);
  EXPECT_EQ(total(), (Traffic{13, 1300, 24, 2400}));
}

TEST_F(TrafficMeterTest, is_continued_by_the_next_process) {
  pair(1);
  count(1, 10, 20);
  (void)total();
  peer_.pairs.clear();
  pair(2);
  count(2, 5, 5);
  (void)total();
  SecretEncoder out;
  meter_.encode(out);
  Decoder in(out.result());
  TrafficMeter next;
  next.decode(in);
  ASSERT_TRUE(in.ok());
  count(2, 6, 7);
  next.read(peer_, progress_);
  EXPECT_EQ(next.total(), (Traffic{16, 1600, 27, 2700}));
}

TEST_F(TrafficMeterTest, a_slot_out_of_range_is_not_read) {
  pair(99);
  EXPECT_EQ(total(), Traffic{});
}

}  // namespace
}  // namespace espgate::control::test
