// SPDX-License-Identifier: Apache-2.0
// Sessions of strongSwan with Libreswan, whose secrets were written down: what we work out from the PSK, the
// nonces and g^xy must be what they had, to the keys of ESP, and every hash in their messages must be right.
#include "tests/ike_decrypted.h"
#include "tests/isakmp_reencode.h"
#include "tests/unit/crypto/esp_oracle.h"

#include <algorithm>
#include <array>
#include <map>
#include <ostream>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using crypto::test::to_hex;
using wire::Bytes;
using wire::IsakmpExchange;
using wire::IsakmpPayloadType;

struct Expected {
  const char* capture;
  std::size_t sessions;   // with secrets
  std::size_t messages;   // of IKE, clear and encrypted, as tshark 4.0.17 counts them
  std::size_t decrypted;  // those that are encrypted and whose secrets are known

  friend std::ostream& operator<<(std::ostream& out, const Expected& expected) {
    return out << expected.capture;
  }
};

class IkeCapture : public testing::TestWithParam<Expected> {
 protected:
  // Messages of phase 2 that have a key, without retransmissions.
  [[nodiscard]] std::vector<const DecryptedMessage*> phase2(IsakmpExchange exchange) const {
    std::vector<const DecryptedMessage*> found;
    for (const DecryptedMessage& message : capture.messages) {
      if (message.session && message.payloads && !message.retransmission &&
          IsakmpExchange{message.header.exchange_type} == exchange)
        found.push_back(&message);
    }
    return found;
  }
  [[nodiscard]] const IkeSession& session_of(const DecryptedMessage& message) const {
    return capture.sessions.at(message.session.value());
  }

  const DecryptedCapture capture =
      decrypt_ike(std::filesystem::path(ESPGATE_SOURCE_DIR) / "tests/captures" / GetParam().capture);
};

INSTANTIATE_TEST_SUITE_P(
    , IkeCapture,
    testing::Values(Expected{"aes128-sha1", 2, 46, 38}, Expected{"aes128gcm16", 2, 45, 37},
                    Expected{"aes256-sha1-mtu1460", 1, 20, 16}, Expected{"aes256-sha256", 2, 44, 36},
                    Expected{"nat-random-ports", 2, 45, 37}, Expected{"two-clients-one-nat", 1, 41, 23}),
    [](const auto& instance) {
      std::string name = instance.param.capture;
      std::ranges::replace(name, '-', '_');
      return name;
    });

TEST_P(IkeCapture, KeysFollowFromThePskAndTheNonces) {
  ASSERT_EQ(capture.sessions.size(), GetParam().sessions);
  for (const IkeSession& session : capture.sessions) {
    const RecordedIkeSa& recorded = session.recorded;
    EXPECT_EQ(to_hex(session.skeyid.bytes()), recorded.skeyid);
    EXPECT_EQ(to_hex(session.keys.skeyid_d.bytes()), recorded.skeyid_d);
    EXPECT_EQ(to_hex(session.keys.skeyid_a.bytes()), recorded.skeyid_a);
    EXPECT_EQ(to_hex(session.keys.skeyid_e.bytes()), recorded.skeyid_e);
    EXPECT_EQ(to_hex(session.keys.cipher_key.bytes()), recorded.enc_key);
    EXPECT_EQ(to_hex(session.first_iv), recorded.initial_iv);
  }
}

// RFC 2409 §5: HASH_I = prf(SKEYID, g^xi | g^xr | CKY-I | CKY-R | SAi_b | IDii_b), HASH_R the other way
// round.
TEST_P(IkeCapture, BothSidesProveThatTheyKnowThePsk) {
  for (const IkeSession& session : capture.sessions) {
    std::array<wire::be64, 2> cookies = {wire::be64(session.initiator_cookie),
                                         wire::be64(session.responder_cookie)};
    for (const std::size_t side : {0U, 1U}) {
      const auto value = crypto::prf_value(
          session.hash, session.skeyid.bytes(),
          {session.key_exchange.at(side), session.key_exchange.at(1 - side),
           std::as_bytes(std::span(&cookies.at(side), 1)), std::as_bytes(std::span(&cookies.at(1 - side), 1)),
           session.sa[0], session.identification.at(side)});
      EXPECT_EQ(to_hex(session.hash_payload.at(side)), to_hex(value.span()))
          << (side == 0 ? "HASH_I" : "HASH_R");
    }
  }
}

// What a phase-2 message has behind its HASH payload, which must be the first, without padding.
Bytes behind_hash(const DecryptedMessage& message) {
  wire::IsakmpPayloadWalk walk(IsakmpPayloadType{message.header.next_payload}, *message.payloads);
  const auto hash = walk.next().value().value();
  EXPECT_EQ(hash.type, IsakmpPayloadType::hash);
  const Bytes behind = walk.rest();
  for (auto payload = walk.next(); payload.value(); payload = walk.next()) continue;
  return behind.first(behind.size() - walk.rest().size());
}

TEST_P(IkeCapture, InformationalMessagesAreAuthentic) {  // RFC 2409 §5.7: HASH(1) = prf(SKEYID_a, M-ID | N/D)
  for (const DecryptedMessage* message : phase2(IsakmpExchange::informational)) {
    const IkeSession& session = session_of(*message);
    const auto id = std::as_bytes(std::span(&message->header.message_id, 1));
    const auto value =
        crypto::prf_value(session.hash, session.keys.skeyid_a.bytes(), {id, behind_hash(*message)});
    EXPECT_EQ(to_hex(find_payload(*message, IsakmpPayloadType::hash).value()), to_hex(value.span()));
  }
}

// The messages of each quick mode, in order.
using QuickModes = std::map<std::pair<std::size_t, std::uint32_t>, std::vector<const DecryptedMessage*>>;

QuickModes by_exchange(const std::vector<const DecryptedMessage*>& messages) {
  QuickModes exchanges;
  for (const DecryptedMessage* message : messages)
    exchanges[{*message->session, message->header.message_id.host()}].push_back(message);
  return exchanges;
}

// RFC 2409 §5.5.
TEST_P(IkeCapture, QuickModesAreAuthentic) {
  for (const auto& [key, messages] : by_exchange(phase2(IsakmpExchange::quick_mode))) {
    ASSERT_EQ(messages.size(), 3U);
    const IkeSession& session = session_of(*messages[0]);
    const auto id = std::as_bytes(std::span(&messages[0]->header.message_id, 1));
    const Bytes ni = find_payload(*messages[0], IsakmpPayloadType::nonce).value();
    const Bytes nr = find_payload(*messages[1], IsakmpPayloadType::nonce).value();
    const std::array zero = {std::byte{0}};
    const auto prf = [&](crypto::Parts parts) {
      return to_hex(crypto::prf_value(session.hash, session.keys.skeyid_a.bytes(), parts).span());
    };
    const auto sent = [&](std::size_t number) {
      return to_hex(find_payload(*messages[number], IsakmpPayloadType::hash).value());
    };
    EXPECT_EQ(sent(0), prf({id, behind_hash(*messages[0])})) << "HASH(1)";
    EXPECT_EQ(sent(1), prf({id, ni, behind_hash(*messages[1])})) << "HASH(2)";
    EXPECT_EQ(sent(2), prf({zero, id, ni, nr})) << "HASH(3)";
    EXPECT_EQ(behind_hash(*messages[2]).size(), 0U);
  }
}

// The SPI in an SA payload of one ESP proposal: DOI, situation, proposal header, number, protocol, SPI size
// and transforms precede it.
std::uint32_t spi_of(const DecryptedMessage& message) {
  const Bytes sa = find_payload(message, IsakmpPayloadType::sa).value();
  EXPECT_EQ(sa[13], std::byte{3}) << "ESP";
  EXPECT_EQ(sa[14], std::byte{4}) << "bytes of SPI";
  return wire::load_big_endian<std::uint32_t>(sa.data() + 16);
}

TEST_P(IkeCapture, QuickModesLeadToTheKeysThatTheKernelHad) {
  std::map<std::uint32_t, std::string> negotiated;
  for (const auto& [key, messages] : by_exchange(phase2(IsakmpExchange::quick_mode))) {
    const IkeSession& session = session_of(*messages[0]);
    EXPECT_FALSE(find_payload(*messages[0], IsakmpPayloadType::key_exchange)) << "PFS: g^xy is not known";
    const Bytes ni = find_payload(*messages[0], IsakmpPayloadType::nonce).value();
    const Bytes nr = find_payload(*messages[1], IsakmpPayloadType::nonce).value();
    for (const std::uint32_t spi : {spi_of(*messages[0]), spi_of(*messages[1])}) {
      negotiated[spi] =
          to_hex(crypto::derive_keymat(session.hash, session.keys.skeyid_d.bytes(), {}, 3, spi, ni, nr, 128)
                     .bytes());
    }
  }
  ASSERT_FALSE(capture.esp_sas.empty());
  for (const RecordedEspSa& sa : capture.esp_sas) {
    ASSERT_TRUE(negotiated.contains(sa.spi)) << std::hex << sa.spi;
    EXPECT_GE(sa.key_bytes.size(), 2 * 20U);
    EXPECT_EQ(negotiated[sa.spi].substr(0, sa.key_bytes.size()), sa.key_bytes);
  }
}

TEST_P(IkeCapture, EveryMessageDecryptsParsesAndIsBuiltAgainByteForByte) {
  EXPECT_EQ(capture.messages.size(), GetParam().messages);
  std::size_t decrypted = 0;
  for (const DecryptedMessage& message : capture.messages) {
    if (!message.payloads) continue;
    if ((message.header.flags & wire::isakmp_flag_encryption) != 0) ++decrypted;
    const auto again = reencode(message.header, *message.payloads);
    ASSERT_TRUE(again) << to_string(again.error()) << " in " << to_hex(*message.payloads);
    EXPECT_EQ(to_hex(std::span(*again).subspan(sizeof(wire::IsakmpHeader))), to_hex(*message.payloads));
    EXPECT_EQ(to_hex(std::span(*again).first(sizeof(wire::IsakmpHeader))),
              to_hex(std::span(message.datagram.message).first(sizeof(wire::IsakmpHeader))));
  }
  EXPECT_EQ(decrypted, GetParam().decrypted);
}

// Encrypting what we have decrypted, with the IVs that we make, gives the datagrams back.
TEST_P(IkeCapture, EveryFirstMessageOfAnExchangeIsEncryptedAgainByteForByte) {
  std::map<std::pair<std::size_t, std::uint32_t>, bool> begun;
  std::vector<std::vector<std::byte>> last_blocks(capture.sessions.size());
  for (const DecryptedMessage& message : capture.messages) {
    if (!message.session || !message.payloads || message.retransmission) continue;
    if ((message.header.flags & wire::isakmp_flag_encryption) == 0) continue;
    const IkeSession& session = session_of(message);
    const std::size_t block = crypto::block_bytes(session.cipher);
    const std::uint32_t id = message.header.message_id.host();
    auto& last_block = last_blocks[*message.session];
    const Bytes sealed = Bytes(message.datagram.message).subspan(sizeof(wire::IsakmpHeader));
    std::vector<std::byte> iv = session.first_iv;
    if (id != 0) {
      const auto value = crypto::phase2_iv(session.hash, last_block, id);
      iv.assign(value.span().begin(), value.span().begin() + static_cast<std::ptrdiff_t>(block));
    }
    if (!std::exchange(begun[{*message.session, id}], true)) {
      std::vector<std::byte> text = *message.payloads;
      crypto::ike_encrypt(session.cipher, session.keys.cipher_key.bytes(), iv, text);
      EXPECT_EQ(to_hex(text), to_hex(sealed));
    }
    if (id == 0) last_block.assign(sealed.end() - static_cast<std::ptrdiff_t>(block), sealed.end());
  }
}

}  // namespace
}  // namespace espgate::test
