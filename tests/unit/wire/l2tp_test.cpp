// SPDX-License-Identifier: Apache-2.0
#include "wire/l2tp.h"

#include "tests/unit/wire/bytes.h"

namespace espgate::wire {
namespace {

using test::from_hex;
using test::to_hex;

constexpr auto parse = [](Bytes bytes) { return L2tpHeader::parse(bytes); };

TEST(L2tpHeader, ReadsControlMessagesOfARealSession) {
  struct Case {
    std::string_view sentence, hex;
    std::uint16_t tunnel, session, ns, nr;
    std::size_t payload_length;
  };
  const Case cases[] = {
      {"a zero-length body acknowledgement", "c802 000c 6e94 0000 0001 0002", 0x6e94, 0, 1, 2, 0},
      {"SCCCN", "c802 0014 fcf0 0000 0001 0001 8008 0000 0000 0003", 0xfcf0, 0, 1, 1, 8},
      {"ICRP", "c802 001c 6e94 d014 0001 0003 8008 0000 0000 000b 8008 0000 000e 86bf", 0x6e94, 0xd014, 1, 3,
       16},
      {"bits marked x set, which RFC 2661 §3.1 has us ignore", "fcf2 000c 0001 0002 0003 0004", 1, 2, 3, 4,
       0},
      {"bytes behind the length field", "c802 000c 0001 0002 0003 0004 eeee", 1, 2, 3, 4, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto bytes = from_hex(c.hex);
    const auto header = L2tpHeader::parse(bytes);
    ASSERT_TRUE(header);
    EXPECT_TRUE(header->is_control() && header->has_length() && header->has_sequence());
    EXPECT_FALSE(header->has_offset() || header->priority());
    EXPECT_EQ(header->tunnel_id(), c.tunnel);
    EXPECT_EQ(header->session_id(), c.session);
    EXPECT_EQ(header->ns(), c.ns);
    EXPECT_EQ(header->nr(), c.nr);
    EXPECT_EQ(header->header_length(), l2tp_control_header_length);
    EXPECT_EQ(header->payload().size(), c.payload_length);
  }
}

TEST(L2tpHeader, ReadsDataMessages) {
  struct Case {
    std::string_view sentence, hex;
    std::size_t header_length;
    std::string_view payload;
  };
  const Case cases[] = {
      {"as Linux and strongSwan clients send it", "0002 fcf0 86bf ff03c021", 6, "ff03c021"},
      {"with a length, as Windows and Apple send it", "4002 000c fcf0 86bf ff03c021 ", 8, "ff03c021"},
      {"the length cuts what follows", "4002 000a fcf0 86bf ff03 c021", 8, "ff03"},
      {"a length that ends with the header", "4002 0008 fcf0 86bf eeee", 8, ""},
      {"without length the datagram is the bound", "0002 fcf0 86bf", 6, ""},
      {"an offset of 0", "0202 fcf0 86bf 0000 aa", 8, "aa"},
      {"an offset of 3", "0202 fcf0 86bf 0003 eeeeee aa", 11, "aa"},
      {"an offset up to the end", "0202 fcf0 86bf 0003 eeeeee", 11, ""},
      {"length and offset up to the length", "4202 000d fcf0 86bf 0003 eeeeee aa", 13, ""},
      {"all of it", "4b02 0011 fcf0 86bf 0007 0009 0002 eeee aa", 16, "aa"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto bytes = from_hex(c.hex);
    const auto header = L2tpHeader::parse(bytes);
    ASSERT_TRUE(header);
    EXPECT_FALSE(header->is_control());
    EXPECT_EQ(header->tunnel_id(), 0xfcf0);
    EXPECT_EQ(header->session_id(), 0x86bf);
    EXPECT_EQ(header->header_length(), c.header_length);
    EXPECT_EQ(to_hex(header->payload()), c.payload);
  }
}

TEST(L2tpHeader, Refuses) {
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"5 bytes", "0002 0001 00", ParseError::truncated},
      {"L2F", "0001 0001 0002", ParseError::bad_version},
      {"L2TPv3", "c803 0014 0000 0001 0000 0000 8008 0000 0000 0006", ParseError::bad_version},
      {"version 0", "0000 0001 0002", ParseError::bad_version},
      {"control without length", "8802 0001 0002 0003 0004", ParseError::unsupported},
      {"control without sequence", "c002 0008 0001 0002", ParseError::unsupported},
      {"control with offset", "ca02 000e 0001 0002 0003 0004 0000", ParseError::unsupported},
      {"control with priority", "c902 000c 0001 0002 0003 0004", ParseError::unsupported},
      {"control with a length below the header's", "c802 000b 0001 0002 0003 0004", ParseError::bad_length},
      {"control cut behind its ids", "c802 0008 0001 0002", ParseError::bad_length},
      {"control whose length goes beyond the datagram", "c802 000d 0001 0002 0003 0004",
       ParseError::truncated},
      {"data with length 0", "4002 0000 0001 0002", ParseError::bad_length},
      {"data with a length below the header's", "4002 0007 0001 0002", ParseError::bad_length},
      {"data with a length beyond the datagram", "4002 0009 0001 0002", ParseError::truncated},
      {"sequence bit and no sequence", "0802 0001 0002", ParseError::truncated},
      {"half a sequence", "0802 0001 0002 0003 00", ParseError::truncated},
      {"offset bit and no offset", "0202 0001 0002 00", ParseError::truncated},
      {"offset bit and a length that leaves it out", "4202 0009 0001 0002 0000", ParseError::bad_length},
      {"an offset beyond the datagram", "0202 0001 0002 0001", ParseError::bad_header_length},
      {"the largest offset", "0202 0001 0002 ffff 00", ParseError::bad_header_length},
      {"an offset beyond the length field", "4202 000b 0001 0002 0002 eeee", ParseError::bad_header_length},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused("4b02 0010 0001 0002 0003 0004 0002 eeee", 16, parse);
  test::expect_every_prefix_refused("0802 0001 0002 0003 0004", 10, parse);
  test::expect_every_prefix_refused("c802 000c 0001 0002 0003 0004", 12, parse);
}

TEST(L2tpBuilder, DataInAllCombinationsOfFlagsComesBack) {
  for (unsigned bits = 0; bits < 16; ++bits) {
    for (const std::uint16_t offset : std::initializer_list<std::uint16_t>{0, 1, 2, 6, 255}) {
      L2tpDataFields fields{.tunnel_id = 0x1234, .session_id = 0xabcd};
      fields.length_field = (bits & 1) != 0;
      fields.priority = (bits & 2) != 0;
      if ((bits & 4) != 0) fields.sequence = L2tpSequence{0xfffe, 0x0102};
      if ((bits & 8) != 0) fields.offset = offset;
      SCOPED_TRACE("flags " + std::to_string(bits) + ", offset " + std::to_string(offset));

      auto bytes = test::built_in_poisoned_buffers(
          300, [&](MutableBytes out) { return build_l2tp_data(out, fields, 5); });
      const std::size_t header_length = bytes.size();
      bytes.resize(header_length + 5, std::byte{0x77});
      const auto header = L2tpHeader::parse(bytes);
      ASSERT_TRUE(header);
      EXPECT_FALSE(header->is_control());
      EXPECT_EQ(header->has_length(), fields.length_field);
      EXPECT_EQ(header->priority(), fields.priority);
      EXPECT_EQ(header->has_sequence(), fields.sequence.has_value());
      EXPECT_EQ(header->has_offset(), fields.offset.has_value());
      EXPECT_EQ(header->tunnel_id(), 0x1234);
      EXPECT_EQ(header->session_id(), 0xabcd);
      if (fields.sequence) {
        EXPECT_EQ((L2tpSequence{header->ns(), header->nr()}), *fields.sequence);
      }
      EXPECT_EQ(header->header_length(), header_length);
      EXPECT_EQ(to_hex(header->payload()), "7777777777");
    }
  }
}

TEST(L2tpBuilder, WritesTheBytesOfARealSession) {
  struct Case {
    std::string_view sentence;
    L2tpDataFields fields;
    std::size_t payload_length;
    std::string_view hex;
  };
  const Case cases[] = {
      {"plain", {.tunnel_id = 0xfcf0, .session_id = 0x86bf}, 24, "0002fcf086bf"},
      {"with length", {.tunnel_id = 1, .session_id = 2, .length_field = true}, 1400, "4002058000010002"},
      {"with sequence",
       {.tunnel_id = 1, .session_id = 2, .sequence = L2tpSequence{3, 0}},
       0,
       "08020001000200030000"},
      {"offset padding is zero", {.tunnel_id = 1, .session_id = 2, .offset = 3}, 9, "0202000100020003000000"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto header = test::built_in_poisoned_buffers(
        64, [&](MutableBytes out) { return build_l2tp_data(out, c.fields, c.payload_length); });
    EXPECT_EQ(to_hex(header), c.hex);
  }
  const auto control = test::built_in_poisoned_buffers(
      64, [](MutableBytes out) { return build_l2tp_control(out, {0x6e94, 0xd014, 1, 3}, 16); });
  EXPECT_EQ(to_hex(control), "c802001c6e94d01400010003");
}

}  // namespace
}  // namespace espgate::wire
