// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dataplane/test_gateway.h"
#include "wire/ethernet.h"

#include <gtest/gtest.h>

namespace espgate::dataplane::test {
namespace {

constexpr std::uint32_t host = 0x0a1e000a;
constexpr std::size_t link_bytes = 14;
constexpr std::size_t udp_at = link_bytes + 20;
constexpr std::size_t esp_at = udp_at + 8;

class InboundPathTest : public testing::Test {
 protected:
  TestGateway gateway_;
};

TEST_F(InboundPathTest, every_suite_brings_the_inner_packet_through) {
  for (const crypto::Suite& suite : crypto::suites()) {
    for (const bool esn : {false, true}) {
      Client& client = gateway_.add_client({.suite = suite.name, .esn = esn});
      std::vector<Datagram> inner;
      for (std::size_t payload = 0; payload < 60; ++payload)
        inner.push_back(
            inner_packet(client.inner_address, host, payload * 23, static_cast<unsigned>(payload)));
      Burst& burst = gateway_.receive(gateway_.send(client, inner));
      EXPECT_EQ(live_bytes(burst), inner) << suite.name << (esn ? " with ESN" : "");
    }
  }
}

TEST_F(InboundPathTest, every_form_of_l2tp_and_ppp_header_is_taken) {
  for (const bool length : {false, true})
    for (const bool address_control : {false, true})
      for (const bool compress : {false, true}) {
        Client& client = gateway_.add_client({.l2tp = {.source_port = 49152,
                                                       .tunnel = 300,
                                                       .session = 70,
                                                       .length_field = length,
                                                       .address_control = address_control,
                                                       .compress_protocol = compress}});
        const std::vector<Datagram> inner = {inner_packet(client.inner_address, host, 100)};
        EXPECT_EQ(live_bytes(gateway_.receive(gateway_.send(client, inner))), inner);
      }
}

TEST_F(InboundPathTest, plain_esp_without_udp_is_taken) {
  Client& client = gateway_.add_client({.outer = {.source = 1, .destination = 2, .udp = false}});
  const std::vector<Datagram> inner = {inner_packet(client.inner_address, host, 100)};
  EXPECT_EQ(live_bytes(gateway_.receive(gateway_.send(client, inner))), inner);
}

TEST_F(InboundPathTest, one_vlan_tag_is_taken) {
  Client& client = gateway_.add_client();
  const std::vector<Datagram> inner = {inner_packet(client.inner_address, host, 100)};
  auto frames = gateway_.send(client, inner);
  const std::array tag = {std::byte{0x81}, std::byte{0x00}, std::byte{0x00}, std::byte{0x05}};
  frames[0].insert(frames[0].begin() + 12, tag.begin(), tag.end());
  EXPECT_EQ(live_bytes(gateway_.receive(frames)), inner);
}

TEST_F(InboundPathTest, of_duplicates_inside_one_burst_the_first_passes) {
  Client& client = gateway_.add_client();
  const std::vector<Datagram> inner = {inner_packet(client.inner_address, host, 100)};
  const auto frame = gateway_.send(client, inner)[0];
  Burst& burst = gateway_.receive(std::vector<Datagram>(8, frame));
  EXPECT_EQ(live_bytes(burst), inner);
  EXPECT_TRUE(burst.is_live(0));
  EXPECT_EQ(gateway_.drops(DropReason::esp_replayed), 7u);
  gateway_.receive({frame});
  EXPECT_EQ(gateway_.drops(DropReason::esp_replayed), 8u);
}

TEST_F(InboundPathTest, what_fails_its_icv_changes_nothing) {
  Client& client = gateway_.add_client();
  auto frames = gateway_.send(client, {inner_packet(client.inner_address, host, 100)});
  const auto good = frames[0];
  // The sequence number is authenticated: a far one must not move the window.
  frames[0][esp_at + 4] = std::byte{0x7f};
  EXPECT_EQ(gateway_.receive(frames).live_count(), 0u);
  EXPECT_EQ(gateway_.drops(DropReason::esp_bad_icv), 1u);
  EXPECT_EQ(client.gateway_sa->window.highest(), 0u);
  EXPECT_EQ(client.gateway_sa->counters.packets, 0u);
  EXPECT_EQ(gateway_.receive({good}).live_count(), 1u);
}

TEST_F(InboundPathTest, no_flipped_bit_lets_a_wrong_packet_out) {
  for (const std::string_view suite :
       {"aes128gcm16", "aes256-sha256", "chacha20poly1305", "null-sha1", "3des-sha1"}) {
    Client& client = gateway_.add_client({.suite = suite});
    const std::vector<Datagram> inner = {inner_packet(client.inner_address, host, 40)};
    const auto frame = gateway_.send(client, inner)[0];
    for (std::size_t bit = 8 * esp_at; bit < 8 * frame.size(); ++bit) {
      auto flipped = frame;
      flipped[bit / 8] ^= std::byte(1U << bit % 8);
      EXPECT_EQ(gateway_.receive({flipped}).live_count(), 0u) << suite << ", bit " << bit;
    }
    EXPECT_EQ(live_bytes(gateway_.receive({frame})), inner) << suite;
  }
}

TEST_F(InboundPathTest, every_truncation_is_dropped_by_name) {
  Client& client = gateway_.add_client();
  const auto frame = gateway_.send(client, {inner_packet(client.inner_address, host, 40)})[0];
  for (std::size_t length = 1; length < frame.size(); ++length) {
    Burst& burst =
        gateway_.receive({Datagram(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length))});
    EXPECT_TRUE(burst.is_dropped(0)) << length;
  }
  EXPECT_GT(gateway_.drops(DropReason::frame_cut), 0u);
  EXPECT_GT(gateway_.drops(DropReason::ethernet_malformed), 0u);
}

TEST_F(InboundPathTest, a_session_of_another_peer_is_out_of_reach) {
  Client& alice = gateway_.add_client({.l2tp = {.tunnel = 1, .session = 1}});
  Client& mallory = gateway_.add_client({.l2tp = {.tunnel = 2, .session = 2}});
  mallory.client_session.header = make_session_header({.tunnel = 1, .session = 1});
  const auto frames = gateway_.send(mallory, {inner_packet(alice.inner_address, host, 40)});
  EXPECT_EQ(gateway_.receive(frames).live_count(), 0u);
  EXPECT_EQ(gateway_.drops(DropReason::l2tp_unknown_session), 1u);
}

TEST_F(InboundPathTest, two_clients_with_equal_ids_and_ports_behind_one_address_stay_apart) {
  Client& first = gateway_.add_client();
  Client& second = gateway_.add_client();
  const std::vector<Datagram> inner = {inner_packet(first.inner_address, host, 40),
                                       inner_packet(second.inner_address, host, 41)};
  const auto a = gateway_.send(first, {inner[0]});
  const auto b = gateway_.send(second, {inner[1]});
  Burst& burst = gateway_.receive({a[0], b[0]});
  EXPECT_EQ(live_bytes(burst), inner);
  EXPECT_EQ(burst[0].session, &first.session);
  EXPECT_EQ(burst[1].session, &second.session);
}

TEST_F(InboundPathTest, a_session_sends_only_from_its_own_address) {
  Client& client = gateway_.add_client();
  const auto frames = gateway_.send(client, {inner_packet(client.inner_address + 1, host, 40)});
  EXPECT_EQ(gateway_.receive(frames).live_count(), 0u);
  EXPECT_EQ(gateway_.drops(DropReason::inner_source_spoofed), 1u);
}

TEST_F(InboundPathTest, no_ip_passes_before_the_session_is_open) {
  Client& client = gateway_.add_client();
  client.session.open_for_ip = false;
  const auto frames = gateway_.send(client, {inner_packet(client.inner_address, host, 40)});
  EXPECT_EQ(gateway_.receive(frames).live_count(), 0u);
  EXPECT_EQ(gateway_.drops(DropReason::session_closed), 1u);
}

TEST_F(InboundPathTest, only_the_negotiated_selector_passes) {
  Client& client = gateway_.add_client();
  client.client_session.header = make_session_header({.destination_port = 53, .tunnel = 7, .session = 9});
  gateway_.receive(gateway_.send(client, {inner_packet(client.inner_address, host, 40)}));
  EXPECT_EQ(gateway_.drops(DropReason::selector_mismatch), 1u);
}

TEST_F(InboundPathTest, an_unknown_spi_is_dropped_and_spi_zero_is_no_sa) {
  Client& client = gateway_.add_client({.outer = {.source = 1, .destination = 2, .udp = false}});
  auto frame = gateway_.send(client, {inner_packet(client.inner_address, host, 40)})[0];
  for (const unsigned spi_byte : {0x77u, 0u}) {
    std::fill_n(frame.begin() + udp_at, 4, std::byte(spi_byte));
    gateway_.receive({frame});
  }
  EXPECT_EQ(gateway_.drops(DropReason::esp_unknown_spi), 2u);
}

// Frames that never reach ESP: UDP to `port` with `payload`.
Datagram outside_udp(std::uint16_t port, std::vector<std::byte> payload) {
  TestGateway other;
  Client& client = other.add_client(
      {.outer = {.source = 1, .destination = 2, .source_port = 999, .destination_port = port}});
  auto frame = other.send(client, {inner_packet(1, 2, 0)})[0];
  frame.resize(esp_at);
  frame.insert(frame.end(), payload.begin(), payload.end());
  wire::store_big_endian(frame.data() + link_bytes + 2, static_cast<std::uint16_t>(28 + payload.size()));
  wire::store_big_endian(frame.data() + udp_at + 4, static_cast<std::uint16_t>(8 + payload.size()));
  return frame;
}

TEST_F(InboundPathTest, what_is_not_esp_leaves_by_the_right_door) {
  const std::vector<std::byte> marker(20, std::byte{0});
  gateway_.receive({outside_udp(4500, {std::byte{0xff}}), outside_udp(4500, marker), outside_udp(500, marker),
                    outside_udp(1701, marker), outside_udp(53, marker),
                    outside_udp(4500, {std::byte{1}, std::byte{2}})});
  EXPECT_EQ(gateway_.punts(Punt::keepalive), 1u);
  EXPECT_EQ(gateway_.punts(Punt::ike), 2u);
  EXPECT_EQ(gateway_.drops(DropReason::clear_l2tp), 1u);
  EXPECT_EQ(gateway_.drops(DropReason::clear_from_outside), 1u);
  EXPECT_EQ(gateway_.drops(DropReason::natt_malformed), 1u);
}

TEST_F(InboundPathTest, ike_is_handed_over_without_the_marker_and_only_from_the_well_known_destination_port) {
  std::vector<std::byte> message(32, std::byte{0x42});
  std::fill_n(message.begin(), 4, std::byte{0});
  Burst& burst = gateway_.receive({outside_udp(4500, message)});
  ASSERT_EQ(burst[0].length, 28u);
  EXPECT_EQ(burst[0].data[0], std::byte{0x42});
}

TEST_F(InboundPathTest, extended_sequence_numbers_cross_two_to_the_32) {
  Client& client = gateway_.add_client({.suite = "aes128gcm16", .esn = true});
  client.gateway_sa->window.start_behind(0xffff'fffd);
  client.client_sa.next_sequence = 0xffff'fffe;
  std::vector<Datagram> inner;
  for (unsigned i = 0; i < 5; ++i) inner.push_back(inner_packet(client.inner_address, host, 40, i));
  EXPECT_EQ(live_bytes(gateway_.receive(gateway_.send(client, inner))), inner);
  EXPECT_EQ(client.gateway_sa->window.highest(), 0x1'0000'0002u);
}

TEST_F(InboundPathTest, bytes_behind_the_inner_packet_are_cut) {
  Client& client = gateway_.add_client();
  auto inner = inner_packet(client.inner_address, host, 40);
  const auto expected = inner;
  inner.insert(inner.end(), 6, std::byte{0xee});
  EXPECT_EQ(live_bytes(gateway_.receive(gateway_.send(client, {inner}))), std::vector<Datagram>{expected});
}

}  // namespace
}  // namespace espgate::dataplane::test
