// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/capture.h"

#include "dataplane/dpdk/buffer.h"
#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/sa.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace espgate::dataplane::live {
namespace {

constexpr std::uint8_t outside = 0;
constexpr std::uint8_t inside = 1;

class CaptureTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(dpdk::start_without_ports(64)); }
  CaptureTest() : pool_(*dpdk::BufferPool::create("capture", {.ordinary = 256, .large = 4})) {}
  ~CaptureTest() override { pool_.release(burst_); }

  // A burst of packets of these lengths, filled with their index, that came by `port`.
  void receive(const std::vector<std::uint32_t>& lengths, std::uint8_t port = outside) {
    pool_.release(burst_);
    burst_.reset(static_cast<unsigned>(lengths.size()));
    for (unsigned i = 0; i < lengths.size(); ++i) {
      ASSERT_TRUE(pool_.attach(burst_, i, lengths[i], 128));
      std::fill_n(burst_[i].data, lengths[i], std::byte(i));
      (void)dpdk::adopt(burst_, i, dpdk::detach(burst_, i, {.port = port}));
    }
  }

  // What lies in the tap: length of each packet and its first byte.
  static std::vector<std::pair<std::uint32_t, unsigned>> drain(CaptureTap& tap) {
    std::vector<std::pair<std::uint32_t, unsigned>> all;
    while (const auto view = tap.front()) {
      all.emplace_back(view->packet.length, std::to_integer<unsigned>(view->bytes.front()));
      tap.pop();
    }
    return all;
  }

  dpdk::BufferPool pool_;
  Burst burst_;
  NextHopTable hops_;
};

using Captured = std::vector<std::pair<std::uint32_t, unsigned>>;

TEST_F(CaptureTest, takes_what_comes_by_the_outside_port_and_nothing_else) {
  CaptureTap tap({.point = CapturePoint::outside_rx, .outside_port = outside, .hops = &hops_, .slots = 16});
  receive({60, 1400});
  tap.after(Stage::rx, burst_);
  tap.after(Stage::link_pull, burst_);
  receive({100}, inside);
  tap.after(Stage::rx, burst_);
  receive({});
  tap.after(Stage::rx, burst_);
  EXPECT_EQ(drain(tap), (Captured{{60, 0}, {1400, 1}}));
  EXPECT_EQ(tap.missed(), 0u);
}

TEST_F(CaptureTest, counts_what_finds_no_slot_and_goes_on_when_there_is_room) {
  CaptureTap tap({.point = CapturePoint::outside_rx, .outside_port = outside, .hops = &hops_, .slots = 4});
  receive({60, 61, 62, 63, 64, 65, 66});
  tap.after(Stage::rx, burst_);
  EXPECT_EQ(tap.missed(), 3u);
  EXPECT_EQ(drain(tap), (Captured{{60, 0}, {61, 1}, {62, 2}, {63, 3}}));
  tap.after(Stage::rx, burst_);
  EXPECT_EQ(tap.missed(), 6u);
  EXPECT_EQ(drain(tap).size(), 4u);
}

TEST_F(CaptureTest, keeps_the_beginning_of_a_packet_that_is_longer_than_a_slot) {
  CaptureTap tap({.point = CapturePoint::outside_rx,
                  .outside_port = outside,
                  .hops = &hops_,
                  .slots = 4,
                  .snap_bytes = 100});
  receive({99, 100, 1500});
  tap.after(Stage::rx, burst_);
  for (const std::uint32_t captured : {99U, 100U, 100U}) {
    ASSERT_TRUE(tap.front());
    EXPECT_EQ(tap.front()->bytes.size(), captured);
    EXPECT_TRUE(std::ranges::all_of(tap.front()->bytes,
                                    [&](std::byte each) { return each == tap.front()->bytes.front(); }));
    tap.pop();
  }
}

TEST_F(CaptureTest, decrypted_packets_come_with_their_sa_and_with_what_the_check_of_their_source_dropped) {
  CaptureTap tap({.point = CapturePoint::decrypted, .hops = &hops_, .slots = 16});
  InboundSa sa(64);
  sa.spi = 0x1234;
  receive({200, 201, 202, 203});
  for (unsigned i = 0; i < 4; ++i) {
    burst_[i].inbound_sa = &sa;
    burst_[i].sequence = 70 + i;
  }
  burst_.drop(burst_[0], DropReason::esp_bad_icv);
  tap.after(Stage::ppp_pull, burst_);
  burst_.drop(burst_[2], DropReason::inner_source_spoofed);
  tap.after(Stage::ip_input, burst_);

  ASSERT_TRUE(tap.front());
  EXPECT_EQ(tap.front()->packet.length, 201u);
  EXPECT_EQ(tap.front()->packet.spi, 0x1234u);
  EXPECT_EQ(tap.front()->packet.sequence, 71u);
  EXPECT_FALSE(tap.front()->packet.dropped);
  tap.pop();
  ASSERT_TRUE(tap.front());
  EXPECT_EQ(tap.front()->packet.length, 202u);
  EXPECT_EQ(tap.front()->packet.dropped, DropReason::inner_source_spoofed);
  tap.pop();
  EXPECT_EQ(drain(tap), (Captured{{203, 3}}));
}

TEST_F(CaptureTest, before_encryption_only_what_will_be_encrypted) {
  CaptureTap tap({.point = CapturePoint::before_encrypt, .hops = &hops_, .slots = 16});
  OutboundSa sa;
  sa.spi = 0x99;
  receive({300, 301, 302, 303});
  for (const unsigned i : {0U, 2U, 3U}) burst_[i].outbound_sa = &sa;
  tap.after(Stage::mss_clamp, burst_);
  burst_.drop(burst_[2], DropReason::too_big);
  burst_.punt(burst_[3], Punt::fragment);  // its fragments come by here themselves
  tap.after(Stage::mtu_check, burst_);

  ASSERT_TRUE(tap.front());
  EXPECT_EQ(tap.front()->packet.spi, 0x99u);
  EXPECT_EQ(tap.front()->packet.sequence, 0u);  // none was given yet
  EXPECT_EQ(drain(tap), (Captured{{300, 0}, {302, 2}}));
}

TEST_F(CaptureTest, of_what_is_sent_only_what_leaves_by_the_outside_port) {
  const NextHopId out = hops_.allocate({.port = outside, .state = NextHop::State::resolved});
  const NextHopId in = hops_.allocate({.port = inside, .state = NextHop::State::resolved});
  CaptureTap tap({.point = CapturePoint::outside_tx, .outside_port = outside, .hops = &hops_, .slots = 16});
  receive({400, 401, 402});
  burst_[0].next_hop = in;
  burst_[1].next_hop = burst_[2].next_hop = out;
  burst_.drop(burst_[2], DropReason::port_down);
  tap.after(Stage::link_push, burst_);
  EXPECT_EQ(drain(tap), (Captured{{401, 1}}));
}

TEST_F(CaptureTest, does_not_look_at_sas_of_packets_that_have_none) {
  CaptureTap tap({.point = CapturePoint::outside_tx,
                  .outside_port = outside,
                  .hops = &hops_,
                  .slots = 4,
                  .knows_sas = false});
  receive({60});
  burst_[0].next_hop = hops_.allocate({.port = outside, .state = NextHop::State::resolved});
  // What the manager's burst may hold of another packet, which is long gone.
  OutboundSa gone;
  gone.spi = 0x99;
  burst_[0].outbound_sa = &gone;
  tap.after(Stage::link_push, burst_);
  ASSERT_TRUE(tap.front());
  EXPECT_EQ(tap.front()->packet.spi, 0u);
}

}  // namespace
}  // namespace espgate::dataplane::live
