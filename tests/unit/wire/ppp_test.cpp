// SPDX-License-Identifier: Apache-2.0
#include "wire/ppp.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

constexpr auto parse = [](Bytes bytes) { return PppFrame::parse(bytes); };

TEST(PppFrame, ReadsAllForms) {
  struct Case {
    std::string_view sentence, hex, payload;
    std::size_t header_length;
    std::uint16_t protocol;
    bool address_control, compressed;
  };
  const Case cases[] = {
      {"everything written out", "ff03 0021 45", "45", 4, ppp_ipv4, true, false},
      {"protocol compressed", "ff03 21 45", "45", 3, ppp_ipv4, true, true},
      {"address and control compressed", "0021 45", "45", 2, ppp_ipv4, false, false},
      {"both compressed", "21 45", "45", 1, ppp_ipv4, false, true},
      {"IPv6 in one byte", "57 60", "60", 1, ppp_ipv6, false, true},
      {"LCP", "ff03 c021 0101", "0101", 4, ppp_lcp, true, false},
      {"CHAP without address and control", "c223 01", "01", 2, ppp_chap, false, false},
      {"PAP", "ff03 c023", "", 4, ppp_pap, true, false},
      {"IPCP", "ff03 8021", "", 4, ppp_ipcp, true, false},
      {"IPV6CP", "ff03 8057", "", 4, ppp_ipv6cp, true, false},
      {"CCP", "80fd 0101", "0101", 2, ppp_ccp, false, false},
      {"MPPE or compressed data", "fd 9001", "9001", 1, ppp_compressed, false, true},
      {"no payload", "21", "", 1, ppp_ipv4, false, true},
      {"a payload that looks like address and control", "21 ff03", "ff03", 1, ppp_ipv4, false, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto bytes = from_hex(c.hex);
    const auto frame = PppFrame::parse(bytes);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->protocol(), c.protocol);
    EXPECT_EQ(frame->header_length(), c.header_length);
    EXPECT_EQ(frame->address_control_present(), c.address_control);
    EXPECT_EQ(frame->protocol_compressed(), c.compressed);
    EXPECT_EQ(to_hex(frame->payload()), c.payload);
  }
}

TEST(PppFrame, Refuses) {
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"address and control alone", "ff03", ParseError::truncated},
      {"half a protocol", "c0", ParseError::truncated},
      {"half a protocol behind address and control", "ff03 00", ParseError::truncated},
      {"a protocol whose last byte is even", "0020 45", ParseError::unsupported},
      {"the same behind address and control", "ff03 c020", ParseError::unsupported},
      {"an address and no control", "ff04 0021", ParseError::unsupported},
      {"the reserved protocol 0x00ff (RFC 1661 §6.6)", "ff03 ff", ParseError::unsupported},
      {"the same in two bytes", "ff03 00ff", ParseError::unsupported},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused("ff03 0021", 4, parse);
  test::expect_every_prefix_refused("ff03 21", 3, parse);
  test::expect_every_prefix_refused("c021", 2, parse);
}

TEST(PppBuilder, WritesAllForms) {
  struct Case {
    std::string_view sentence;
    PppHeaderFields fields;
    std::string_view hex;
  };
  const Case cases[] = {
      {"everything written out", {ppp_ipv4, true, false}, "ff030021"},
      {"protocol compressed", {ppp_ipv4, true, true}, "ff0321"},
      {"address and control compressed", {ppp_ipv4, false, false}, "0021"},
      {"both compressed", {ppp_ipv4, false, true}, "21"},
      {"LCP can't be compressed", {ppp_lcp, true, true}, "ff03c021"},
      {"IPCP can't either", {ppp_ipcp, false, true}, "8021"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto header =
        test::built_in_poisoned_buffers(8, [&](MutableBytes out) { return build_ppp(out, c.fields); });
    EXPECT_EQ(to_hex(header), c.hex);
    const auto frame = PppFrame::parse(header);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->protocol(), c.fields.protocol);
    EXPECT_EQ(frame->header_length(), header.size());
  }
}

}  // namespace
}  // namespace espgate::wire
