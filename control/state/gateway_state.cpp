// SPDX-License-Identifier: Apache-2.0
#include "control/state/gateway_state.h"

#include <fmt/format.h>

namespace espgate::control {
namespace {

constexpr std::uint32_t blob_version = 1;

}  // namespace

std::vector<std::byte> format_gateway_state(const GatewayState& state) {
  Encoder encoder;
  encoder.number(blob_version);
  encoder.number(static_cast<std::uint8_t>(state.sequences_complete));
  encode(encoder, state.sequences);
  encoder.number(static_cast<std::uint32_t>(state.peers.size()));
  for (const PeerState& peer : state.peers) {
    encoder.text(peer.name);
    encoder.number(peer.peer_id);
    encoder.number(peer.remote_port);
    encoder.bytes(peer.remote);
  }
  encoder.number(static_cast<std::uint32_t>(state.pushed.size()));
  for (const Fingerprint& object : state.pushed) encoder.bytes(object);
  return encoder.result();
}

Expected<GatewayState> parse_gateway_state(std::span<const std::byte> blob) {
  Decoder decoder(blob);
  if (const auto version = decoder.number<std::uint32_t>(); version != blob_version) {
    return tl::unexpected(fmt::format("it has version {}, and this program knows {}", version, blob_version));
  }
  GatewayState state;
  state.sequences_complete = decoder.number<std::uint8_t>() == 1;
  state.sequences = decode_sequence_table(decoder);
  const auto peers = decoder.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < peers && decoder.ok(); ++i) {
    PeerState& peer = state.peers.emplace_back();
    peer.name = decoder.text();
    peer.peer_id = decoder.number<std::uint32_t>();
    peer.remote_port = decoder.number<std::uint16_t>();
    peer.remote = decoder.array<std::tuple_size_v<channel::Address>>();
  }
  const auto pushed = decoder.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < pushed && decoder.ok(); ++i) {
    state.pushed.insert(decoder.array<std::tuple_size_v<Fingerprint>>());
  }
  if (!decoder.complete()) return tl::unexpected(std::string("it does not have the length that it says"));
  return state;
}

}  // namespace espgate::control
