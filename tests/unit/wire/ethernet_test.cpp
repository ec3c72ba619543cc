// SPDX-License-Identifier: Apache-2.0
#include "wire/ethernet.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

constexpr auto parse = [](Bytes bytes) { return EthernetFrame::parse(bytes); };

TEST(EthernetFrame, ReadsItsFields) {
  struct Case {
    std::string_view sentence, hex;
    std::uint16_t type;
    std::optional<std::uint16_t> vlan;
    std::size_t header_length;
    std::string_view payload;
  };
  const Case cases[] = {
      {"an IPv4 frame", "020000000002 020000000001 0800 4500", 0x0800, {}, 14, "4500"},
      {"a frame without payload", "020000000002 020000000001 86dd", 0x86dd, {}, 14, ""},
      {"behind a tag with priority 5, VLAN 291", "020000000002 020000000001 8100 a123 0806 0001", 0x0806,
       0x123, 18, "0001"},
      {"a priority tag is VLAN 0", "020000000002 020000000001 8100 e000 0800 45", 0x0800, 0, 18, "45"},
      {"the drop eligible bit is not the VLAN's", "020000000002 020000000001 8100 1fff 0800", 0x0800, 0xfff,
       18, ""},
      {"the lowest Ethernet II type", "020000000002 020000000001 0600", 0x0600, {}, 14, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto bytes = from_hex(c.hex);
    const auto frame = EthernetFrame::parse(bytes);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->destination().to_string(), "02:00:00:00:00:02");
    EXPECT_EQ(frame->source().to_string(), "02:00:00:00:00:01");
    EXPECT_EQ(frame->ether_type(), c.type);
    EXPECT_EQ(frame->vlan_id(), c.vlan);
    EXPECT_EQ(frame->header_length(), c.header_length);
    EXPECT_EQ(to_hex(frame->payload()), c.payload);
  }
}

TEST(EthernetFrame, Refuses) {
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"13 bytes", "020000000002 020000000001 08", ParseError::truncated},
      {"a tag cut off", "020000000002 020000000001 8100 0005 08", ParseError::truncated},
      {"two tags", "020000000002 020000000001 8100 0005 8100 0006 0800", ParseError::unsupported},
      {"802.1ad", "020000000002 020000000001 88a8 0005 8100 0006 0800", ParseError::unsupported},
      {"802.1ad inside of 802.1Q", "020000000002 020000000001 8100 0005 88a8 0006 0800",
       ParseError::unsupported},
      {"an 802.3 length", "0180c2000000 020000000001 0026 424203", ParseError::unsupported},
      {"an 802.3 length behind a tag", "0180c2000000 020000000001 8100 0005 05ff", ParseError::unsupported},
  };
  test::expect_refused(table, parse);
}

TEST(EthernetFrame, RefusesEveryCut) {
  test::expect_every_prefix_refused("020000000002 020000000001 0800", 14, parse);
  test::expect_every_prefix_refused("020000000002 020000000001 8100 0005 0800", 18, parse);
}

TEST(EthernetBuilder, WritesWhatTheParserReads) {
  const MacAddress source{{std::byte{2}, {}, {}, {}, {}, std::byte{1}}};
  struct Case {
    std::string_view sentence;
    EthernetFields fields;
    std::string_view hex;
  };
  const Case cases[] = {
      {"plain", {broadcast_mac, source, ether_type_arp, {}}, "ffffffffffff0200000000010806"},
      {"tagged", {broadcast_mac, source, ether_type_ipv4, 0xfff}, "ffffffffffff02000000000181000fff0800"},
      {"tagged with 0",
       {broadcast_mac, source, ether_type_ipv4, 0},
       "ffffffffffff02000000000181000000"
       "0800"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto bytes =
        test::built_in_poisoned_buffers(32, [&](MutableBytes out) { return build(out, c.fields); });
    EXPECT_EQ(to_hex(bytes), c.hex);
    const auto frame = EthernetFrame::parse(bytes);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->vlan_id(), c.fields.vlan_id);
    EXPECT_EQ(frame->ether_type(), c.fields.ether_type);
  }
}

TEST(MacAddress, KnowsMulticast) {
  EXPECT_TRUE(broadcast_mac.is_multicast());
  EXPECT_TRUE((MacAddress{{std::byte{0x33}, std::byte{0x33}}}.is_multicast()));
  EXPECT_FALSE((MacAddress{{std::byte{0x02}}}.is_multicast()));
}

}  // namespace
}  // namespace espgate::wire
