// SPDX-License-Identifier: Apache-2.0
#include "control/ike/protected_message.h"

#include "control/ike/octets.h"
#include "crypto/secret.h"
#include "wire/big_endian.h"

#include <algorithm>

namespace espgate::control::ike {
namespace {

constexpr std::size_t header_bytes = sizeof(wire::IsakmpHeader);
constexpr std::size_t generic_bytes = 4;

std::span<std::byte> block_of(const IkeSa& sa, IvBlock& iv) {
  return std::span(iv).first(crypto::block_bytes(sa.suite.cipher));
}

}  // namespace

IvBlock first_iv(const IkeSa& sa, std::uint32_t message_id) {
  const auto block = std::span(sa.last_phase1_block).first(crypto::block_bytes(sa.suite.cipher));
  const crypto::HashValue value = crypto::phase2_iv(sa.suite.hash, block, message_id);
  IvBlock iv = {};
  std::ranges::copy(value.span().first(block.size()), iv.begin());
  return iv;
}

wire::Bytes OpenedMessage::behind_hash() const {
  const auto& all = payloads.all();
  if (all.empty()) return {};
  const std::size_t begin = header_bytes + generic_bytes + all.front().body.size();
  return wire::Bytes(bytes).subspan(begin, bytes.size() - begin - payloads.rest().size());
}

Expected<OpenedMessage> open_message(const IkeSa& sa, const IvBlock& iv, const wire::IsakmpMessage& message) {
  OpenedMessage opened;
  const wire::Bytes body = message.payload();
  opened.bytes.resize(header_bytes + body.size());
  wire::store_header(opened.bytes.data(), message.header());
  std::ranges::copy(body, opened.bytes.begin() + header_bytes);
  // The next IV is the last block as it came, before anything is decrypted over it.
  opened.next_iv = iv;
  const std::span<std::byte> data = std::span(opened.bytes).subspan(header_bytes);
  if (!crypto::ike_decrypt(sa.suite.cipher, sa.keys.cipher_key.bytes(), block_of(sa, opened.next_iv), data))
    return refuse(Reason::malformed, "its encrypted part is no whole number of cipher blocks");
  auto payloads = Payloads::read({wire::IsakmpPayloadType{message.header().next_payload}, data});
  if (!payloads) return tl::unexpected(payloads.error());
  opened.payloads = std::move(*payloads);
  return opened;
}

bool has_right_hash(const IkeSa& sa, std::uint32_t message_id, wire::Bytes prefix,
                    const OpenedMessage& message) {
  const auto& all = message.payloads.all();
  if (all.empty() || all.front().type != wire::IsakmpPayloadType::hash) return false;
  const crypto::HashValue expected = crypto::prf_value(sa.suite.hash, sa.keys.skeyid_a.bytes(),
                                                       {octets(message_id), prefix, message.behind_hash()});
  return crypto::equal_in_constant_time(all.front().body, expected.span());
}

void encrypt_message(const IkeSa& sa, IvBlock& iv, std::vector<std::byte>& message) {
  crypto::ike_encrypt(sa.suite.cipher, sa.keys.cipher_key.bytes(), block_of(sa, iv),
                      std::span(message).subspan(header_bytes));
}

ProtectedMessage::ProtectedMessage(const IkeSa& sa, wire::IsakmpExchange exchange, std::uint32_t message_id)
    : sa_(sa),
      message_id_(message_id),
      builder_(sa.cookies.initiator, sa.cookies.responder, exchange, wire::isakmp_flag_encryption,
               message_id) {
  const crypto::HashValue later = {};  // seal() fills it in
  builder_.payload(wire::IsakmpPayloadType::hash,
                   {std::span(later.bytes).first(crypto::hash_bytes(sa.suite.hash))});
}

ProtectedMessage& ProtectedMessage::payload(wire::IsakmpPayloadType type,
                                            std::initializer_list<wire::Bytes> parts) {
  builder_.payload(type, parts);
  return *this;
}

std::vector<std::byte> ProtectedMessage::seal(IvBlock& iv, wire::Bytes prefix) {
  const std::size_t begin = header_bytes + generic_bytes + crypto::hash_bytes(sa_.suite.hash);
  const crypto::HashValue hash =
      crypto::prf_value(sa_.suite.hash, sa_.keys.skeyid_a.bytes(),
                        {octets(message_id_), prefix, builder_.bytes().subspan(begin)});
  return seal_with(iv, hash);
}

std::vector<std::byte> ProtectedMessage::seal_with(IvBlock& iv, const crypto::HashValue& hash) {
  std::ranges::copy(hash.span(), builder_.body_at(header_bytes).begin());
  std::vector<std::byte> message = builder_.finish_padded(crypto::block_bytes(sa_.suite.cipher));
  encrypt_message(sa_, iv, message);
  return message;
}

}  // namespace espgate::control::ike
