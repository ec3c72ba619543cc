// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/invariant.h"
#include "tests/isakmp_reencode.h"
#include "wire/isakmp_payloads.h"
#include "wire/isakmp_sa.h"
#include "wire/isakmp_vendor_id.h"

#include <algorithm>

using namespace espgate;

// Attributes follow one another and, unless one is refused, fill the bytes.
static void require_sound_attributes(wire::Bytes bytes) {
  wire::IsakmpAttributeWalk walk(bytes);
  std::size_t taken = 0;
  for (;;) {
    const auto attribute = walk.next();
    if (!attribute) return;
    if (!*attribute) break;
    taken += (*attribute)->short_form ? 2 : 4;
    fuzz::require_inside((*attribute)->value, bytes.subspan(taken));
    fuzz::require((*attribute)->value.data() == bytes.data() + taken);
    fuzz::require((*attribute)->type < 0x8000);
    fuzz::require(!(*attribute)->short_form || ((*attribute)->value.size() == 2 && (*attribute)->number()));
    taken += (*attribute)->value.size();
  }
  fuzz::require(taken == bytes.size());
}

static void require_sound_proposal(const wire::IsakmpProposal& proposal, wire::Bytes inside) {
  fuzz::require_inside(proposal.spi, inside);
  fuzz::require_inside(proposal.transforms, inside);
  fuzz::require(proposal.spi.size() <= 255);
  const auto transforms = proposal.list();
  if (!transforms) return;
  fuzz::require(!transforms->empty() && transforms->size() == proposal.transform_count);
  for (const auto& transform : *transforms) {
    fuzz::require_inside(transform.attributes, proposal.transforms);
    require_sound_attributes(transform.attributes);
  }
}

static void require_sound_sa(wire::Bytes body) {
  const auto sa = wire::IsakmpSa::parse(body);
  if (!sa) return;
  fuzz::require(!sa->proposals.empty() && sa->proposals.size() <= wire::IsakmpSa::most_proposals);
  for (const auto& proposal : sa->proposals) require_sound_proposal(proposal, body);
}

// Nothing that a terminal or a log line would take for more than text, and not much of it.
static void require_printable(const std::string& text) {
  fuzz::require(text.size() < 4 * 255 + 32);
  fuzz::require(std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; }));
}

static void require_sound_payloads(wire::Bytes body) {
  if (const auto id = wire::IsakmpIdentification::parse(body)) {
    fuzz::require_layout(body, 4, id->data);
    fuzz::require(4 + id->data.size() == body.size());
    require_printable(id->to_string());
    if (const auto address = id->address()) fuzz::require(id->to_string().starts_with(address->to_string()));
  }
  if (const auto notification = wire::IsakmpNotification::parse(body)) {
    fuzz::require_layout(body, 8, notification->spi);
    fuzz::require_layout(body, 8 + notification->spi.size(), notification->data);
    fuzz::require(!to_string(wire::IsakmpNotifyType{notification->type}).empty());
  }
  if (const auto payload = wire::IsakmpDelete::parse(body)) {
    for (std::size_t i = 0; i < payload->count; ++i) fuzz::require_inside(payload->spi(i), payload->spis);
    fuzz::require(8 + payload->spis.size() == body.size());
  }
  if (const auto fragment = wire::IsakmpFragment::parse(body)) fuzz::require_layout(body, 4, fragment->data);
  if (const auto nat_oa = wire::IsakmpNatOa::parse(body)) fuzz::require(!nat_oa->address.to_string().empty());
  const auto vendor = wire::recognise(body);
  fuzz::require(!to_string(vendor).empty());
  fuzz::require(!wire::microsoft_version(body) || vendor == wire::IsakmpVendor::microsoft);
}

// What is built from a parsed message parses to the same again.
static void require_idempotent_reencoding(wire::Bytes input) {
  const auto message = wire::IsakmpMessage::parse(input);
  if (!message || message->major_version() != 1) return;
  const auto once = test::reencode(message->header(), message->payload());
  if (!once) return;
  // An IPv4 address in an IPv6 NAT-OA becomes one of IPv4; nothing else may change a length.
  fuzz::require(once->size() <= sizeof(wire::IsakmpHeader) + message->payload().size());
  const auto again = wire::IsakmpMessage::parse(*once);
  fuzz::require(again && again->payload().size() + sizeof(wire::IsakmpHeader) == once->size());
  const auto twice = test::reencode(again->header(), again->payload());
  fuzz::require(twice && *twice == *once);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  require_sound_sa(input);
  require_sound_attributes(input);
  require_sound_payloads(input);
  require_idempotent_reencoding(input);
  return 0;
}
