// SPDX-License-Identifier: Apache-2.0
#include "wire/dhcp.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

// A BOOTREQUEST of 10.40.0.10 with these options.
std::vector<std::byte> request(std::string_view options) {
  auto bytes = from_hex("01080600 deadbeef 0000 8000 0a28000a");
  bytes.resize(236);
  bytes[28] = std::byte{0x52};
  const auto rest = from_hex("63825363" + std::string(options));
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

TEST(DhcpRequest, IsRead) {
  const auto bytes = request("00 350108 3d020102 00 370306f979 39020240 ff 0104");
  const auto parsed = DhcpRequest::parse(bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->transaction(), 0xdeadbeef);
  EXPECT_EQ(parsed->flags(), 0x8000);
  EXPECT_EQ(parsed->client_address(), 0x0a28000aU);
  EXPECT_EQ(parsed->hardware_address().front(), std::byte{0x52});
  EXPECT_EQ(parsed->message_type(), 8);
  EXPECT_EQ(to_hex(*parsed->option(DhcpOption::largest_message)), "0240");
  EXPECT_TRUE(parsed->wants(DhcpOption::microsoft_classless_routes));
  EXPECT_FALSE(parsed->wants(DhcpOption::domain_name));
  EXPECT_FALSE(parsed->option(DhcpOption::subnet_mask)) << "behind the end mark";
  EXPECT_TRUE(DhcpRequest::parse(request(""))->wants(DhcpOption::domain_name)) << "no list";
  EXPECT_FALSE(DhcpRequest::parse(request("3500"))->message_type());
}

TEST(DhcpRequest, IsRefusedWhereItLies) {
  const auto parse = [](Bytes bytes) { return DhcpRequest::parse(bytes); };
  auto bytes = request("");
  EXPECT_EQ(parse(std::span(bytes).first(239)).error(), ParseError::truncated);
  bytes[0] = std::byte{2};
  EXPECT_EQ(parse(bytes).error(), ParseError::bad_version) << "a reply";
  bytes = request("");
  bytes[2] = std::byte{17};
  EXPECT_EQ(parse(bytes).error(), ParseError::bad_version) << "a hardware address that is too long";
  bytes = request("");
  bytes[239] ^= std::byte{1};
  EXPECT_EQ(parse(bytes).error(), ParseError::bad_version) << "no cookie";
  EXPECT_EQ(parse(request("35")).error(), ParseError::bad_length);
  EXPECT_EQ(parse(request("350108 3703 06f9")).error(), ParseError::bad_length);
}

TEST(DhcpRoutes, TakeAsManyBytesAsTheyNeed) {
  struct Case {
    std::string_view prefix, hex;
  };
  const Case cases[] = {// RFC 3442's own examples, by way of 10.0.0.1
                        {"0.0.0.0/0", "000a000001"},
                        {"10.0.0.0/8", "080a0a000001"},
                        {"10.0.0.0/24", "180a00000a000001"},
                        {"10.17.0.0/16", "100a110a000001"},
                        {"10.27.129.0/24", "180a1b810a000001"},
                        {"10.229.0.128/25", "190ae500800a000001"},
                        {"10.198.122.47/32", "200ac67a2f0a000001"}};
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.prefix));
    const DhcpRoute route{*Ipv4Prefix::from_string(c.prefix), 0x0a000001};
    EXPECT_EQ(to_hex(encode_dhcp_routes(std::span(&route, 1))), c.hex);
    EXPECT_EQ(encoded_bytes(route), c.hex.size() / 2);
    EXPECT_EQ(*decode_dhcp_routes(from_hex(c.hex)), std::vector{route});
  }
  EXPECT_EQ(decode_dhcp_routes(from_hex("21000000000a000001")).error(), ParseError::bad_length);
  EXPECT_EQ(decode_dhcp_routes(from_hex("180a00000a0000")).error(), ParseError::bad_length);
}

TEST(DhcpReply, AnswersTheRequest) {
  const auto asked = request("350108");
  const std::uint32_t mask = 0xffffffff;
  DhcpReplyBuilder builder(*DhcpRequest::parse(asked), DhcpMessageType::ack, 0x0a280001);
  builder.addresses(DhcpOption::subnet_mask, std::span(&mask, 1)).option(DhcpOption::domain_name, {});
  const auto reply = builder.finish();
  EXPECT_EQ(reply.size(), 300U);
  EXPECT_EQ(to_hex(std::span(reply).first(28)), "02080600deadbeef000080000a28000a000000000000000000000000");
  EXPECT_EQ(to_hex(std::span(reply).subspan(236, 20)),
            "63825363"
            "350105"
            "36040a280001"
            "0104ffffffff"
            "ff");
}

TEST(DhcpReply, LongOptionsAreSplit) {
  const auto asked = request("350108");
  DhcpReplyBuilder builder(*DhcpRequest::parse(asked), DhcpMessageType::ack, 1);
  const std::size_t before = builder.size();
  const std::vector<std::byte> value(600, std::byte{7});
  builder.option(DhcpOption::classless_routes, value);
  EXPECT_EQ(builder.size() - before, dhcp_option_bytes(600));
  EXPECT_EQ(dhcp_option_bytes(600), 606U);
  const auto reply = builder.finish();
  EXPECT_EQ(to_hex(std::span(reply).subspan(before - 1, 2)), "79ff");
  EXPECT_EQ(to_hex(std::span(reply).subspan(before - 1 + 257, 2)), "79ff");
  EXPECT_EQ(to_hex(std::span(reply).subspan(before - 1 + 514, 2)), "795a");
}

}  // namespace
}  // namespace espgate::wire
