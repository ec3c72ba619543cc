// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "wire/udp.h"

#include <algorithm>
#include <vector>

using namespace espgate;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  const auto datagram = wire::UdpDatagram::parse(input);
  if (!datagram) return 0;
  fuzz::require_layout(input, sizeof(wire::UdpHeader), datagram->payload());
  fuzz::require(datagram->payload().size() + sizeof(wire::UdpHeader) == datagram->length());

  std::vector<std::byte> copy(datagram->bytes().begin(), datagram->bytes().end());
  wire::build_udp(copy, {datagram->source_port(), datagram->destination_port(), datagram->payload().size(),
                         datagram->checksum()});
  fuzz::require(std::ranges::equal(copy, datagram->bytes()));

  // The right checksum is found whatever stood there, and holds by the definition as well.
  const std::uint32_t source = 0xc0000201;
  const std::uint32_t destination = 0xc6336407;
  const std::uint16_t checksum = wire::udp_checksum(source, destination, copy);
  wire::store_big_endian(copy.data() + 6, checksum);
  fuzz::require(checksum != 0 && checksum == wire::udp_checksum(source, destination, copy));
  fuzz::require(wire::internet_checksum(
                    copy, wire::pseudo_header_sum(source, destination, wire::ip_protocol_udp, copy.size())) ==
                0);
  fuzz::require(wire::udp_checksum_valid(source, destination, wire::UdpDatagram::parse(copy).value()));
  return 0;
}
