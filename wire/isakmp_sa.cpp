// SPDX-License-Identifier: Apache-2.0
#include "wire/isakmp_sa.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace espgate::wire {
namespace {

struct SaHeader {  // RFC 2408 §3.4
  be32 doi;
  be32 situation;
};
static_assert(sizeof(SaHeader) == 8 && alignof(SaHeader) == 1);

struct ProposalHeader {  // RFC 2408 §3.5
  std::uint8_t number;
  std::uint8_t protocol;
  std::uint8_t spi_bytes;
  std::uint8_t transform_count;
};
static_assert(sizeof(ProposalHeader) == 4 && alignof(ProposalHeader) == 1);

struct TransformHeader {  // RFC 2408 §3.6
  std::uint8_t number;
  std::uint8_t id;
  be16 reserved;
};
static_assert(sizeof(TransformHeader) == 4 && alignof(TransformHeader) == 1);

constexpr std::uint32_t situation_labels = 0x02 | 0x04;  // secrecy and integrity, RFC 2407 §4.2

Expected<IsakmpProposal> parse_proposal(Bytes body) {
  if (body.size() < sizeof(ProposalHeader)) return fail(ParseError::truncated);
  const auto header = load_header<ProposalHeader>(body.data());
  const Bytes behind = body.subspan(sizeof(ProposalHeader));
  if (header.spi_bytes > behind.size()) return fail(ParseError::truncated);
  return IsakmpProposal{header.number, header.protocol, behind.first(header.spi_bytes),
                        header.transform_count, behind.subspan(header.spi_bytes)};
}

Expected<IsakmpTransform> parse_transform(Bytes body) {
  if (body.size() < sizeof(TransformHeader)) return fail(ParseError::truncated);
  const auto header = load_header<TransformHeader>(body.data());
  return IsakmpTransform{header.number, header.id, body.subspan(sizeof(TransformHeader))};
}

// A chain of payloads of one type, each taken apart by `parse_one`; at most `most` of them, which bounds the
// memory as well. The chain has to fill `bytes`: with anything behind it, a length in it was wrong.
template <typename Item>
Expected<std::vector<Item>> parse_chain(IsakmpPayloadType type, Bytes bytes, std::size_t most,
                                        Expected<Item> (*parse_one)(Bytes)) {
  std::vector<Item> items;
  IsakmpPayloadWalk walk(type, bytes);
  for (;;) {
    const auto payload = walk.next();
    if (!payload) return fail(payload.error());
    if (!*payload) break;
    if ((*payload)->type != type) return fail(ParseError::bad_version);
    if (items.size() == most) return fail(ParseError::bad_length);
    const auto item = parse_one((*payload)->body);
    if (!item) return fail(item.error());
    items.push_back(*item);
  }
  if (!walk.rest().empty()) return fail(ParseError::bad_length);
  return items;
}

}  // namespace

std::optional<std::uint64_t> IsakmpAttribute::number() const {
  if (value.empty()) return std::nullopt;
  const std::size_t leading = value.size() > 8 ? value.size() - 8 : 0;
  if (std::ranges::any_of(value.first(leading), [](std::byte byte) { return byte != std::byte{0}; })) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (const std::byte byte : value.subspan(leading)) number = number << 8u | std::to_integer<unsigned>(byte);
  return number;
}

Expected<std::optional<IsakmpAttribute>> IsakmpAttributeWalk::next() {
  if (rest_.empty()) return std::nullopt;
  const Bytes bytes = std::exchange(rest_, {});
  if (bytes.size() < 4) return fail(ParseError::truncated);
  const auto type = load_big_endian<std::uint16_t>(bytes.data());
  const bool short_form = (type & isakmp_attribute_short_form) != 0;
  const std::size_t value_at = short_form ? 2 : 4;
  const std::size_t length = short_form ? 2 : load_big_endian<std::uint16_t>(bytes.data() + 2);
  if (length > bytes.size() - value_at) return fail(ParseError::truncated);
  rest_ = bytes.subspan(value_at + length);
  return IsakmpAttribute{static_cast<std::uint16_t>(type & ~isakmp_attribute_short_form), short_form,
                         bytes.subspan(value_at, length)};
}

Expected<std::vector<IsakmpTransform>> IsakmpProposal::list() const {
  if (transform_count == 0) return fail(ParseError::bad_length);
  auto found = parse_chain(IsakmpPayloadType::transform, transforms, transform_count, parse_transform);
  if (found && found->size() != transform_count) return fail(ParseError::bad_length);
  return found;
}

Expected<IsakmpSa> IsakmpSa::parse(Bytes body) {
  // Which fields follow is the DOI's business, so it comes first.
  if (body.size() < sizeof(be32)) return fail(ParseError::truncated);
  if (load_big_endian<std::uint32_t>(body.data()) != isakmp_doi_ipsec) return fail(ParseError::unsupported);
  if (body.size() < sizeof(SaHeader)) return fail(ParseError::truncated);
  const auto header = load_header<SaHeader>(body.data());
  if ((header.situation.host() & situation_labels) != 0) return fail(ParseError::unsupported);
  auto proposals = parse_chain(IsakmpPayloadType::proposal, body.subspan(sizeof(SaHeader)), most_proposals,
                               parse_proposal);
  if (!proposals) return fail(proposals.error());
  return IsakmpSa{header.doi.host(), header.situation.host(), *std::move(proposals)};
}

}  // namespace espgate::wire
