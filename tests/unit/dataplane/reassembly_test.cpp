// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/ip_reassembler.h"
#include "tests/unit/dataplane/test_gateway.h"
#include "wire/ipv4.h"

#include <algorithm>
#include <optional>
#include <random>

#include <gtest/gtest.h>

namespace espgate::dataplane::dpdk {
namespace {

using test::Datagram;

struct Fragment {
  std::size_t offset;
  std::size_t length;
  bool more;
};

class ReassemblyTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(start_without_ports(96)); }

  void SetUp() override {
    static int serial = 0;
    auto pool = BufferPool::create("reassembly-" + std::to_string(serial++), {.ordinary = 512, .large = 64});
    ASSERT_TRUE(pool) << pool.error();
    pool_.emplace(std::move(*pool));
    reassembler_ = std::move(*IpReassembler::create(*pool_, 16));
  }
  void TearDown() override {
    reassembler_.reset();
    EXPECT_EQ(pool_->in_use(), 0u) << "buffers leaked";
  }

  // One fragment of the datagram `payload_`, with link padding behind it when it is short.
  Datagram fragment(const Fragment& part, std::uint16_t id = 1) const {
    Datagram packet(20 + part.length);
    wire::build_ipv4(packet, {.total_length = packet.size(),
                              .identification = id,
                              .more_fragments = part.more,
                              .fragment_offset = part.offset,
                              .protocol = wire::ip_protocol_esp,
                              .source = 1,
                              .destination = 2});
    std::copy_n(payload_.begin() + static_cast<std::ptrdiff_t>(part.offset), part.length,
                packet.begin() + 20);
    if (packet.size() < 46) packet.resize(46, std::byte{0xcc});
    return packet;
  }

  Reassembler::Outcome add(const Datagram& packet) {
    pool_->release(burst_);
    burst_.reset(1);
    EXPECT_TRUE(pool_->attach(burst_, 0, static_cast<std::uint32_t>(packet.size()), 128));
    std::copy(packet.begin(), packet.end(), burst_[0].data);
    const auto outcome = reassembler_->add(burst_, burst_[0]);
    if (outcome == Reassembler::Outcome::complete)
      whole_ = Datagram(burst_[0].data, burst_[0].data + burst_[0].length);
    pool_->release(burst_);
    return outcome;
  }

  Datagram payload_ = [] {
    Datagram bytes(4000);
    std::mt19937 random(3);
    for (auto& byte : bytes) byte = std::byte(random() & 0xff);
    return bytes;
  }();
  std::optional<BufferPool> pool_;
  std::unique_ptr<IpReassembler> reassembler_;
  Burst burst_;
  std::optional<Datagram> whole_;
};

using enum Reassembler::Outcome;

TEST_F(ReassemblyTest, fragments_in_any_order_make_one_contiguous_datagram) {
  std::vector<Fragment> parts = {{0, 1480, true}, {1480, 1480, true}, {2960, 1033, false}};
  std::sort(parts.begin(), parts.end(), [](auto& a, auto& b) { return a.offset < b.offset; });
  do {
    whole_.reset();
    for (std::size_t i = 0; i < parts.size(); ++i)
      EXPECT_EQ(add(fragment(parts[i])), i + 1 == parts.size() ? complete : held);
    ASSERT_TRUE(whole_);
    const auto ip = wire::Ipv4Packet::parse(*whole_);
    ASSERT_TRUE(ip);
    EXPECT_FALSE(ip->is_fragment());
    EXPECT_TRUE(
        std::equal(ip->payload().begin(), ip->payload().end(), payload_.begin(), payload_.begin() + 3993));
  } while (std::next_permutation(parts.begin(), parts.end(),
                                 [](auto& a, auto& b) { return a.offset < b.offset; }));
}

TEST_F(ReassemblyTest, link_padding_of_a_short_last_fragment_is_not_part_of_it) {
  EXPECT_EQ(add(fragment({0, 1480, true})), held);
  EXPECT_EQ(add(fragment({1480, 3, false})), complete);
  EXPECT_EQ(whole_->size(), 20u + 1483u);
}

TEST_F(ReassemblyTest, datagrams_with_other_identifications_do_not_mix) {
  EXPECT_EQ(add(fragment({0, 800, true}, 1)), held);
  EXPECT_EQ(add(fragment({800, 800, false}, 2)), held);
  EXPECT_EQ(add(fragment({800, 700, false}, 1)), complete);
  EXPECT_EQ(whole_->size(), 20u + 1500u);
}

TEST_F(ReassemblyTest, fragments_that_make_no_sense_are_refused) {
  EXPECT_EQ(add(fragment({0, 0, true})), malformed);
  EXPECT_EQ(add(fragment({0, 1001, true})), malformed) << "not a multiple of 8";
  auto beyond = fragment({0, 1480, false});
  wire::store_big_endian(beyond.data() + 6, std::uint16_t{0x1fff});
  EXPECT_EQ(add(beyond), malformed) << "reaches beyond 65535 bytes";
}

TEST_F(ReassemblyTest, a_duplicate_fragment_changes_nothing) {
  EXPECT_EQ(add(fragment({0, 800, true})), held);
  EXPECT_EQ(add(fragment({0, 800, true})), duplicate);
  EXPECT_EQ(add(fragment({1600, 100, false})), held);
  EXPECT_EQ(add(fragment({1600, 100, false})), duplicate);
  EXPECT_EQ(add(fragment({800, 800, true})), complete);
  EXPECT_EQ(whole_->size(), 20u + 1700u);
  EXPECT_EQ(add(fragment({800, 800, true})), held) << "the datagram is complete, so this begins another";
}

TEST_F(ReassemblyTest, overlapping_fragments_never_become_a_datagram) {
  EXPECT_EQ(add(fragment({0, 800, true})), held);
  EXPECT_EQ(add(fragment({400, 800, true})), held);
  EXPECT_NE(add(fragment({1200, 400, false})), complete);
  EXPECT_FALSE(whole_);
}

TEST_F(ReassemblyTest, what_does_not_come_in_time_is_let_go_and_counted) {
  reassembler_->set_time(1'000'000'000);
  EXPECT_EQ(add(fragment({0, 800, true})), held);
  reassembler_->set_time(2'000'000'000);
  EXPECT_EQ(reassembler_->timed_out(), 0u);
  reassembler_->set_time(2'000'000'000 + IpReassembler::patience_nanoseconds);
  EXPECT_EQ(reassembler_->timed_out(), 1u);
  EXPECT_EQ(add(fragment({800, 800, false})), held) << "the other half alone completes nothing";
}

TEST_F(ReassemblyTest, a_flood_of_first_fragments_stays_within_the_cap) {
  for (std::uint16_t id = 0; id < 1000; ++id) add(fragment({0, 800, true}, id));
  EXPECT_LE(pool_->in_use(), 64u);
}

TEST_F(ReassemblyTest, random_fragments_never_give_wrong_bytes) {
  std::mt19937 random(9);
  for (int i = 0; i < 20000; ++i) {
    const std::size_t offset = random() % 400 * 8;
    const bool more = random() % 4 != 0;
    const std::size_t length = more ? (1 + random() % 90) * 8 : 1 + random() % 720;
    reassembler_->set_time(static_cast<std::uint64_t>(i) * 100'000'000);
    if (add(fragment({offset, length, more}, static_cast<std::uint16_t>(random() % 4))) != complete) continue;
    const auto ip = wire::Ipv4Packet::parse(*whole_);
    ASSERT_TRUE(ip && !ip->is_fragment());
    ASSERT_TRUE(std::equal(ip->payload().begin(), ip->payload().end(), payload_.begin()));
  }
}

}  // namespace
}  // namespace espgate::dataplane::dpdk
