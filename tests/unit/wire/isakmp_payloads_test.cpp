// SPDX-License-Identifier: Apache-2.0
#include "wire/isakmp_payloads.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

TEST(IsakmpIdentification, ReadsItsFields) {
  const auto body = from_hex("01 11 06a5 0a0a0102");
  const auto id = IsakmpIdentification::parse(body);
  ASSERT_TRUE(id);
  EXPECT_TRUE(id->type == IsakmpIdType::ipv4_address);
  EXPECT_EQ(id->protocol, 17u);
  EXPECT_EQ(id->port, 1701u);
  EXPECT_EQ(to_hex(id->data), "0a0a0102");
  EXPECT_EQ(id->address(), IpAddress::v4(0x0a0a0102));
}

TEST(IsakmpIdentification, IsAnAddressOnlyWhenItIsOne) {
  const auto v6 = from_hex("05 00 0000 20010db8000000000000000000000001");
  EXPECT_EQ(IsakmpIdentification::parse(v6)->address(), IpAddress::from_string("2001:db8::1"));
  const auto name = from_hex("02 00 0000 0a0a0102");
  EXPECT_EQ(IsakmpIdentification::parse(name)->address(), std::nullopt);
  const auto subnet = from_hex("04 00 0000 0a0a0102 ffffffff");
  EXPECT_EQ(IsakmpIdentification::parse(subnet)->address(), std::nullopt);
}

TEST(IsakmpIdentification, SaysWhatItIs) {
  struct Case {
    std::string_view hex, text;
  };
  const Case cases[] = {
      {"01 00 0000 0a0a0102", "10.10.1.2"},
      {"01 11 06a5 0a0a0102", "10.10.1.2 udp/1701"},
      {"01 11 0000 00000000", "0.0.0.0 udp/any"},
      {"01 06 01bb 0a0a0102", "10.10.1.2 tcp/443"},
      {"01 2f 0000 0a0a0102", "10.10.1.2 47/any"},
      {"01 00 01f4 0a0a0102", "10.10.1.2"},
      {"02 00 0000 686f73742e6578616d706c65", "host.example"},
      {"03 11 06a5 616c69636540686f73742e6578616d706c65", "alice@host.example udp/1701"},
      {"02 00 0000", ""},
      {"02 00 0000 41 20 0a 00 5c 7e 7f c3a4", "A\\x20\\x0a\\x00\\x5c~\\x7f\\xc3\\xa4"},
      {"04 00 0000 0a000000 ff000000", "10.0.0.0/8"},
      {"04 00 0000 0a000000 ffffe000", "10.0.0.0/19"},
      {"04 00 0000 00000000 00000000", "0.0.0.0/0"},
      {"04 11 06a5 0a0a0102 ffffffff", "10.10.1.2/32 udp/1701"},
      {"04 00 0000 0a000000 ff00ff00", "10.0.0.0/255.0.255.0"},
      {"04 00 0000 0a000000 ffffe001", "10.0.0.0/255.255.224.1"},
      {"04 00 0000 0a000000 0fffffff", "10.0.0.0/15.255.255.255"},
      {"05 00 0000 20010db8000000000000000000000001", "2001:db8::1"},
      {"06 00 0000 20010db8000000000000000000000000 ffffffff000000000000000000000000", "2001:db8::/32"},
      {"06 00 0000 20010db8000000000000000000000000 ffff00ff000000000000000000000000",
       "2001:db8::/ffff:ff::"},
      {"07 00 0000 0a000001 0a000009", "10.0.0.1-10.0.0.9"},
      {"08 00 0000 20010db8000000000000000000000001 20010db8000000000000000000000009",
       "2001:db8::1-2001:db8::9"},
      {"09 00 0000 3000", "0x3000"},
      {"0b 00 0000 c0ffee01", "0xc0ffee01"},
      {"c8 00 0000 00", "0x00"},
  };
  for (const auto& c : cases) {
    const auto body = from_hex(c.hex);
    const auto id = IsakmpIdentification::parse(body);
    ASSERT_TRUE(id) << c.text;
    EXPECT_EQ(id->to_string(), c.text);
  }
}

TEST(IsakmpIdentification, CutsWhatNobodyReads) {
  auto body = from_hex("02 00 0000");
  body.resize(4 + 255, std::byte{'a'});
  EXPECT_EQ(IsakmpIdentification::parse(body)->to_string(), std::string(255, 'a'));
  body.resize(65535 - 4, std::byte{'a'});
  EXPECT_EQ(IsakmpIdentification::parse(body)->to_string(), std::string(255, 'a') + "...");
  body[0] = std::byte{11};
  EXPECT_EQ(IsakmpIdentification::parse(body)->to_string().size(), 2u + 2 * 255 + 3);
}

TEST(IsakmpIdentification, Refuses) {
  constexpr auto parse = [](Bytes body) { return IsakmpIdentification::parse(body); };
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"three bytes", "01 11 06", ParseError::truncated},
      {"an address of three bytes", "01 11 06a5 0a0a01", ParseError::truncated},
      {"an address of five bytes", "01 11 06a5 0a0a010203", ParseError::bad_length},
      {"a subnet without a mask", "04 11 06a5 0a0a0102", ParseError::truncated},
      {"a subnet and a byte", "04 11 06a5 0a0a0102 ffffff00 00", ParseError::bad_length},
      {"an IPv6 address of 15 bytes", "05 00 0000 20010db80000000000000000000000", ParseError::truncated},
      {"an IPv6 address of 17 bytes", "05 00 0000 20010db80000000000000000000000000000",
       ParseError::bad_length},
      {"an IPv6 subnet with half a mask", "06 00 0000 20010db8000000000000000000000000 ffffffffffffffff",
       ParseError::truncated},
      {"a range with half an end", "07 00 0000 0a000001 0a00", ParseError::truncated},
      {"an IPv6 range without an end", "08 00 0000 20010db8000000000000000000000001", ParseError::truncated},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused("01 11 06a5 0a0a0102", 8, parse);
}

TEST(IsakmpNotification, ReadsItsFields) {
  const auto body = from_hex(
      "00000001 01 10 8d28 9f6b27c49bd69545 1122334455667788"
      "0000002a");
  const auto notification = IsakmpNotification::parse(body);
  ASSERT_TRUE(notification);
  EXPECT_EQ(notification->doi, isakmp_doi_ipsec);
  EXPECT_TRUE(notification->protocol == IsakmpProtocol::isakmp);
  EXPECT_TRUE(notification->type == IsakmpNotifyType::r_u_there);
  EXPECT_EQ(to_hex(notification->spi), "9f6b27c49bd695451122334455667788");
  EXPECT_EQ(to_hex(notification->data), "0000002a");
}

TEST(IsakmpNotification, NeedsNeitherSpiNorDataNorTheIpsecDoi) {
  const auto body = from_hex("00000000 00 00 000e");
  const auto notification = IsakmpNotification::parse(body);
  ASSERT_TRUE(notification);
  EXPECT_EQ(notification->doi, isakmp_doi_generic);
  EXPECT_TRUE(notification->type == IsakmpNotifyType::no_proposal_chosen);
  EXPECT_TRUE(notification->spi.empty() && notification->data.empty());
}

TEST(IsakmpNotification, Refuses) {
  constexpr auto parse = [](Bytes body) { return IsakmpNotification::parse(body); };
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"7 bytes", "00000001 03 00 00", ParseError::truncated},
      {"an SPI that is not there", "00000001 03 04 000e", ParseError::truncated},
      {"an SPI of which the last byte is not there", "00000001 03 04 000e c0ffee", ParseError::truncated},
      {"the longest SPI", "00000001 03 ff 000e c0ffee01", ParseError::truncated},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused("00000001 03 04 000e c0ffee01", 12, parse);
}

TEST(IsakmpNotifyType, IsNamedAsInTheRfcs) {
  EXPECT_EQ(to_string(IsakmpNotifyType::invalid_payload_type), "INVALID-PAYLOAD-TYPE");
  EXPECT_EQ(to_string(IsakmpNotifyType::no_proposal_chosen), "NO-PROPOSAL-CHOSEN");
  EXPECT_EQ(to_string(IsakmpNotifyType::unequal_payload_lengths), "UNEQUAL-PAYLOAD-LENGTHS");
  EXPECT_EQ(to_string(IsakmpNotifyType{24578}), "INITIAL-CONTACT");
  EXPECT_EQ(to_string(IsakmpNotifyType{36137}), "R-U-THERE-ACK");
  // RFC 2408 §3.14.1 names 1 to 30 without a gap.
  for (std::uint16_t type = 1; type <= 30; ++type) EXPECT_NE(to_string(IsakmpNotifyType{type}), "unknown");
  for (const std::uint16_t type : std::initializer_list<std::uint16_t>{0, 31, 16385, 24579, 65535}) {
    EXPECT_EQ(to_string(IsakmpNotifyType{type}), "unknown");
  }
}

TEST(IsakmpDelete, ReadsItsSpis) {
  const auto body = from_hex("00000001 03 04 0002 c0ffee01 c0ffee02");
  const auto payload = IsakmpDelete::parse(body);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->doi, isakmp_doi_ipsec);
  EXPECT_TRUE(payload->protocol == IsakmpProtocol::esp);
  ASSERT_EQ(payload->count, 2u);
  EXPECT_EQ(to_hex(payload->spi(0)), "c0ffee01");
  EXPECT_EQ(to_hex(payload->spi(1)), "c0ffee02");

  const auto of_an_ike_sa = from_hex("00000001 01 10 0001 9f6b27c49bd69545 1122334455667788");
  EXPECT_EQ(to_hex(IsakmpDelete::parse(of_an_ike_sa)->spi(0)), "9f6b27c49bd695451122334455667788");
  const auto of_nothing = from_hex("00000001 03 04 0000");
  EXPECT_EQ(IsakmpDelete::parse(of_nothing)->count, 0u);
}

TEST(IsakmpDelete, Refuses) {
  constexpr auto parse = [](Bytes body) { return IsakmpDelete::parse(body); };
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"7 bytes", "00000001 03 04 00", ParseError::truncated},
      {"one SPI where it counts two", "00000001 03 04 0002 c0ffee01", ParseError::truncated},
      {"two SPIs where it counts one", "00000001 03 04 0001 c0ffee01 c0ffee02", ParseError::bad_length},
      {"an SPI where it counts none", "00000001 03 04 0000 c0ffee01", ParseError::bad_length},
      {"SPIs of 0 bytes", "00000001 03 00 ffff", ParseError::bad_length},
      {"a longer SPI than there is", "00000001 03 05 0001 c0ffee01", ParseError::truncated},
      {"a shorter SPI than there is", "00000001 03 03 0001 c0ffee01", ParseError::bad_length},
      {"a product beyond 16 bits", "00000001 03 ff ffff c0ffee01", ParseError::truncated},
      {"a product that is 0 in 16 bits", "00000001 03 80 0200", ParseError::truncated},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused("00000001 03 04 0002 c0ffee01 c0ffee02", 16, parse);
}

TEST(IsakmpNatOa, ReadsAnAddressOfEitherFamily) {
  const auto v4 = from_hex("01 000000 0a0a0102");
  EXPECT_EQ(IsakmpNatOa::parse(v4)->address, IpAddress::v4(0x0a0a0102));
  const auto v6 = from_hex("05 000000 20010db8000000000000000000000001");
  EXPECT_EQ(IsakmpNatOa::parse(v6)->address, IpAddress::from_string("2001:db8::1"));
}

TEST(IsakmpNatOa, Refuses) {
  constexpr auto parse = [](Bytes body) { return IsakmpNatOa::parse(body); };
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"no address", "01 000000", ParseError::truncated},
      {"three bytes of an address", "01 000000 0a0a01", ParseError::truncated},
      {"five bytes", "01 000000 0a0a010203", ParseError::bad_length},
      {"an IPv6 address where IPv4 is said", "01 000000 20010db8000000000000000000000001",
       ParseError::bad_length},
      {"an IPv4 address where IPv6 is said", "05 000000 0a0a0102", ParseError::truncated},
      {"a name", "02 000000 0a0a0102", ParseError::unsupported},
      {"a subnet", "04 000000 0a0a0102 ffffff00", ParseError::unsupported},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused("01 000000 0a0a0102", 8, parse);
}

TEST(IsakmpFragment, ReadsItsFields) {
  const auto first = from_hex("abcd 01 00 9f6b27c4");
  const auto fragment = IsakmpFragment::parse(first);
  ASSERT_TRUE(fragment);
  EXPECT_EQ(fragment->id, 0xabcdu);
  EXPECT_EQ(fragment->index, 1u);
  EXPECT_FALSE(fragment->last);
  EXPECT_EQ(to_hex(fragment->data), "9f6b27c4");
  const auto last = from_hex("abcd ff 01");
  EXPECT_EQ(IsakmpFragment::parse(last)->index, 255u);
  EXPECT_TRUE(IsakmpFragment::parse(last)->last);
  EXPECT_TRUE(IsakmpFragment::parse(last)->data.empty());
}

TEST(IsakmpFragment, Refuses) {
  constexpr auto parse = [](Bytes body) { return IsakmpFragment::parse(body); };
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"3 bytes", "0001 01", ParseError::truncated},
      {"index 0", "0001 00 01 aabb", ParseError::bad_length},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused("0001 01 00", 4, parse);
}

}  // namespace
}  // namespace espgate::wire
