// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "wire/l2tp.h"

#include <vector>

using namespace espgate;

static std::uint16_t offset_size(const wire::L2tpHeader& header) {
  const std::size_t before = 8 + (header.has_length() ? 2u : 0u) + (header.has_sequence() ? 4u : 0u);
  return static_cast<std::uint16_t>(header.header_length() - before);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  const auto header = wire::L2tpHeader::parse(input);
  if (!header) return 0;
  fuzz::require_layout(input, header->header_length(), header->payload());
  const std::size_t length = header->header_length() + header->payload().size();
  if (!header->has_length()) fuzz::require(length == size);

  std::vector<std::byte> built(length, std::byte{0xa5});
  if (header->is_control()) {
    const wire::L2tpControlFields fields{header->tunnel_id(), header->session_id(), header->ns(),
                                         header->nr()};
    fuzz::require(wire::build_l2tp_control(built, fields, header->payload().size()) ==
                  header->header_length());
  } else {
    wire::L2tpDataFields fields{header->tunnel_id(), header->session_id(), header->has_length(),
                                header->priority()};
    if (header->has_sequence()) fields.sequence = wire::L2tpSequence{header->ns(), header->nr()};
    if (header->has_offset()) fields.offset = offset_size(*header);
    fuzz::require(wire::build_l2tp_data(built, fields, header->payload().size()) == header->header_length());
  }
  const auto again = wire::L2tpHeader::parse(built);
  fuzz::require(
      again && again->is_control() == header->is_control() && again->has_length() == header->has_length() &&
      again->has_sequence() == header->has_sequence() && again->has_offset() == header->has_offset() &&
      again->priority() == header->priority() && again->tunnel_id() == header->tunnel_id() &&
      again->session_id() == header->session_id() && again->header_length() == header->header_length() &&
      again->payload().size() == header->payload().size());
  if (header->has_sequence()) fuzz::require(again->ns() == header->ns() && again->nr() == header->nr());
  return 0;
}
