// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/replay/inspect_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::replay {
namespace {

using test::PacketBuilder;
using testing::HasSubstr;
using testing::Not;

const SaSummary& only_sa(const InspectionSummary& summary) {
  EXPECT_EQ(summary.peers.size(), 1u);
  EXPECT_EQ(summary.peers.at(0).sas.size(), 1u);
  return summary.peers.at(0).sas.at(0);
}

TEST(Inspection, FollowsTheTwoDirectionsOfAPeer) {
  InspectedFrames frames;
  frames.esp(0xaaaa, 1).esp_back(0xbbbb, 1).esp(0xaaaa, 2).esp_back(0xbbbb, 2).esp(0xaaaa, 3);
  const auto summary = frames.summary();
  ASSERT_EQ(summary.peers.size(), 1u);
  ASSERT_EQ(summary.peers[0].sas.size(), 2u);
  const auto& [there, back] = std::tie(summary.peers[0].sas[0], summary.peers[0].sas[1]);
  EXPECT_EQ(there.sa->spi, 0xaaaau);
  EXPECT_TRUE(there.from_left && !back.from_left);
  EXPECT_TRUE(there.sa->in_udp && back.sa->in_udp);
  EXPECT_EQ(there.sa->tally.packets, 3u);
  EXPECT_EQ(there.sa->tally.bytes, 3u * (20 + 8 + 8 + 18));
  EXPECT_EQ(back.sa->tally.packets, 2u);
  EXPECT_DOUBLE_EQ(summary.seconds(there.sa->last_nanoseconds), 0.004);
  EXPECT_EQ(frames.findings(), "2 SAs have no key: 0x0000aaaa, 0x0000bbbb; give a key file with --keys\n");
}

TEST(Inspection, FindsDuplicatesGapsAndDisorder) {
  InspectedFrames frames;
  frames.esp(0xaaaa, 40, "a")
      .esp(0xaaaa, 41, "b")
      .esp_back(0xbbbb, 7)
      .esp(0xaaaa, 44, "c")
      .esp(0xaaaa, 41, "b");
  frames.esp(0xaaaa, 43, "d").esp(0xaaaa, 40, "another");
  const std::string findings = frames.findings();
  EXPECT_THAT(findings, HasSubstr("SA 0x0000aaaa repeats sequence 41 (frames 2, 5): 1 duplicate\n"));
  EXPECT_THAT(findings, HasSubstr("SA 0x0000aaaa misses 1 sequence number: 42; "));
  EXPECT_THAT(findings, HasSubstr("SA 0x0000aaaa has 1 packet out of order, up to 1 behind the highest\n"));
  EXPECT_THAT(findings,
              HasSubstr("SA 0x0000aaaa has different packets with the same sequence 40 (frames 1, 7)"));
  EXPECT_THAT(findings, Not(HasSubstr("SA 0x0000bbbb ")));
}

TEST(Inspection, SaysWhenSequenceNumbersWrapOrStartAtZero) {
  InspectedFrames frames;
  frames.esp(0xaaaa, 0xffff'ffff).esp(0xaaaa, 0).esp(0xaaaa, 1).esp(0xcccc, 0);
  EXPECT_THAT(frames.findings(), HasSubstr("SA 0x0000aaaa wraps past sequence 4294967295"));
  EXPECT_THAT(frames.findings(), HasSubstr("SA 0x0000cccc uses sequence 0"));
  EXPECT_THAT(frames.findings(), Not(HasSubstr("SA 0x0000aaaa uses sequence 0")));
}

TEST(Inspection, KeepsClientsBehindOneNatApart) {
  InspectedFrames frames;
  frames.esp(0xaaaa, 1, "first", 4500).esp(0xbbbb, 1, "second", 3560);
  // Both clients have chosen the same SPI, as they may.
  frames.esp_back(0xcccc, 1, 4500).esp_back(0xcccc, 9, 3560);
  const auto summary = frames.summary();
  ASSERT_EQ(summary.peers.size(), 2u);
  for (const PeerSummary& peer : summary.peers) {
    ASSERT_EQ(peer.sas.size(), 2u);
    EXPECT_EQ(peer.sas[1].sa->tally.packets, 1u);
    EXPECT_EQ(peer.sas[1].sa->moves, 0u);
  }
}

TEST(Inspection, FollowsAClientThatItsNatMovesToAnotherPort) {
  InspectedFrames frames;
  frames.esp(0xaaaa, 1).esp_back(0xbbbb, 1).esp(0xaaaa, 2, "x", 61000).esp_back(0xbbbb, 2, 61000);
  const auto summary = frames.summary();
  ASSERT_EQ(summary.peers.size(), 1u);
  EXPECT_EQ(summary.peers[0].paths.size(), 2u);
  ASSERT_EQ(summary.peers[0].sas.size(), 2u);
  for (const SaSummary& sa : summary.peers[0].sas) EXPECT_EQ(sa.sa->tally.packets, 2u);
  const std::string findings = frames.findings();
  const std::string move = "moved from 198.51.100.7:4500 to 198.51.100.7:61000 in frame";
  EXPECT_THAT(findings, HasSubstr("SA 0x0000aaaa " + move + " 3"));
  EXPECT_THAT(findings, Not(HasSubstr("SA 0x0000bbbb " + move)));
}

TEST(Inspection, ReadsPlainEspOfBothIpVersions) {
  InspectedFrames frames;
  frames.add(PacketBuilder().ipv4(client, server).esp(0xaaaa, 1).payload(32));
  frames.add(PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").esp(0xdddd, 5).payload(32));
  const auto summary = frames.summary();
  ASSERT_EQ(summary.peers.size(), 2u);
  EXPECT_FALSE(summary.peers[0].sas[0].sa->in_udp);
  EXPECT_EQ(summary.peers[1].sas[0].sa->source.to_string(), "2001:db8::1");
  EXPECT_EQ(summary.peers[1].sas[0].sequence.first, 5u);
  EXPECT_EQ(summary.peers[1].sas[0].sa->tally.bytes, 40u + 8 + 32);
}

TEST(Inspection, CountsFragmentsForTheSaOfTheirFirst) {
  const auto first = [](std::uint32_t sequence, std::uint16_t id) {
    return PacketBuilder()
        .ipv4(client, server, {.identification = id, .more_fragments = true, .protocol = 50})
        .esp(0xaaaa, sequence)
        .payload(40);
  };
  const auto later = [](std::uint16_t id) {
    return PacketBuilder()
        .ipv4(client, server, {.identification = id, .fragment_offset = 48, .protocol = 50})
        .payload(16);
  };
  InspectedFrames frames;
  frames.add(first(1, 7)).add(later(7)).add(first(2, 8)).add(later(9)).add(later(8));
  const auto summary = frames.summary();
  const EspSa& sa = *only_sa(summary).sa;
  EXPECT_EQ(sa.tally.packets, 2u);
  EXPECT_EQ(sa.fragmented, 2u);
  EXPECT_EQ(sa.later_fragments, 2u);
  EXPECT_EQ(sa.tally.bytes, 2u * (20 + 8 + 40) + 2 * (20 + 16));
  EXPECT_EQ(frames.inspection().totals().orphan_fragments, 1u);
  EXPECT_THAT(frames.findings(), HasSubstr("SA 0x0000aaaa has 2 packets in fragments"));
  EXPECT_THAT(frames.findings(), HasSubstr("1 fragment without the first"));
}

TEST(Inspection, ReadsWhatTheSnapLengthHasLeft) {
  const auto whole = InspectedFrames::to_server(4500, 4500).esp(0xaaaa, 1).payload(1000).build();
  const std::span<const std::byte> bytes(whole);
  InspectedFrames frames;
  frames.add(bytes.first(36), true);  // up to the sequence number
  EXPECT_EQ(only_sa(frames.summary()).sa->tally.bytes, 1036u);
  InspectedFrames cut_in_esp;
  cut_in_esp.add(bytes.first(35), true);
  EXPECT_TRUE(cut_in_esp.summary().peers.empty());
  InspectedFrames not_cut;  // a packet that is shorter than it says is broken
  not_cut.add(bytes.first(36), false);
  EXPECT_TRUE(not_cut.summary().peers.empty());
  EXPECT_EQ(not_cut.inspection().other().at("broken IP header").packets, 1u);
}

TEST(Inspection, SurvivesEveryCutOfAFrame) {
  const auto esp = InspectedFrames::to_server(4500, 4500).esp(0xaaaa, 1).payload(64).build();
  const auto v6 =
      PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").udp(4500, 4500).esp(0xaaaa, 1).payload(64).build();
  for (const auto& whole : {esp, v6})
    for (std::size_t length = 1; length < whole.size(); ++length)
      for (const bool cut : {true, false}) {
        const std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        InspectedFrames frames;
        frames.add(part, cut);
        const auto& totals = frames.inspection().totals();
        const auto summary = frames.summary();
        EXPECT_EQ(frames.inspection().esp().packets() + summary.other_packets(), totals.frames) << length;
      }
}

TEST(Inspection, SortsWhatIsNeitherEspNorIke) {
  InspectedFrames frames;
  frames.add(InspectedFrames::to_client(4500, 4500).payload("\xff"));
  frames.add(InspectedFrames::to_server(4500, 4500).payload("short"));
  frames.add(InspectedFrames::to_server(1701, 1701).l2tp_control({.tunnel_id = 1}).payload(8));
  frames.add(InspectedFrames::to_server(53, 53).payload(8));
  frames.add(PacketBuilder().ipv4(client, server).tcp({.source_port = 1, .destination_port = 4500}));
  const auto summary = frames.summary();
  ASSERT_EQ(summary.peers.size(), 1u);
  EXPECT_EQ(summary.peers[0].keepalives, (std::array<std::uint64_t, 2>{1, 0}));
  EXPECT_EQ(summary.clear_l2tp_packets(), 1u);
  EXPECT_EQ(frames.inspection().other().at("udp").packets, 1u);
  EXPECT_EQ(frames.inspection().other().at("tcp").packets, 1u);
  EXPECT_EQ(
      frames.findings(),
      "1 packet of L2TP not protected by IPsec, 198.51.100.7:1701 -> 10.20.0.10:1701, first in frame 3\n"
      "1 datagram is on port 4500 neither ESP, IKE nor keepalive, first in frame 2\n");
}

TEST(Inspection, SaysWhenEspGoesOneWayOnly) {
  InspectedFrames frames;
  frames.esp(0xaaaa, 1).esp(0xaaaa, 2).esp(0xbbbb, 1);
  EXPECT_THAT(frames.findings(), HasSubstr("ESP goes only one way: 198.51.100.7:4500 -> 10.20.0.10:4500\n"));
  frames.esp_back(0xcccc, 1);
  EXPECT_THAT(frames.findings(), Not(HasSubstr("one way")));
}

TEST(Inspection, PutsPlainEspToTheOnlyPeerBetweenItsAddresses) {
  constexpr std::string_view message = "0000000000000001 0000000000000000 00 10 02 00 00000000 0000001c";
  InspectedFrames frames;
  frames.ike(message).add(PacketBuilder().ipv4(client, server).esp(0xaaaa, 1).payload(32));
  EXPECT_EQ(frames.summary().peers.size(), 1u);
  InspectedFrames two;  // of two peers, it could be either's
  two.ike(message).ike("0000000000000002 0000000000000000 00 10 02 00 00000000 0000001c", 1024);
  two.add(PacketBuilder().ipv4(client, server).esp(0xaaaa, 1).payload(32));
  EXPECT_EQ(two.summary().peers.size(), 3u);
}

TEST(Inspection, KeepsItsTablesBounded) {
  InspectedFrames frames;
  for (std::uint32_t i = 0; i < EspLog::max_sas + 10; ++i) frames.esp(0x1000 + i, 1);
  EXPECT_EQ(frames.inspection().esp().sas().size(), EspLog::max_sas);
  EXPECT_EQ(frames.inspection().esp().not_followed(), 10u);
  EXPECT_THAT(frames.findings(), HasSubstr("10 packets of more peers and SAs than this program keeps"));
}

}  // namespace
}  // namespace espgate::replay
