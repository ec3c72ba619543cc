// SPDX-License-Identifier: Apache-2.0
// A hostile server's IKE. The input is a list of messages, each behind a length of 16 bits and a byte that
// says what is done with it: given as it is; with the cookies put in that the client expects; or, once there
// is an IKE SA, sealed with its keys, so that what lies behind authentication is reached too. Zero-length
// messages let time pass.
#include "client/ike/ike_client.h"
#include "tests/fuzz/invariant.h"
#include "wire/big_endian.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <vector>

namespace {

using namespace espgate;
using namespace espgate::client::ike;

Settings make_settings() {
  Settings settings;
  settings.server = wire::IpAddress::v4(0xcb00710a);
  settings.psk = crypto::SecretBytes(std::as_bytes(std::span("secret", 6)));
  settings.ike_proposals = {IkeProposal::from_string("aes256-sha256-curve25519").value()};
  return settings;
}

Environment make_environment(std::uint64_t& state) {
  // One pair each for all inputs: fuzzing is about messages.
  static const auto pair =
      std::make_shared<const crypto::DhKeyPair>(crypto::DhKeyPair::generate(crypto::DhGroup::curve25519));
  return {.random =
              [&state](std::span<std::byte> bytes) {
                for (std::byte& byte : bytes) {
                  state = state * 6364136223846793005U + 1442695040888963407U;
                  byte = static_cast<std::byte>(state >> 56U);
                }
              },
          .key_pair =
              [](crypto::DhGroup group) {
                return group == crypto::DhGroup::curve25519
                           ? pair
                           : std::make_shared<const crypto::DhKeyPair>(crypto::DhKeyPair::generate(group));
              }};
}

// What was sent; pairs stay consistent: only what was added is used or removed.
std::vector<std::vector<std::byte>> settle(IkeClient& client, std::map<std::uint32_t, bool>& pairs) {
  std::vector<std::vector<std::byte>> sent;
  for (auto& action : client.take_actions()) {
    if (auto* message = std::get_if<SendIke>(&action)) {
      fuzz::require(wire::IsakmpMessage::parse(message->bytes).has_value());
      sent.push_back(std::move(message->bytes));
    } else if (const auto* add = std::get_if<AddPair>(&action)) {
      fuzz::require(add->pair.spi_in >= 256 && add->pair.spi_out >= 256);
      pairs[add->pair.spi_in] = true;
      fuzz::require(pairs.size() <= 8);
    } else if (const auto* use = std::get_if<UsePair>(&action)) {
      fuzz::require(pairs.contains(use->spi_in));
    } else if (const auto* gone = std::get_if<RemovePair>(&action)) {
      fuzz::require(pairs.erase(gone->spi_in) == 1);
    }
  }
  return sent;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Settings settings = make_settings();
  std::uint64_t state = 1, server_state = 2;
  TimePoint now{std::chrono::hours(1)};
  const Environment server_environment = make_environment(server_state);
  IkeClient client(settings, make_environment(state), wire::IpAddress::v4(0x0a0a0102));
  MainMode server(settings, server_environment, settings.server, MainMode::Role::responder, 500);
  std::map<std::uint32_t, bool> pairs;
  std::shared_ptr<IkeSa> sa;
  client.dial(now);
  auto sent = settle(client, pairs);
  // Odd inputs begin with phase 1 done, by the core's own other role.
  if (size > 0 && (data[0] & 1) != 0) {
    for (int i = 0; i < 3 && !sent.empty(); ++i) {
      const auto reaction = server.on_message(*wire::IsakmpMessage::parse(sent.front()));
      fuzz::require(reaction.kind != Reaction::Kind::ignored);
      client.on_message(reaction.send, now);
      sent = settle(client, pairs);
    }
    sa = server.sa();
  }
  for (std::size_t at = 1; at + 3 <= size;) {
    const unsigned what = data[at];
    const std::size_t length = std::min<std::size_t>(data[at + 1] * 256U + data[at + 2], size - at - 3);
    std::vector<std::byte> bytes(length);
    std::ranges::transform(std::span(data + at + 3, length), bytes.begin(),
                           [](std::uint8_t b) { return std::byte(b); });
    at += 3 + length;
    if (length == 0) {
      now += std::chrono::seconds(1 + what * 16);
      client.on_timer(now);
    } else if ((what & 2) != 0 && sa) {
      // The bytes are payloads behind a hash that is right.
      const bool quick = (what & 4) != 0;
      const std::uint32_t id = 0x1000 + (what >> 3);
      wire::IsakmpBuilder builder(
          sa->initiator_cookie, sa->responder_cookie,
          quick ? wire::IsakmpExchange::quick_mode : wire::IsakmpExchange::informational,
          wire::isakmp_flag_encryption, id);
      builder.payload(wire::IsakmpPayloadType::hash, {sa->empty_hash()});
      for (std::size_t i = 0; i + 2 <= bytes.size();) {
        const auto type = wire::IsakmpPayloadType{std::to_integer<std::uint8_t>(bytes[i])};
        const std::size_t part =
            std::min<std::size_t>(std::to_integer<std::size_t>(bytes[i + 1]), bytes.size() - i - 2);
        if (type != wire::IsakmpPayloadType::none)
          builder.payload(type, {std::span(bytes).subspan(i + 2, part)});
        i += 2 + part;
      }
      sa->fill_hash(builder, id);
      Iv iv = sa->first_iv(id);
      client.on_message(sa->seal(builder, iv), now);
    } else {
      if (!sent.empty() && bytes.size() >= 8 && (what & 1) != 0)
        std::ranges::copy(std::span(sent.front()).first(8), bytes.begin());
      client.on_message(bytes, now);
    }
    auto more = settle(client, pairs);
    if (!more.empty()) sent = std::move(more);
  }
  client.close();
  (void)settle(client, pairs);
  fuzz::require(!client.next_due());
  return 0;
}
