// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/isakmp.h"
#include "wire/isakmp_numbers.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace espgate::wire {

// The SA payload of IKEv1 and what nests in it:
//
//   SA: DOI (32) | situation (32) | proposal …                                              RFC 2408 §3.4
//   proposal: generic header | number | protocol | SPI size | transforms (8 each) | SPI | transform …  §3.5
//   transform: generic header | number (8) | transform id (8) | reserved (16) | attribute …            §3.6
//   attribute: format bit, type (15) | value (16), or length (16) and value                            §3.3
//
// All views are into what parse() was given. Reserved bytes are not looked at.

struct IsakmpAttribute {
  std::uint16_t type;  // without the format bit
  bool short_form;     // type and value ("TV"): two bytes of value, no length
  Bytes value;

  // The value as a big-endian number, in either form. nullopt: no byte, or more than 8 of which one before
  // the last 8 is not 0.
  [[nodiscard]] std::optional<std::uint64_t> number() const;
};

// Goes through a transform's attributes.
class IsakmpAttributeWalk {
 public:
  explicit IsakmpAttributeWalk(Bytes attributes) : rest_(attributes) {}

  // nullopt at the end. truncated: an attribute reaches beyond the bytes. After an error there is nothing
  // more.
  [[nodiscard]] Expected<std::optional<IsakmpAttribute>> next();

 private:
  Bytes rest_;
};

struct IsakmpTransform {
  std::uint8_t number;
  std::uint8_t id;   // phase 1: IsakmpTransformId; ESP: EspTransformId
  Bytes attributes;  // for IsakmpAttributeWalk; not checked yet
};

struct IsakmpProposal {
  std::uint8_t number;    // proposals of one number stand together ("and"), RFC 2408 §4.2
  std::uint8_t protocol;  // IsakmpProtocol
  Bytes spi;              // up to 255 bytes; for ESP 4, in phase 1 any length, mostly none
  std::uint8_t transform_count;
  Bytes transforms;  // for list(); not checked yet

  // bad_length: another number of transforms than transform_count, none, or bytes behind the last;
  // bad_version: something else than a transform in the chain; truncated: one reaches beyond the proposal.
  [[nodiscard]] Expected<std::vector<IsakmpTransform>> list() const;
};

struct IsakmpSa {
  static constexpr std::size_t most_proposals = 64;

  std::uint32_t doi;
  std::uint32_t situation;
  std::vector<IsakmpProposal> proposals;  // at least one

  // `body`: the SA payload behind its generic header. unsupported: another DOI than IPsec's, or a situation
  // with labels (secrecy, integrity; RFC 2407 §4.6.1). bad_length: over most_proposals, or bytes behind the
  // last; bad_version: something else than a proposal in the chain; truncated: no proposal, or one that
  // reaches beyond the payload.
  [[nodiscard]] static Expected<IsakmpSa> parse(Bytes body);
};

}  // namespace espgate::wire
