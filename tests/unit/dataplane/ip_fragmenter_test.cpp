// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/ip_fragmenter.h"

#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/ip_reassembler.h"
#include "tests/unit/dataplane/test_gateway.h"
#include "wire/ipv4.h"

#include <algorithm>
#include <array>
#include <optional>
#include <random>

#include <gtest/gtest.h>

namespace espgate::dataplane::dpdk {
namespace {

using test::Datagram;

class IpFragmenterTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(start_without_ports(96)); }

  void SetUp() override {
    static int serial = 0;
    pool_.emplace(std::move(
        *BufferPool::create("fragmenter-" + std::to_string(serial++), {.ordinary = 255, .large = 7})));
  }
  void TearDown() override {
    pool_->release(out_);
    EXPECT_EQ(pool_->in_use(), 0u) << "buffers leaked";
  }

  // A packet with these header bytes behind the fixed 20, as options.
  static Datagram packet(std::size_t payload, const std::vector<unsigned>& options = {},
                         const wire::Ipv4Fields& fields = {}) {
    Datagram bytes = test::inner_packet(0x0a1e0009, 0x0a280005, payload - 8);
    wire::Ipv4Fields header = fields;
    header.total_length = bytes.size() + options.size();
    header.identification = 0x1234;
    header.protocol = wire::ip_protocol_udp;
    header.ttl = 61;
    header.source = 0x0a1e0009;
    header.destination = 0x0a280005;
    wire::build_ipv4(bytes, header);
    bytes[0] = std::byte(0x45 + options.size() / 4);
    std::vector<std::byte> text;
    for (const unsigned option : options) text.push_back(std::byte(option));
    bytes.insert(bytes.begin() + 20, text.begin(), text.end());
    return bytes;
  }

  tl::expected<unsigned, DropReason> split(const Datagram& bytes, std::uint16_t mtu, unsigned first = 0) {
    pool_->release(out_);
    buffers_.fill(in_, {bytes});
    in_[0].session = &session_;
    in_[0].next_hop = 7;
    const unsigned expected = IpFragmenter::count(in_[0], mtu);
    const auto count = IpFragmenter(*pool_).split(in_[0], mtu, out_, first);
    EXPECT_EQ(count.value_or(expected), expected);
    if (first == 0) out_.reset(count.value_or(0));
    return count;
  }
  std::vector<Datagram> fragments(const Datagram& bytes, std::uint16_t mtu) {
    EXPECT_TRUE(split(bytes, mtu));
    return test::live_bytes(out_);
  }

  // Puts the payload together, checking each header; what an attentive receiver would do.
  static Datagram payload_of(const std::vector<Datagram>& pieces, std::size_t mtu, std::size_t base = 0,
                             bool more = false) {
    Datagram payload;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const auto ip = wire::Ipv4Packet::parse(pieces[i]);
      EXPECT_TRUE(ip);
      EXPECT_LE(pieces[i].size(), mtu);
      EXPECT_EQ(ip->total_length(), pieces[i].size());
      EXPECT_TRUE(ip->header_checksum_valid());
      EXPECT_EQ(ip->fragment_offset(), base + payload.size());
      EXPECT_EQ(ip->more_fragments(), more || i + 1 < pieces.size());
      EXPECT_EQ(ip->identification(), 0x1234);
      EXPECT_EQ(ip->ttl(), 61);
      EXPECT_EQ(ip->source(), 0x0a1e0009u);
      EXPECT_EQ(ip->destination(), 0x0a280005u);
      payload.insert(payload.end(), ip->payload().begin(), ip->payload().end());
    }
    return payload;
  }
  static Datagram payload_of(const Datagram& whole) {
    const auto ip = wire::Ipv4Packet::parse(whole);
    return {ip->payload().begin(), ip->payload().end()};
  }

  std::optional<BufferPool> pool_;
  Session session_;
  test::Buffers buffers_;
  Burst in_, out_;
};

TEST_F(IpFragmenterTest, the_fragments_make_the_packet_again_at_every_size) {
  for (std::size_t payload = 8; payload < 3000; payload += 7)
    for (const std::uint16_t mtu : std::array<std::uint16_t, 4>{68, 100, 1404, 1500}) {
      if (payload / 48 + 1 > max_burst && mtu < 100) continue;
      const Datagram whole = packet(payload);
      const auto pieces = fragments(whole, mtu);
      ASSERT_EQ(payload_of(pieces, mtu), payload_of(whole)) << payload << " in " << mtu;
    }
}

TEST_F(IpFragmenterTest, no_more_fragments_than_needed) {
  EXPECT_EQ(fragments(packet(1384), 1404).size(), 1u) << "fits just so";
  EXPECT_EQ(fragments(packet(1385), 1404).size(), 2u);
  EXPECT_EQ(fragments(packet(2 * 1384), 1404).size(), 2u);
  EXPECT_EQ(fragments(packet(2 * 1384 + 1), 1404).size(), 3u);
}

TEST_F(IpFragmenterTest, each_fragment_keeps_its_way_and_has_room_for_an_encapsulation) {
  ASSERT_TRUE(split(packet(2000), 800));
  for (const Packet& fragment : out_.live()) {
    EXPECT_EQ(fragment.session, &session_);
    EXPECT_EQ(fragment.next_hop, 7);
    EXPECT_EQ(fragment.ether_type, 0x0800);
    EXPECT_GE(fragment.headroom, 192);
    EXPECT_GE(fragment.tailroom, 128);
  }
}

TEST_F(IpFragmenterTest, options_with_the_copied_flag_are_in_all_fragments_others_in_the_first_only) {
  // No operation, stream id (copied), timestamp (not copied), router alert (copied), end.
  const std::vector<unsigned> options = {1, 136, 4, 0xab, 0xcd, 68, 4, 5, 0, 148, 4, 0, 0, 0, 0, 0};
  const Datagram whole = packet(1000, options);
  const auto pieces = fragments(whole, 300);
  ASSERT_GT(pieces.size(), 3u);
  EXPECT_EQ(payload_of(pieces, 300), payload_of(whole));
  EXPECT_TRUE(std::equal(pieces[0].begin() + 20, pieces[0].begin() + 36, whole.begin() + 20));
  const std::vector<unsigned> copied = {136, 4, 0xab, 0xcd, 148, 4, 0, 0};
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    const auto ip = wire::Ipv4Packet::parse(pieces[i]);
    ASSERT_EQ(ip->header_length(), 28u);
    for (std::size_t j = 0; j < copied.size(); ++j) EXPECT_EQ(pieces[i][20 + j], std::byte(copied[j]));
  }
}

TEST_F(IpFragmenterTest, copied_options_of_odd_length_are_filled_up_with_zeros) {
  const auto pieces = fragments(packet(1000, {131, 3, 4, 7, 1, 1, 1, 0}), 300);
  const auto ip = wire::Ipv4Packet::parse(pieces[1]);
  ASSERT_EQ(ip->header_length(), 24u);
  EXPECT_EQ(pieces[1][22], std::byte{4});
  EXPECT_EQ(pieces[1][23], std::byte{0});
}

TEST_F(IpFragmenterTest, options_that_do_not_hold_together_end_the_copying) {
  for (const std::vector<unsigned>& options :
       std::vector<std::vector<unsigned>>{{136, 1, 0, 0}, {136, 0, 0, 0}, {136, 200, 0, 0}, {1, 1, 1, 136}}) {
    const Datagram whole = packet(1000, options);
    const auto pieces = fragments(whole, 300);
    EXPECT_EQ(payload_of(pieces, 300), payload_of(whole));
    EXPECT_EQ(wire::Ipv4Packet::parse(pieces[1])->header_length(), 20u);
  }
}

TEST_F(IpFragmenterTest, fragments_are_fragmented_further) {
  for (const bool more : {true, false}) {
    const Datagram middle = packet(1200, {}, {.more_fragments = more, .fragment_offset = 2960});
    EXPECT_EQ(payload_of(fragments(middle, 500), 500, 2960, more), payload_of(middle));
  }
}

TEST_F(IpFragmenterTest, the_reassembler_takes_what_the_fragmenter_makes) {
  const Datagram whole = packet(5000, {148, 4, 0, 0});
  auto reassembler = std::move(*IpReassembler::create(*pool_, 4));
  ASSERT_TRUE(split(whole, 1404));
  Packet* last = nullptr;
  for (Packet& fragment : out_.live()) {
    const auto outcome = reassembler->add(out_, fragment);
    last = &fragment;
    if (outcome == Reassembler::Outcome::complete) break;
    ASSERT_EQ(outcome, Reassembler::Outcome::held);
  }
  ASSERT_TRUE(last != nullptr);
  EXPECT_EQ(payload_of(Datagram(last->data, last->data + last->length)), payload_of(whole));
}

TEST_F(IpFragmenterTest, what_may_not_or_can_not_be_split_is_refused) {
  const auto df = packet(1000, {}, {.dont_fragment = true});
  EXPECT_EQ(split(df, 500), tl::unexpected(DropReason::too_big));
  EXPECT_EQ(split(packet(1000), 27), tl::unexpected(DropReason::too_big)) << "no room for 8 bytes";
  EXPECT_EQ(split(packet(1000, {148, 4, 0, 0}), 31), tl::unexpected(DropReason::too_big));
  EXPECT_EQ(split(packet(4000), 68), tl::unexpected(DropReason::too_big)) << "more than a burst";
  EXPECT_EQ(split(packet(1001, {}, {.more_fragments = true}), 500),
            tl::unexpected(DropReason::inner_ip_malformed));
  EXPECT_EQ(split(packet(1000, {}, {.fragment_offset = 65528}), 500),
            tl::unexpected(DropReason::inner_ip_malformed));
  EXPECT_EQ(split(Datagram(10), 500), tl::unexpected(DropReason::inner_ip_malformed));
  EXPECT_EQ(IpFragmenter::count(in_[0], 500), 0u);
}

TEST_F(IpFragmenterTest, behind_other_packets_there_must_be_places_left) {
  EXPECT_EQ(split(packet(1000), 500, max_burst - 2), tl::unexpected(DropReason::too_big));
  const auto count = split(packet(1000), 500, max_burst - 3);
  ASSERT_TRUE(count);
  EXPECT_EQ(*count, 3u);
  out_.reset(max_burst);
}

TEST_F(IpFragmenterTest, when_buffers_run_short_nothing_is_kept) {
  std::vector<std::unique_ptr<Burst>> hoard;
  unsigned taken = 0;
  for (; taken < 253; ++taken) {
    if (taken % max_burst == 0) hoard.push_back(std::make_unique<Burst>());
    hoard.back()->reset(max_burst);
    ASSERT_TRUE(pool_->attach(*hoard.back(), taken % max_burst, 100, 128));
  }
  EXPECT_EQ(split(packet(1000), 300), tl::unexpected(DropReason::buffer_shortage));
  EXPECT_EQ(pool_->in_use(), taken);
  EXPECT_TRUE(split(packet(500), 300)) << "two are left";
  for (auto& burst : hoard) pool_->release(*burst);
}

TEST_F(IpFragmenterTest, random_options_and_sizes_never_break_the_payload) {
  std::mt19937 random(11);
  for (int i = 0; i < 3000; ++i) {
    std::vector<unsigned> options(random() % 11 * 4);
    for (unsigned& option : options) option = random() % 4 == 0 ? random() & 0xff : random() % 2;
    const Datagram whole = packet(8 + random() % 3000, options);
    const auto mtu = static_cast<std::uint16_t>(140 + random() % 1400);
    ASSERT_EQ(payload_of(fragments(whole, mtu), mtu), payload_of(whole));
  }
}

}  // namespace
}  // namespace espgate::dataplane::dpdk
