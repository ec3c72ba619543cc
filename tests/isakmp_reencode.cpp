// SPDX-License-Identifier: Apache-2.0
#include "tests/isakmp_reencode.h"

#include "wire/isakmp_builder.h"
#include "wire/isakmp_payloads.h"
#include "wire/isakmp_sa.h"

namespace espgate::test {
namespace {

using namespace wire;

using Body = Expected<std::vector<std::byte>>;

Expected<void> reencode_attributes(IsakmpSaBuilder& builder, Bytes attributes) {
  IsakmpAttributeWalk walk(attributes);
  for (;;) {
    const auto attribute = walk.next();
    if (!attribute) return fail(attribute.error());
    if (!*attribute) return {};
    const auto& [type, short_form, value] = **attribute;
    if (short_form) {
      builder.attribute(type, *(*attribute)->number());
    } else {
      builder.attribute_bytes(type, value);
    }
  }
}

Body reencode_sa(Bytes body) {
  const auto sa = IsakmpSa::parse(body);
  if (!sa) return fail(sa.error());
  IsakmpSaBuilder builder(sa->doi, sa->situation);
  for (const IsakmpProposal& proposal : sa->proposals) {
    builder.begin_proposal(proposal.number, proposal.protocol, proposal.spi);
    const auto transforms = proposal.list();
    if (!transforms) return fail(transforms.error());
    for (const IsakmpTransform& transform : *transforms) {
      builder.begin_transform(transform.number, transform.id);
      const auto attributes = reencode_attributes(builder, transform.attributes);
      if (!attributes) return fail(attributes.error());
    }
  }
  return builder.finish();
}

Body reencode_body(IsakmpPayloadType type, Bytes body) {
  switch (type) {
    case IsakmpPayloadType::sa:
      return reencode_sa(body);
    case IsakmpPayloadType::identification:
      return IsakmpIdentification::parse(body).map([](const IsakmpIdentification& id) {
        return isakmp_identification(id.type, id.protocol, id.port, id.data);
      });
    case IsakmpPayloadType::notification:
      return IsakmpNotification::parse(body).map([](const IsakmpNotification& notification) {
        return isakmp_notification(notification.protocol, notification.spi, notification.type,
                                   notification.data, notification.doi);
      });
    case IsakmpPayloadType::delete_payload:
      return IsakmpDelete::parse(body).map([](const IsakmpDelete& payload) {
        return isakmp_delete(payload.protocol, payload.spi_bytes, payload.spis, payload.doi);
      });
    case IsakmpPayloadType::nat_oa:
    case IsakmpPayloadType::nat_oa_draft:
      return IsakmpNatOa::parse(body).map(
          [](const IsakmpNatOa& nat_oa) { return isakmp_nat_oa(nat_oa.address); });
    case IsakmpPayloadType::fragment:
      return IsakmpFragment::parse(body).map([](const IsakmpFragment& fragment) {
        return isakmp_fragment(fragment.id, fragment.index, fragment.last, fragment.data);
      });
    default:
      return std::vector<std::byte>(body.begin(), body.end());
  }
}

}  // namespace

Expected<std::vector<std::byte>> reencode(const IsakmpHeader& header, Bytes payloads) {
  IsakmpBuilder builder(header.initiator_cookie.host(), header.responder_cookie.host(),
                        IsakmpExchange{header.exchange_type}, header.flags, header.message_id.host());
  IsakmpPayloadWalk walk(IsakmpPayloadType{header.next_payload}, payloads);
  for (;;) {
    const auto payload = walk.next();
    if (!payload) return fail(payload.error());
    if (!*payload) break;
    const auto body = reencode_body((*payload)->type, (*payload)->body);
    if (!body) return fail(body.error());
    builder.payload((*payload)->type, {*body});
  }
  std::vector<std::byte> message = builder.finish();
  message.insert(message.end(), walk.rest().begin(), walk.rest().end());
  store_big_endian(message.data() + offsetof(IsakmpHeader, length),
                   static_cast<std::uint32_t>(message.size()));
  return message;
}

}  // namespace espgate::test
