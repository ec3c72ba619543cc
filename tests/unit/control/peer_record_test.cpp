// SPDX-License-Identifier: Apache-2.0
#include "control/ike/peer_record.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace espgate::control::ike::test {
namespace {

crypto::SecretBytes key(std::size_t size, unsigned value) {
  crypto::SecretBytes bytes(size);
  std::ranges::fill(bytes.bytes(), std::byte(value));
  return bytes;
}
std::vector<std::byte> bytes(std::size_t size, unsigned value) {
  return std::vector<std::byte>(size, std::byte(value));
}

std::unique_ptr<IkeSa> ike_sa(std::uint64_t number) {
  auto sa = std::make_unique<IkeSa>();
  sa->cookies = {number, number + 1};
  sa->peer_id = 0x10005;
  sa->path = {{wire::IpAddress::v4(0x0a14000a), 4500}, {wire::IpAddress::v4(0xc6336402), 61234}, true};
  sa->suite = {crypto::IkeCipher::aes_cbc, 256, crypto::IkeHash::sha1, crypto::DhGroup::ecp384};
  sa->kind = {NatTraversal::draft_03, true, false, true, false};
  sa->udp_encapsulation = true;
  sa->keys = {key(20, 1), key(20, 2), key(20, 3), key(32, 4)};
  sa->last_phase1_block.fill(std::byte{5});
  sa->identity = "10.10.1.2";
  sa->created = TimePoint(std::chrono::seconds(100));
  sa->expires = TimePoint(std::chrono::seconds(86500));
  sa->last_reply = {{}, bytes(100, 6)};
  sa->dpd_sequence = 17;
  sa->dpd_heard = 4;
  sa->used_message_ids = {1, 2, 3};
  sa->seen_informational = {9, 8};
  return sa;
}

std::unique_ptr<SaPair> sa_pair(std::uint32_t slot, SaPair::State state) {
  auto pair = std::make_unique<SaPair>();
  pair->state = state;
  pair->slot = slot;
  pair->spi_in = 0x10000001U | slot << 10U;
  pair->spi_out = 0xc0000001;
  pair->offer.suite = *crypto::find_suite("aes256-sha256");
  pair->offer.group = crypto::DhGroup::modp2048;
  pair->offer.encapsulation_mode = 4;
  pair->lifetime.seconds = std::chrono::seconds(3600);
  pair->client_id = bytes(8, 7);
  pair->our_id = bytes(8, 8);
  pair->selector = "10.10.1.2 udp/1701";
  pair->inner = wire::IpAddress::v4(0x0a0a0102);
  pair->key_in = key(64, 9);
  pair->key_out = key(64, 10);
  return pair;
}

std::unique_ptr<Peer> peer() {
  auto made = std::make_unique<Peer>();
  made->id = 0x10005;
  made->identity = "10.10.1.2";
  made->path = ike_sa(1)->path;
  made->ike_sas.push_back(ike_sa(1));
  made->ike_sas.push_back(ike_sa(11));
  made->pairs.push_back(sa_pair(3, SaPair::State::live));
  made->pairs.push_back(sa_pair(4, SaPair::State::leaving));
  return made;
}

TEST(PeerRecordTest, everything_that_a_client_was_promised_comes_back) {
  const auto before = peer();
  const auto after = decode_peer(encode_peer(*before).result());
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->path, before->path);
  ASSERT_EQ(after->ike_sas.size(), 2U);
  const IkeSa &one = *before->ike_sas[0], &same = *after->ike_sas[0];
  EXPECT_EQ(same.cookies, one.cookies);
  EXPECT_EQ(same.suite, one.suite);
  EXPECT_EQ(same.kind, one.kind);
  EXPECT_TRUE(std::ranges::equal(same.keys.skeyid_a.bytes(), one.keys.skeyid_a.bytes()));
  EXPECT_TRUE(std::ranges::equal(same.keys.cipher_key.bytes(), one.keys.cipher_key.bytes()));
  EXPECT_EQ(same.last_phase1_block, one.last_phase1_block);
  EXPECT_EQ(same.last_reply.reply, one.last_reply.reply);
  EXPECT_EQ(same.used_message_ids, one.used_message_ids);
  EXPECT_EQ(same.seen_informational, one.seen_informational);
  EXPECT_EQ(same.dpd_heard, one.dpd_heard);
  EXPECT_TRUE(same.is_established());
  ASSERT_EQ(after->pairs.size(), 2U);
  EXPECT_EQ(after->pairs[0]->offer.group, crypto::DhGroup::modp2048);
  EXPECT_EQ(after->pairs[0]->selector, "10.10.1.2 udp/1701");
  EXPECT_TRUE(std::ranges::equal(after->pairs[0]->key_out.bytes(), before->pairs[0]->key_out.bytes()));
  EXPECT_EQ(after->pairs[1]->state, SaPair::State::leaving);
  EXPECT_TRUE(std::ranges::equal(encode_peer(*after).result(), encode_peer(*before).result()));
}

// The client says the message of an exchange that was cut off again: its id must not count as used.
TEST(PeerRecordTest, an_exchange_in_the_middle_of_a_computation_can_begin_anew) {
  const auto before = peer();
  auto computing = std::make_unique<Exchange>();
  computing->message_id = 2;
  computing->quick = std::make_unique<QuickMode>();
  computing->quick->state = QuickMode::State::computing;
  before->ike_sas[0]->exchanges.push_back(std::move(computing));
  auto answered = std::make_unique<Exchange>();
  answered->message_id = 3;
  answered->reply.reply = bytes(300, 1);
  answered->quick = std::make_unique<QuickMode>();
  answered->quick->state = QuickMode::State::sent_second;
  answered->quick->slot = 3;
  answered->quick->nonce_i = bytes(32, 2);
  before->ike_sas[0]->exchanges.push_back(std::move(answered));
  before->pairs.push_back(sa_pair(5, SaPair::State::installing));
  const auto after = decode_peer(encode_peer(*before).result());
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->ike_sas[0]->used_message_ids, (std::set<std::uint32_t>{1, 3}));
  ASSERT_EQ(after->ike_sas[0]->exchanges.size(), 1U);
  EXPECT_EQ(after->ike_sas[0]->exchanges[0]->quick->nonce_i, bytes(32, 2));
  EXPECT_EQ(after->find_pair(5), nullptr);
}

TEST(PeerRecordTest, nothing_that_is_cut_or_too_long_is_taken) {
  const auto record = encode_peer(*peer());
  const std::span<const std::byte> whole = record.result();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(decode_peer(whole.first(size)), nullptr) << size;
  std::vector<std::byte> longer(whole.begin(), whole.end());
  longer.push_back(std::byte{0});
  EXPECT_EQ(decode_peer(longer), nullptr);
}

TEST(PeerRecordTest, another_version_is_not_taken) {
  const auto record = encode_peer(*peer());
  std::vector<std::byte> other(record.result().begin(), record.result().end());
  other[0] ^= std::byte{2};
  EXPECT_EQ(decode_peer(other), nullptr);
}

}  // namespace
}  // namespace espgate::control::ike::test
