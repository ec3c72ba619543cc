// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/ip_address.h"
#include "wire/isakmp.h"
#include "wire/isakmp_numbers.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace espgate::wire {

// Builds an IKEv1 message: the header, then payload after payload.
class IsakmpBuilder {
 public:
  IsakmpBuilder(std::uint64_t initiator_cookie, std::uint64_t responder_cookie, IsakmpExchange exchange,
                std::uint8_t flags, std::uint32_t message_id);

  // Appends a payload whose body is the parts one after the other; with its generic header at most 65535
  // bytes, which asserts.
  IsakmpBuilder& payload(IsakmpPayloadType type, std::initializer_list<Bytes> parts);

  // The message so far, with its header of 28 bytes, whose length field agrees. Valid until the next call
  // that changes the message.
  [[nodiscard]] Bytes bytes() const { return message_; }
  [[nodiscard]] std::size_t size() const { return message_.size(); }

  // Where the payload added last has its generic header, in bytes() (28 for the first). A hash over what
  // follows a HASH payload covers bytes().subspan(begin + 4 + hash length).
  [[nodiscard]] std::size_t last_begin() const { return last_begin_; }
  // What lies behind the generic header of the payload that begins there, to be filled in afterwards. Valid
  // until the next call that changes the message.
  [[nodiscard]] MutableBytes body_at(std::size_t begin);
  [[nodiscard]] MutableBytes body_of_last() { return body_at(last_begin_); }

  // The finished message; the builder is spent.
  [[nodiscard]] std::vector<std::byte> finish();
  // The same with zeros behind the payloads up to a multiple of `block_bytes` (0 to 15 zeros for AES), which
  // the length field counts. All behind the first 28 bytes is for the caller to encrypt in place.
  [[nodiscard]] std::vector<std::byte> finish_padded(std::size_t block_bytes);

 private:
  void set_length();

  std::vector<std::byte> message_;
  std::size_t last_begin_ = 0;  // 0: no payload yet
};

// Builds the body of an SA payload.
class IsakmpSaBuilder {
 public:
  explicit IsakmpSaBuilder(std::uint32_t doi = isakmp_doi_ipsec,
                           std::uint32_t situation = isakmp_situation_identity_only);

  // `spi`: up to 255 bytes.
  IsakmpSaBuilder& begin_proposal(std::uint8_t number, IsakmpNumber<std::uint8_t> protocol, Bytes spi);
  // Needs a proposal; at most 255 in each.
  IsakmpSaBuilder& begin_transform(std::uint8_t number, IsakmpNumber<std::uint8_t> id);
  // Both need a transform; `type` is below 0x8000. A value up to 65535 takes the short form, one up to 32
  // bits four bytes, else eight.
  IsakmpSaBuilder& attribute(IsakmpNumber<std::uint16_t> type, IsakmpNumber<std::uint64_t> value);
  // The long form, whatever the value: up to 65535 bytes.
  IsakmpSaBuilder& attribute_bytes(IsakmpNumber<std::uint16_t> type, Bytes value);

  // The body; the builder is spent.
  [[nodiscard]] std::vector<std::byte> finish();

 private:
  void patch_lengths();

  std::vector<std::byte> body_;
  std::size_t proposal_begin_ = 0;   // 0: none yet
  std::size_t transform_begin_ = 0;  // 0: none yet in this proposal
};

// Bodies of the payloads in wire/isakmp_payloads.h.
[[nodiscard]] std::vector<std::byte> isakmp_identification(IsakmpNumber<std::uint8_t> type,
                                                           std::uint8_t protocol, std::uint16_t port,
                                                           Bytes data);
[[nodiscard]] std::vector<std::byte> isakmp_notification(IsakmpNumber<std::uint8_t> protocol, Bytes spi,
                                                         IsakmpNumber<std::uint16_t> type, Bytes data,
                                                         std::uint32_t doi = isakmp_doi_ipsec);
// `spis`: one after the other, a multiple of `spi_bytes`.
[[nodiscard]] std::vector<std::byte> isakmp_delete(IsakmpNumber<std::uint8_t> protocol,
                                                   std::uint8_t spi_bytes, Bytes spis,
                                                   std::uint32_t doi = isakmp_doi_ipsec);
[[nodiscard]] std::vector<std::byte> isakmp_nat_oa(const IpAddress& address);
[[nodiscard]] std::vector<std::byte> isakmp_fragment(std::uint16_t id, std::uint8_t index, bool last,
                                                     Bytes data);

}  // namespace espgate::wire
