// SPDX-License-Identifier: Apache-2.0
#include "client/ike/ike_sa.h"

#include "wire/big_endian.h"

#include <algorithm>

namespace espgate::client::ike {
namespace {

constexpr std::size_t header_bytes = sizeof(wire::IsakmpHeader);
constexpr std::size_t generic_bytes = 4;
constexpr std::size_t most_payloads = 64;

}  // namespace

std::array<std::byte, 4> octets(std::uint32_t value) {
  std::array<std::byte, 4> bytes{};
  wire::store_big_endian(bytes.data(), value);
  return bytes;
}

std::optional<Payloads> Payloads::read(wire::IsakmpPayloadWalk walk) {
  Payloads payloads;
  for (;;) {
    const auto next = walk.next();
    if (!next || payloads.all_.size() == most_payloads) return std::nullopt;
    if (!*next) break;
    payloads.all_.push_back(**next);
  }
  payloads.rest_ = walk.rest();
  return payloads;
}

std::optional<wire::Bytes> Payloads::find(wire::IsakmpPayloadType type) const {
  const auto found = std::ranges::find(all_, type, &wire::IsakmpPayload::type);
  return found == all_.end() ? std::nullopt : std::optional(found->body);
}

bool IkeSa::is_named_by(const wire::IsakmpMessage& message) const {
  return message.header().initiator_cookie.host() == initiator_cookie &&
         message.header().responder_cookie.host() == responder_cookie;
}

std::array<std::byte, 16> IkeSa::cookies() const {
  std::array<std::byte, 16> bytes{};
  wire::store_big_endian(bytes.data(), initiator_cookie);
  wire::store_big_endian(bytes.data() + 8, responder_cookie);
  return bytes;
}

Iv IkeSa::first_iv(std::uint32_t message_id) const {
  const auto value = crypto::phase2_iv(proposal.hash, std::span(last_block).first(block_bytes()), message_id);
  Iv iv{};
  std::ranges::copy(value.span().first(block_bytes()), iv.begin());
  return iv;
}

std::vector<std::byte> IkeSa::seal(wire::IsakmpBuilder& builder, Iv& iv) const {
  std::vector<std::byte> message = builder.finish_padded(block_bytes());
  crypto::ike_encrypt(proposal.cipher, keys.cipher_key.bytes(), std::span(iv).first(block_bytes()),
                      std::span(message).subspan(header_bytes));
  return message;
}

std::optional<Opened> IkeSa::open(const wire::IsakmpMessage& message, const Iv& iv) const {
  Opened opened;
  const wire::Bytes body = message.payload();
  opened.bytes.resize(header_bytes + body.size());
  wire::store_header(opened.bytes.data(), message.header());
  std::ranges::copy(body, opened.bytes.begin() + header_bytes);
  opened.next_iv = iv;
  const std::span data = std::span(opened.bytes).subspan(header_bytes);
  if (keys.cipher_key.empty() || !crypto::ike_decrypt(proposal.cipher, keys.cipher_key.bytes(),
                                                      std::span(opened.next_iv).first(block_bytes()), data))
    return std::nullopt;
  auto payloads = Payloads::read({wire::IsakmpPayloadType{message.header().next_payload}, data});
  if (!payloads) return std::nullopt;
  opened.payloads = std::move(*payloads);
  return opened;
}

bool IkeSa::has_right_hash(const Opened& message, std::uint32_t message_id, wire::Bytes prefix) const {
  const auto& all = message.payloads.all();
  if (all.empty() || all.front().type != wire::IsakmpPayloadType::hash) return false;
  const std::size_t begin = header_bytes + generic_bytes + all.front().body.size();
  const std::size_t size = message.bytes.size() - begin - message.payloads.rest().size();
  const auto expected =
      crypto::prf_value(proposal.hash, keys.skeyid_a.bytes(),
                        {octets(message_id), prefix, wire::Bytes(message.bytes).subspan(begin, size)});
  return crypto::equal_in_constant_time(all.front().body, expected.span());
}

std::vector<std::byte> IkeSa::empty_hash() const {
  return std::vector<std::byte>(crypto::hash_bytes(proposal.hash));
}

void IkeSa::fill_hash(wire::IsakmpBuilder& builder, std::uint32_t message_id, wire::Bytes prefix) const {
  const std::size_t behind = header_bytes + generic_bytes + crypto::hash_bytes(proposal.hash);
  const auto value = crypto::prf_value(proposal.hash, keys.skeyid_a.bytes(),
                                       {octets(message_id), prefix, builder.bytes().subspan(behind)});
  std::ranges::copy(value.span(), builder.body_at(header_bytes).begin());
}

}  // namespace espgate::client::ike
