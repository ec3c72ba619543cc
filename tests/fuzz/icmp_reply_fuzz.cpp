// SPDX-License-Identifier: Apache-2.0
// A packet that is dropped or pinged, behind three bytes: the drop reason (or, from 0xf0 on, an echo request
// to be answered), the headroom, and 1 for a right ICMP checksum. What is made of it must be a sound packet
// within its buffer; if nothing is, not a byte may have changed.
#include "dataplane/icmp_reply.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <vector>

using namespace espgate;
using namespace espgate::dataplane;

namespace {

constexpr std::size_t tail = 16;
constexpr std::uint32_t gateway = 0x0a1e0001;

void repair_icmp(std::vector<std::byte>& buffer, std::size_t at) {
  const auto ip = wire::Ipv4Packet::parse(wire::Bytes(buffer).subspan(at));
  if (!ip || ip->payload().size() < sizeof(wire::IcmpHeader)) return;
  const wire::MutableBytes icmp =
      wire::MutableBytes(buffer).subspan(at + ip->header_length(), ip->payload().size());
  wire::store_big_endian(icmp.data() + 2, std::uint16_t{0});
  wire::store_big_endian(icmp.data() + 2, wire::internet_checksum(icmp));
}

void check(const Packet& packet, const std::vector<std::byte>& buffer) {
  fuzz::require_inside(packet.bytes(), buffer);
  fuzz::require(packet.headroom <= packet.data - buffer.data());
  fuzz::require(packet.data + packet.length + packet.tailroom <= buffer.data() + buffer.size());
  const auto ip = wire::Ipv4Packet::parse(packet.bytes());
  fuzz::require(ip && ip->total_length() == packet.length && ip->header_checksum_valid() &&
                !ip->is_fragment());
  const auto icmp = wire::IcmpMessage::parse(ip->payload());
  fuzz::require(icmp && icmp->checksum_valid());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3 || size > 4000) return 0;
  const std::size_t head = data[1];
  const std::size_t length = size - 3;
  std::vector<std::byte> buffer(head + length + tail, std::byte{0xa5});
  std::copy_n(fuzz::as_bytes(data + 3, length).begin(), length,
              buffer.begin() + static_cast<std::ptrdiff_t>(head));
  if ((data[2] & 1) != 0) repair_icmp(buffer, head);
  const std::vector<std::byte> before = buffer;
  Packet packet{};
  packet.data = buffer.data() + head;
  packet.length = static_cast<std::uint32_t>(length);
  packet.headroom = static_cast<std::uint16_t>(head);
  packet.tailroom = tail;

  bool sent = false;
  const bool echo = data[0] >= 0xf0;
  if (echo) {
    sent = turn_into_echo_reply(packet);
  } else if (const auto error = icmp_error_for(static_cast<DropReason>(data[0] % drop_reason_count), 1400)) {
    sent = turn_into_icmp_error(packet, *error, gateway);
  }
  if (!sent) {
    fuzz::require(buffer == before && packet.length == length && packet.headroom == head);
    return 0;
  }
  check(packet, buffer);
  fuzz::require(echo || (packet.length <= 576 && packet.headroom == head - icmp_error_headroom));
  return 0;
}
