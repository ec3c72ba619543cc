// SPDX-License-Identifier: Apache-2.0
// Real exchanges between strongSwan and Libreswan, where the client's log had the secrets: every message
// decrypted, every hash and every key computed by the functions that the negotiator uses.
#include "control/ike/main_mode.h"
#include "control/ike/quick_mode.h"
#include "tests/ike_decrypted.h"

#include <fstream>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

namespace ike = control::ike;
using wire::IsakmpExchange;
using wire::IsakmpPayloadType;

std::string hex(wire::Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

std::vector<std::byte> unhex(const std::string& text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

class Captures : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    capture = decrypt_ike(std::filesystem::path(ESPGATE_SOURCE_DIR) / "tests/captures" / GetParam());
  }

  // The IKE SA as our own derivation makes it, from the messages and g^xy.
  ike::IkeSa make(const IkeSession& session, ike::Phase1& phase1) const {
    ike::IkeSa sa;
    sa.cookies = {session.initiator_cookie, session.responder_cookie};
    sa.suite = {session.cipher, static_cast<std::uint16_t>(session.cipher_key_bytes * 8), session.hash,
                crypto::DhGroup::modp2048};
    phase1.sa_body = session.sa[0];
    phase1.g_xi = session.key_exchange[0];
    phase1.g_xr = session.key_exchange[1];
    phase1.nonce_i = session.nonce[0];
    phase1.nonce_r = session.nonce[1];
    phase1.g_xy = crypto::SecretBytes(unhex(session.recorded.g_xy));
    ike::derive_keys(sa, phase1, std::as_bytes(std::span(psk)));
    return sa;
  }

  const std::string psk = "lab-preshared-key-0123456789";
  DecryptedCapture capture;
};

struct QuickSeen {
  ike::QuickMode mode;
  ike::IvBlock iv{};
  unsigned messages = 0;
};

ike::OpenedMessage open(const ike::IkeSa& sa, const ike::IvBlock& iv, const DecryptedMessage& message) {
  const auto parsed = wire::IsakmpMessage::parse(message.datagram.message);
  auto opened = ike::open_message(sa, iv, *parsed);
  EXPECT_TRUE(opened);
  if (!opened) return {};
  EXPECT_EQ(hex(wire::Bytes(opened->bytes).subspan(28)), hex(*message.payloads));
  return std::move(*opened);
}

TEST_P(Captures, EveryHashAndKeyIsOurs) {
  std::size_t phase1_hashes = 0, quick_modes = 0, informational = 0, esp_keys = 0;
  for (std::size_t i = 0; i < capture.sessions.size(); ++i) {
    const IkeSession& session = capture.sessions[i];
    ike::Phase1 phase1;
    ike::IkeSa sa = make(session, phase1);
    EXPECT_EQ(hex(phase1.skeyid.bytes()), session.recorded.skeyid);
    EXPECT_EQ(hex(sa.keys.skeyid_d.bytes()), session.recorded.skeyid_d);
    EXPECT_EQ(hex(sa.keys.skeyid_a.bytes()), session.recorded.skeyid_a);
    EXPECT_EQ(hex(sa.keys.cipher_key.bytes()), session.recorded.enc_key);
    std::map<std::uint32_t, QuickSeen> quick;
    for (const DecryptedMessage& message : capture.messages) {
      if (message.session != i || message.retransmission || !message.payloads) continue;
      if ((message.header.flags & wire::isakmp_flag_encryption) == 0) continue;
      const std::uint32_t id = message.header.message_id.host();
      const auto exchange = IsakmpExchange{message.header.exchange_type};
      if (exchange == IsakmpExchange::identity_protection) {
        const auto opened = open(sa, phase1.iv, message);
        const auto auth = ike::read_auth_message(sa, phase1, message.from_initiator, opened);
        ASSERT_TRUE(auth) << auth.error().text;
        phase1.iv = opened.next_iv;
        sa.last_phase1_block = opened.next_iv;
        ++phase1_hashes;
      } else if (exchange == IsakmpExchange::informational) {
        const auto opened = open(sa, ike::first_iv(sa, id), message);
        EXPECT_TRUE(ike::has_right_hash(sa, id, {}, opened));
        ++informational;
      } else if (exchange == IsakmpExchange::quick_mode) {
        const auto [at, is_new] = quick.try_emplace(id);
        QuickSeen& seen = at->second;
        if (is_new) seen.iv = ike::first_iv(sa, id);
        const auto opened = open(sa, seen.iv, message);
        seen.iv = opened.next_iv;
        const auto* nonce = opened.payloads.find(IsakmpPayloadType::nonce);
        const auto* sa_payload = opened.payloads.find(IsakmpPayloadType::sa);
        if (++seen.messages == 3) {
          EXPECT_EQ(hex(opened.payloads.find(IsakmpPayloadType::hash)->body),
                    hex(ike::quick_third_hash(sa, id, seen.mode).span()));
          ++quick_modes;
          continue;
        }
        ASSERT_TRUE(nonce != nullptr && sa_payload != nullptr);
        EXPECT_TRUE(ike::has_right_hash(sa, id, seen.mode.nonce_i, opened));
        auto& kept = seen.messages == 1 ? seen.mode.nonce_i : seen.mode.nonce_r;
        kept.assign(nonce->body.begin(), nonce->body.end());
        const auto offer = wire::IsakmpSa::parse(sa_payload->body);
        ASSERT_TRUE(offer);
        const std::uint32_t spi = wire::load_big_endian<std::uint32_t>(offer->proposals.front().spi.data());
        (seen.messages == 1 ? seen.mode.spi_in : seen.mode.spi_out) = spi;
        if (seen.messages == 1) continue;
        const auto chosen = ike::read_phase2_transform(offer->proposals.front().list()->front());
        ASSERT_TRUE(chosen);
        seen.mode.offer = *chosen;
        for (const RecordedEspSa& recorded : capture.esp_sas) {
          for (const std::uint32_t which : {seen.mode.spi_in, seen.mode.spi_out}) {
            if (recorded.spi != which) continue;
            EXPECT_EQ(hex(ike::sa_key(sa, seen.mode, which).bytes()), recorded.key_bytes);
            ++esp_keys;
          }
        }
      }
    }
  }
  EXPECT_GE(phase1_hashes, 2U);
  EXPECT_GE(quick_modes, 1U);
  EXPECT_GE(esp_keys, 2U);
  fmt::print("{}: {} phase-1 hashes, {} quick modes, {} informational, {} ESP keys\n", GetParam(),
             phase1_hashes, quick_modes, informational, esp_keys);
}

INSTANTIATE_TEST_SUITE_P(All, Captures,
                         testing::Values("aes128-sha1", "aes128gcm16", "aes256-sha1-mtu1460", "aes256-sha256",
                                         "nat-random-ports", "two-clients-one-nat"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace espgate::test
