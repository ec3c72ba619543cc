// SPDX-License-Identifier: Apache-2.0
// A capture through `espgate-replay inspect`: frames of one byte of flags, two of length, and that much IP.
#include "dataplane/replay/inspect_summary.h"
#include "tests/fuzz/invariant.h"
#include "wire/ethernet.h"

#include <algorithm>
#include <vector>

using namespace espgate;

static std::uint64_t ike_messages_in_exchanges(const replay::IkeLog& log) {
  std::uint64_t messages = 0;
  for (const replay::IkeSa& sa : log.sas()) {
    messages += sa.uncounted_messages;
    for (const replay::IkeExchange& exchange : sa.exchanges) {
      messages += exchange.messages[0] + exchange.messages[1];
      for (const std::size_t side : {0u, 1u})
        fuzz::require(exchange.retransmissions[side] <= exchange.messages[side]);
    }
  }
  return messages;
}

static void require_consistent(const replay::EspLog& log) {
  std::uint64_t packets = 0;
  for (const replay::EspSa& sa : log.sas()) {
    const auto f = sa.sequence.findings();
    packets += f.packets;
    fuzz::require(f.packets == sa.tally.packets);
    fuzz::require(f.duplicates + f.reused + f.out_of_order + f.late + f.strays < f.packets);
    fuzz::require(f.first_gaps.size() ==
                  std::min<std::uint64_t>(f.gaps, replay::SequenceTracker::examples_kept));
    fuzz::require(f.gaps <= f.missing && f.gaps <= f.packets);
  }
  fuzz::require(packets == log.packets());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wire::Bytes input = fuzz::as_bytes(data, size);
  replay::Inspection inspection;
  while (input.size() >= 3) {
    const auto flags = std::to_integer<unsigned>(input[0]);
    const std::size_t length =
        std::min<std::size_t>(wire::load_big_endian<std::uint16_t>(input.data() + 1), input.size() - 3);
    // A copy of its own size, so that a read behind it shows.
    const std::vector<std::byte> packet(input.begin() + 3,
                                        input.begin() + 3 + static_cast<std::ptrdiff_t>(length));
    inspection.add({.nanoseconds = inspection.totals().frames * 1000,
                    .ether_type = (flags & 1) != 0 ? wire::ether_type_ipv6 : wire::ether_type_ipv4,
                    .packet = packet,
                    .frame_bytes = static_cast<std::uint32_t>(length),
                    .cut = (flags & 2) != 0});
    input = input.subspan(3 + length);
  }
  inspection.finish();
  require_consistent(inspection.esp());
  fuzz::require(ike_messages_in_exchanges(inspection.ike()) <= inspection.ike().messages());
  const replay::InspectionSummary summary(inspection, nullptr);
  const auto& totals = inspection.totals();
  fuzz::require(inspection.esp().packets() + inspection.ike().messages() + totals.keepalives +
                    summary.clear_l2tp_packets() + totals.later_fragments - totals.orphan_fragments +
                    summary.other_packets() ==
                totals.frames);
  fuzz::require(!summary.text().empty() && !summary.json().empty());
  return 0;
}
