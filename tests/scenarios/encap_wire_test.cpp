// SPDX-License-Identifier: Apache-2.0
// What encap's packets look like on the wire, field by field.
#include "crypto/suite.h"
#include "dataplane/replay/key_file.h"
#include "tests/scenarios/encap_scenario.h"
#include "tests/scenarios/program.h"
#include "wire/esp.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/l2tp.h"
#include "wire/ppp.h"
#include "wire/udp.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace espgate::test {
namespace {

// Bytes that can be put in order.
std::string text_of(wire::Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// One of encap's frames with NAT traversal, taken apart down to ESP.
struct OuterPacket {
  explicit OuterPacket(const CapturedFrame& frame)
      : ethernet(wire::EthernetFrame::parse(frame.bytes).value()),
        ip(wire::Ipv4Packet::parse(ethernet.payload()).value()),
        udp(wire::UdpDatagram::parse(ip.payload()).value()),
        esp(wire::parse_esp_header(udp.payload()).value()) {}

  wire::EthernetFrame ethernet;
  wire::Ipv4Packet ip;
  wire::UdpDatagram udp;
  wire::EspHeader esp;
};

class EncapWire : public testing::Test {
 protected:
  EncapWire() { write_packets(input_); }

  // Runs encap and reads what it wrote.
  void encap(const std::string& suite, Arguments more = {}) {
    suite_ = crypto::suite(crypto::find_suite(suite).value());
    more.insert(more.begin(), {"encap", input_, "--write", outer_, "--write-keys", keys_, "--suite", suite});
    const auto result = run_here(more);
    ASSERT_TRUE(result.done) << result.done.error().to_string();
    sent_ = read_frames(outer_);
    given_ = read_frames(input_);
    ASSERT_EQ(sent_.size(), given_.size());
  }

  // What ESP carries where the cipher is NULL.
  [[nodiscard]] wire::EspPayload plain(const OuterPacket& packet) const {
    const wire::Bytes esp = packet.udp.payload();
    return wire::parse_esp_trailer(esp.subspan(8, esp.size() - 8 - suite_.icv_bytes)).value();
  }

  const TemporaryFolder folder_;
  const std::string input_ = folder_ / "input.pcap";
  const std::string outer_ = folder_ / "outer.pcap";
  const std::string keys_ = folder_ / "keys.json";
  crypto::Suite suite_{};
  std::vector<CapturedFrame> sent_;
  std::vector<CapturedFrame> given_;
};

TEST_F(EncapWire, has_outer_headers_that_agree_with_their_packets) {
  encap("aes256-sha1", {"--clients", "4", "--server", "192.0.2.200"});
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    const OuterPacket packet(sent_[i]);
    EXPECT_EQ(sent_[i].nanoseconds, given_[i].nanoseconds);
    EXPECT_EQ(packet.ethernet.payload().size(), packet.ip.total_length());
    for (const wire::MacAddress& mac : {packet.ethernet.source(), packet.ethernet.destination()})
      EXPECT_EQ(mac.bytes[0], std::byte{2}) << "locally administered, for one receiver";
    EXPECT_TRUE(packet.ip.header_checksum_valid());
    EXPECT_TRUE(packet.ip.dont_fragment());
    EXPECT_EQ(packet.ip.destination(), 0xc000'02c8u);
    EXPECT_EQ(packet.ip.source() >> 8, 0xc6'3364u) << "198.51.100.0/24";
    EXPECT_EQ(packet.udp.payload().size() + 8, packet.ip.payload().size());
    EXPECT_EQ(packet.udp.checksum(), 0) << "RFC 3948 §2.1";
    EXPECT_EQ(packet.udp.source_port(), 4500);
    EXPECT_EQ(packet.udp.destination_port(), 4500);
  }
}

TEST_F(EncapWire, numbers_the_packets_of_every_sa_from_1_without_gaps) {
  encap("aes128gcm16", {"--clients", "4"});
  std::map<std::uint32_t, std::uint32_t> last;
  for (const CapturedFrame& frame : sent_) {
    const OuterPacket packet(frame);
    EXPECT_EQ(packet.esp.sequence.host(), ++last[packet.esp.spi.host()]);
  }
  EXPECT_EQ(last.size(), 4u);
}

TEST_F(EncapWire, gives_inner_addresses_to_clients_in_order_of_appearance) {
  encap("aes128gcm16", {"--clients", "2"});
  // The five sources in the order of write_packets(); the third is the first client's again.
  std::map<std::string, std::uint32_t> client_of;
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    const wire::Bytes inner = given_[i].bytes;
    const bool v4 = (inner[0] >> 4) == std::byte{4};
    const std::string source = text_of(v4 ? inner.subspan(12, 4) : inner.subspan(8, 16));
    const auto expected = static_cast<std::uint32_t>(0xc633'6401 + client_of.size() % 2);
    const auto [known, added] = client_of.try_emplace(source, expected);
    EXPECT_EQ(OuterPacket(sent_[i]).ip.source(), known->second);
  }
  EXPECT_EQ(client_of.size(), 5u);
}

TEST_F(EncapWire, has_as_much_padding_as_the_cipher_needs_and_no_more) {
  for (const char* suite : {"aes256-sha1", "3des-md5", "aes128gcm16", "chacha20poly1305", "null-sha512"}) {
    encap(suite);
    const std::size_t alignment = std::max<std::size_t>(suite_.alignment_bytes, 4);
    for (std::size_t i = 0; i < sent_.size(); ++i) {
      const wire::Bytes esp = OuterPacket(sent_[i]).udp.payload();
      const std::size_t ciphertext = esp.size() - 8 - suite_.iv_bytes - suite_.icv_bytes;
      const std::size_t payload = given_[i].bytes.size() + 8 + 6 + 4;  // UDP, L2TP, PPP
      EXPECT_EQ(ciphertext, payload + wire::esp_padding(payload, alignment) + 2) << suite;
      EXPECT_EQ(ciphertext % alignment, 0u) << suite;
    }
  }
}

TEST_F(EncapWire, never_uses_an_iv_twice) {
  for (const char* suite : {"aes128-sha1", "aes256-sha256", "3des-sha1"}) {
    encap(suite, {"--clients", "3"});
    std::set<std::string> ivs;
    for (const CapturedFrame& frame : sent_) {
      const OuterPacket packet(frame);
      const wire::Bytes iv = packet.udp.payload().subspan(8, suite_.iv_bytes);
      // A CBC cipher's must not be foretold either, so it is not the sequence number.
      EXPECT_NE(wire::load_big_endian<std::uint32_t>(iv.data() + iv.size() - 4), packet.esp.sequence.host());
      EXPECT_TRUE(ivs.insert(text_of(iv)).second) << suite;
    }
    EXPECT_EQ(ivs.size(), sent_.size());
  }
}

TEST_F(EncapWire, counts_an_aeads_ivs_up) {
  encap("aes256gcm16", {"--esn", "--sequence-start", "0xfffffff0"});
  std::uint64_t sequence = 0xffff'fff0;
  for (const CapturedFrame& frame : sent_) {
    const OuterPacket packet(frame);
    EXPECT_EQ(wire::load_big_endian<std::uint64_t>(packet.udp.payload().data() + 8), sequence);
    EXPECT_EQ(packet.esp.sequence.host(), static_cast<std::uint32_t>(sequence++));
  }
}

TEST_F(EncapWire, carries_l2tp_in_udp_with_an_incrementing_padding) {
  encap("null-sha256");
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    const auto esp = plain(OuterPacket(sent_[i]));
    EXPECT_EQ(esp.next_header, wire::ip_protocol_udp);
    const auto udp = wire::UdpDatagram::parse(esp.payload).value();
    EXPECT_EQ(udp.bytes().size(), esp.payload.size());
    EXPECT_EQ(udp.source_port(), 1701);
    EXPECT_EQ(udp.destination_port(), 1701);
    EXPECT_EQ(udp.checksum(), 0);
    const auto l2tp = wire::L2tpHeader::parse(udp.payload()).value();
    EXPECT_FALSE(l2tp.is_control() || l2tp.has_length() || l2tp.has_sequence() || l2tp.has_offset());
    EXPECT_NE(l2tp.tunnel_id(), 0);
    EXPECT_NE(l2tp.session_id(), 0);
    const auto ppp = wire::PppFrame::parse(l2tp.payload()).value();
    EXPECT_TRUE(ppp.address_control_present());
    EXPECT_FALSE(ppp.protocol_compressed());
    EXPECT_EQ(ppp.protocol(), (given_[i].bytes[0] >> 4) == std::byte{6} ? wire::ppp_ipv6 : wire::ppp_ipv4);
    EXPECT_TRUE(std::ranges::equal(ppp.payload(), given_[i].bytes));
  }
}

TEST_F(EncapWire, knows_the_forms_that_other_clients_send) {
  encap("null-sha256", {"--length-bit", "--compress-ppp", "--client-port", "random", "--clients", "4"});
  std::map<std::uint32_t, std::set<std::uint16_t>> ports;
  std::map<std::uint32_t, std::set<std::uint32_t>> ids;
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    const OuterPacket packet(sent_[i]);
    const auto udp = wire::UdpDatagram::parse(plain(packet).payload).value();
    EXPECT_EQ(udp.destination_port(), 1701);
    const auto l2tp = wire::L2tpHeader::parse(udp.payload()).value();
    EXPECT_TRUE(l2tp.has_length());
    EXPECT_EQ(wire::load_big_endian<std::uint16_t>(udp.payload().data() + 2), udp.payload().size());
    const auto ppp = wire::PppFrame::parse(l2tp.payload()).value();
    EXPECT_EQ(ppp.header_length(), 1u);
    EXPECT_TRUE(std::ranges::equal(ppp.payload(), given_[i].bytes));
    ports[packet.ip.source()].insert(udp.source_port());
    ids[packet.ip.source()].insert(std::uint32_t{l2tp.tunnel_id()} << 16 | l2tp.session_id());
  }
  std::set<std::uint32_t> all_ids;
  for (const auto& [client, own] : ids) {
    EXPECT_EQ(own.size(), 1u) << "one session each";
    EXPECT_EQ(ports[client].size(), 1u) << "of one port";
    all_ids.insert(own.begin(), own.end());
  }
  EXPECT_EQ(all_ids.size(), 4u) << "no two alike";
}

TEST_F(EncapWire, tells_clients_behind_a_nat_apart_by_their_ports) {
  encap("aes128gcm16", {"--behind-nat", "192.0.2.1", "--clients", "5"});
  std::map<std::uint16_t, std::set<std::uint32_t>> spis;
  for (const CapturedFrame& frame : sent_) {
    const OuterPacket packet(frame);
    EXPECT_EQ(packet.ip.source(), 0xc000'0201u);
    EXPECT_EQ(packet.udp.destination_port(), 4500);
    spis[packet.udp.source_port()].insert(packet.esp.spi.host());
  }
  EXPECT_EQ(spis.size(), 5u);
  EXPECT_TRUE(spis.contains(4500)) << "the first client's port is not mapped";
  for (const auto& [port, of_port] : spis) EXPECT_EQ(of_port.size(), 1u);
}

TEST_F(EncapWire, goes_the_other_way_to_the_client_whose_address_is_the_destination) {
  encap("null-sha256", {"--direction", "to-client", "--clients", "2", "--client-port", "4711"});
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    const OuterPacket packet(sent_[i]);
    const auto udp = wire::UdpDatagram::parse(plain(packet).payload).value();
    EXPECT_EQ(packet.ip.source(), 0xcb00'710au) << "203.0.113.10";
    EXPECT_EQ(udp.source_port(), 1701);
    EXPECT_EQ(udp.destination_port(), 4711);
    const bool v6 = (given_[i].bytes[0] >> 4) == std::byte{6};
    EXPECT_EQ(packet.ip.destination(), v6 ? 0xc633'6402u : 0xc633'6401u);
  }
}

TEST_F(EncapWire, needs_no_link_header) {
  encap("aes128gcm16", {"--link", "raw"});
  for (const CapturedFrame& frame : sent_)
    EXPECT_EQ(wire::Ipv4Packet::parse(frame.bytes).value().total_length(), frame.bytes.size());
}

TEST_F(EncapWire, leaves_out_udp_with_plain_esp) {
  encap("aes128gcm16", {"--plain-esp"});
  for (const CapturedFrame& frame : sent_) {
    const auto ethernet = wire::EthernetFrame::parse(frame.bytes).value();
    const auto ip = wire::Ipv4Packet::parse(ethernet.payload()).value();
    EXPECT_EQ(ip.protocol(), wire::ip_protocol_esp);
    EXPECT_TRUE(ip.header_checksum_valid());
    EXPECT_GE(wire::parse_esp_header(ip.payload()).value().spi.host(), 256u);
  }
}

TEST_F(EncapWire, writes_the_keys_of_both_directions) {
  encap("aes256-sha256", {"--clients", "3", "--behind-nat", "192.0.2.1"});
  const auto keys = replay::read_key_file(keys_).value();
  ASSERT_EQ(keys.size(), 6u);
  std::set<std::uint32_t> spis;
  for (std::size_t i = 0; i < keys.size(); i += 2) {
    const auto& up = keys[i];
    const auto& down = keys[i + 1];
    EXPECT_EQ(up.source.to_string(), "192.0.2.1");
    EXPECT_EQ(up.destination.to_string(), "203.0.113.10");
    EXPECT_EQ(down.source, up.destination);
    EXPECT_EQ(down.destination, up.source);
    EXPECT_EQ(up.encapsulation_destination_port, 4500);
    EXPECT_EQ(down.encapsulation_destination_port, up.encapsulation_source_port);
    EXPECT_FALSE(std::ranges::equal(up.cipher_key.bytes(), down.cipher_key.bytes()));
    EXPECT_FALSE(std::ranges::equal(up.integrity_key.bytes(), down.integrity_key.bytes()));
    spis.insert({up.spi, down.spi});
  }
  EXPECT_EQ(spis.size(), 6u);
  EXPECT_GE(*spis.begin(), 256u) << "RFC 4303 §2.1";
}

}  // namespace
}  // namespace espgate::test
