// SPDX-License-Identifier: Apache-2.0
#include "wire/isakmp_sa.h"

#include "tests/unit/wire/bytes.h"
#include "wire/isakmp_builder.h"

namespace espgate::wire {
namespace {

using test::ByteVector;
using test::from_hex;
using test::to_hex;

constexpr auto parse = [](Bytes bytes) { return IsakmpSa::parse(bytes); };

// The SA payload of a main mode's first message, as strongSwan 5.9.8 sent it.
constexpr std::string_view phase_1 =
    "00000001 00000001 00 00 002c 01 01 00 01 00 00 0024 01 01 0000"
    "  8001 0007 800e 0100 8002 0002 8004 000e 8003 0001 800b 0001 800c 2a30";

// A quick mode's: ESP and IPComp together, two transforms of ESP; the durations in the long form.
constexpr std::string_view phase_2 =
    "00000001 00000001"
    "02 00 0048 01 03 04 02 c0ffee01"
    "  03 00 0020 01 0c 0000  8004 0004 8005 0002 8006 0100 8001 0001 0002 0004 00000e10"
    "  00 00 001c 02 03 0000  8004 0004 8005 0001 8001 0002 0002 0004 0003d090"
    "00 00 0016 01 04 02 01 a1b2"
    "  00 00 000c 01 02 0000 8004 0004";

Expected<std::size_t> count_attributes(Bytes attributes) {
  IsakmpAttributeWalk walk(attributes);
  for (std::size_t count = 0;; ++count) {
    const auto attribute = walk.next();
    if (!attribute) return fail(attribute.error());
    if (!*attribute) return count;
  }
}

// Down to the attributes; how many there are.
Expected<std::size_t> parse_all(Bytes body) {
  const auto sa = IsakmpSa::parse(body);
  if (!sa) return fail(sa.error());
  std::size_t attributes = 0;
  for (const IsakmpProposal& proposal : sa->proposals) {
    const auto transforms = proposal.list();
    if (!transforms) return fail(transforms.error());
    for (const IsakmpTransform& transform : *transforms) {
      const auto count = count_attributes(transform.attributes);
      if (!count) return fail(count.error());
      attributes += *count;
    }
  }
  return attributes;
}

TEST(IsakmpSa, ReadsPhase1AsARealPeerSentIt) {
  const auto body = from_hex(phase_1);
  const auto sa = IsakmpSa::parse(body);
  ASSERT_TRUE(sa);
  EXPECT_EQ(sa->doi, isakmp_doi_ipsec);
  EXPECT_EQ(sa->situation, isakmp_situation_identity_only);
  ASSERT_EQ(sa->proposals.size(), 1u);
  const IsakmpProposal& proposal = sa->proposals[0];
  EXPECT_EQ(proposal.number, 1u);
  EXPECT_TRUE(proposal.protocol == IsakmpProtocol::isakmp);
  EXPECT_EQ(proposal.spi.size(), 0u);
  EXPECT_EQ(proposal.transform_count, 1u);
  const auto transforms = proposal.list();
  ASSERT_TRUE(transforms);
  ASSERT_EQ(transforms->size(), 1u);
  EXPECT_EQ((*transforms)[0].number, 1u);
  EXPECT_TRUE((*transforms)[0].id == IsakmpTransformId::key_ike);

  struct Attribute {
    IkeAttribute type;
    std::uint64_t number;
  };
  const Attribute attributes[] = {
      {IkeAttribute::encryption, 7},         {IkeAttribute::key_length, 256},   {IkeAttribute::hash, 2},
      {IkeAttribute::group_description, 14}, {IkeAttribute::authentication, 1}, {IkeAttribute::life_type, 1},
      {IkeAttribute::life_duration, 10800}};
  IsakmpAttributeWalk walk((*transforms)[0].attributes);
  for (const auto& expected : attributes) {
    const auto attribute = walk.next();
    ASSERT_TRUE(attribute && *attribute);
    EXPECT_TRUE((*attribute)->type == expected.type);
    EXPECT_TRUE((*attribute)->short_form);
    EXPECT_EQ((*attribute)->number(), expected.number);
  }
  const auto end = walk.next();
  EXPECT_TRUE(end && !*end);
}

TEST(IsakmpSa, ReadsProposalsThatStandTogetherAndTheirSpis) {
  const auto body = from_hex(phase_2);
  const auto sa = IsakmpSa::parse(body);
  ASSERT_TRUE(sa);
  ASSERT_EQ(sa->proposals.size(), 2u);
  EXPECT_TRUE(sa->proposals[0].protocol == IsakmpProtocol::esp);
  EXPECT_EQ(to_hex(sa->proposals[0].spi), "c0ffee01");
  EXPECT_TRUE(sa->proposals[1].protocol == IsakmpProtocol::ipcomp);
  EXPECT_EQ(to_hex(sa->proposals[1].spi), "a1b2");
  EXPECT_EQ(sa->proposals[1].number, sa->proposals[0].number);
  const auto transforms = sa->proposals[0].list();
  ASSERT_TRUE(transforms);
  ASSERT_EQ(transforms->size(), 2u);
  EXPECT_TRUE((*transforms)[0].id == EspTransformId::aes_cbc);
  EXPECT_TRUE((*transforms)[1].id == EspTransformId::des3);
  EXPECT_EQ((*transforms)[1].number, 2u);
  EXPECT_EQ(to_hex((*transforms)[1].attributes),
            "80040004800500018001000200020004"
            "0003d090");
  EXPECT_EQ(parse_all(body), 10u);
}

TEST(IsakmpSa, Refuses) {
  const test::Refused table[] = {
      {"nothing", "", ParseError::truncated},
      {"the generic DOI", "00000000", ParseError::unsupported},
      {"a DOI that nobody has", "00000002 00000001", ParseError::unsupported},
      {"no situation", "00000001", ParseError::truncated},
      {"a situation with secrecy labels", "00000001 00000003 0000 0000 0000 0000", ParseError::unsupported},
      {"a situation with integrity labels", "00000001 00000005 0000 0000 0000 0000", ParseError::unsupported},
      {"no proposal", "00000001 00000001", ParseError::truncated},
      {"a proposal that is only a generic header", "00000001 00000001 00 00 0004", ParseError::truncated},
      {"a proposal without its count", "00000001 00000001 00 00 0007 01 01 00", ParseError::truncated},
      {"an SPI beyond its proposal", "00000001 00000001 00 00 000b 01 03 04 01 aabbcc",
       ParseError::truncated},
      {"a transform where a proposal belongs",
       "00000001 00000001 03 00 0008 01 01 00 01 00 00 0008 01 01 00 01", ParseError::bad_version},
      {"a vendor id behind a proposal", "00000001 00000001 0d 00 0008 01 01 00 01 00 00 0008 01 01 00 01",
       ParseError::bad_version},
      {"a second proposal that is not there", "00000001 00000001 02 00 0008 01 01 00 01",
       ParseError::truncated},
      {"a byte behind the last proposal", "00000001 00000001 00 00 0008 01 01 00 01 00",
       ParseError::bad_length},
  };
  test::expect_refused(table, parse);
  test::expect_every_prefix_refused(phase_1, from_hex(phase_1).size(), parse);
  test::expect_every_prefix_refused(phase_2, from_hex(phase_2).size(), parse);
}

TEST(IsakmpSa, RefusesEveryOtherValueInEveryLengthField) {
  const auto good = from_hex(phase_2);
  ASSERT_TRUE(parse_all(good));
  struct Field {
    std::string_view sentence;
    std::size_t at, bytes;
  };
  constexpr Field fields[] = {
      {"the first proposal's length", 10, 2},
      {"its SPI size", 14, 1},
      {"its number of transforms", 15, 1},
      {"the first transform's length", 22, 2},
      {"its duration's length", 46, 2},
      {"the second transform's length", 54, 2},
      {"its duration's length", 74, 2},
      {"the second proposal's length", 82, 2},
      {"its SPI size", 86, 1},
      {"its number of transforms", 87, 1},
      {"its transform's length", 92, 2},
  };
  for (const Field& field : fields) {
    SCOPED_TRACE(std::string(field.sentence));
    auto changed = good;
    for (unsigned value = 0; value < (field.bytes == 1 ? 0x100u : 0x10000u); ++value) {
      if (field.bytes == 1) changed[field.at] = static_cast<std::byte>(value);
      if (field.bytes == 2) store_big_endian(changed.data() + field.at, static_cast<std::uint16_t>(value));
      EXPECT_EQ(parse_all(changed).has_value(), changed == good) << "with " << value;
    }
  }
}

TEST(IsakmpSa, TakesAsManyProposalsAsItSaysAndNoMore) {
  const auto with_proposals = [](std::size_t count) {
    IsakmpSaBuilder builder;
    for (std::size_t i = 0; i < count; ++i) {
      builder.begin_proposal(static_cast<std::uint8_t>(i), IsakmpProtocol::isakmp, {});
      builder.begin_transform(1, IsakmpTransformId::key_ike);
    }
    return builder.finish();
  };
  const auto most = with_proposals(IsakmpSa::most_proposals);
  const auto sa = IsakmpSa::parse(most);
  ASSERT_TRUE(sa);
  EXPECT_EQ(sa->proposals.size(), IsakmpSa::most_proposals);
  const auto too_many = IsakmpSa::parse(with_proposals(IsakmpSa::most_proposals + 1));
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error(), ParseError::bad_length);
}

TEST(IsakmpProposal, Takes255Transforms) {
  IsakmpSaBuilder builder;
  builder.begin_proposal(1, IsakmpProtocol::isakmp, {});
  for (unsigned i = 1; i <= 255; ++i) {
    builder.begin_transform(static_cast<std::uint8_t>(i), IsakmpTransformId::key_ike);
  }
  const auto body = builder.finish();
  const auto sa = IsakmpSa::parse(body);
  ASSERT_TRUE(sa);
  const auto transforms = sa->proposals[0].list();
  ASSERT_TRUE(transforms);
  EXPECT_EQ(transforms->size(), 255u);
  EXPECT_EQ(transforms->back().number, 255u);
}

TEST(IsakmpProposal, RefusesToList) {
  struct Case {
    std::string_view sentence;
    std::uint8_t count;
    std::string_view transforms;
    ParseError error;
  };
  const Case cases[] = {
      {"no transform, as it says", 0, "", ParseError::bad_length},
      {"a transform that it doesn't count", 0, "00 00 0008 01 01 0000", ParseError::bad_length},
      {"no transform where it counts one", 1, "", ParseError::truncated},
      {"one where it counts two", 2, "00 00 0008 01 01 0000", ParseError::bad_length},
      {"two where it counts one", 1, "03 00 0008 01 01 0000 00 00 0008 02 01 0000", ParseError::bad_length},
      {"a transform of 7 bytes", 1, "00 00 0007 01 01 00", ParseError::truncated},
      {"a transform that is only a generic header", 1, "00 00 0004", ParseError::truncated},
      {"a transform beyond the proposal", 1, "00 00 0009 01 01 0000", ParseError::truncated},
      {"a proposal behind a transform", 2, "02 00 0008 01 01 0000 00 00 0008 02 01 0000",
       ParseError::bad_version},
      {"a byte behind the last", 1, "00 00 0008 01 01 0000 00", ParseError::bad_length},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto bytes = from_hex(c.transforms);
    const auto transforms = IsakmpProposal{1, 1, {}, c.count, bytes}.list();
    ASSERT_FALSE(transforms);
    EXPECT_EQ(transforms.error(), c.error);
  }
}

TEST(IsakmpAttributeWalk, Refuses) {
  const test::Refused table[] = {
      {"a byte", "80", ParseError::truncated},
      {"a type without a value", "8001", ParseError::truncated},
      {"half a short value", "8001 00", ParseError::truncated},
      {"half a length", "0001 00", ParseError::truncated},
      {"a value that is not there", "0001 0001", ParseError::truncated},
      {"a value beyond the end", "0001 0004 000000", ParseError::truncated},
      {"the longest value", "0001 ffff 00000000", ParseError::truncated},
      {"a cut one behind a good one", "8001 0001 000c 0004 000000", ParseError::truncated},
  };
  test::expect_refused(table, count_attributes);

  const auto broken = from_hex("000c 0005 00000000");
  IsakmpAttributeWalk walk(broken);
  EXPECT_FALSE(walk.next());
  const auto after = walk.next();
  EXPECT_TRUE(after && !*after) << "nothing more after an error";
}

TEST(IsakmpAttribute, IsANumberInEitherForm) {
  struct Case {
    std::string_view sentence, hex;
    std::optional<std::uint64_t> number;
  };
  const Case cases[] = {
      {"the short form", "800c 2a30", 10800},
      {"the short form's largest", "800c ffff", 65535},
      {"one byte", "000c 0001 ff", 255},
      {"two bytes, which would fit the short form", "000c 0002 0e10", 3600},
      {"three bytes", "000c 0003 015180", 86400},
      {"four bytes", "000c 0004 00007080", 28800},
      {"eight bytes", "000c 0008 ffffffffffffffff", 0xffffffffffffffff},
      {"nine bytes that begin with 0", "000c 0009 00 8000000000000001", 0x8000000000000001},
      {"twelve bytes of 0", "000c 000c 000000000000000000000000", 0},
      {"nine bytes that don't fit", "000c 0009 01 0000000000000000", std::nullopt},
      {"no byte", "000c 0000", std::nullopt},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    const auto bytes = from_hex(c.hex);
    const auto attribute = IsakmpAttributeWalk(bytes).next();
    ASSERT_TRUE(attribute && *attribute);
    EXPECT_TRUE((*attribute)->type == IkeAttribute::life_duration);
    EXPECT_EQ((*attribute)->number(), c.number);
  }
}

}  // namespace
}  // namespace espgate::wire
