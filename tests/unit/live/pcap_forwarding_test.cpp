// SPDX-License-Identifier: Apache-2.0
// What espgate-replay encap makes of packets, a gateway on net_pcap makes packets of again.
#include "dataplane/replay/key_file.h"
#include "dataplane/sa_table.h"
#include "tests/scenarios/capture_file.h"
#include "tests/unit/live/installed.h"
#include "tests/unit/live/pcap_gateway.h"
#include "wire/ethernet.h"
#include "wire/l2tp.h"

#include <algorithm>
#include <cstring>
#include <set>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace espgate::dataplane::live::test {
namespace {

using channel::Direction;
using channel::Result;
using dataplane::test::inner_packet;
using espgate::test::Record;

constexpr std::uint32_t inner_address = pool_start + 2;
constexpr unsigned packet_count = 60;

std::string text_of(const Datagram& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
Datagram bytes_of_text(const std::string& text) {
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  return {bytes, bytes + text.size()};
}

// A VLAN tag behind the MAC addresses.
Datagram tagged(Datagram frame) {
  const Datagram tag = bytes_of({0x81, 0x00, 0x00, 0x07});
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  return frame;
}

class PcapForwarding : public testing::TestWithParam<std::string> {
 protected:
  // Frames for the gateway with the inner packets in them.
  std::vector<Datagram> encapsulate() {
    std::vector<Record> plain;
    for (unsigned i = 0; i < packet_count; ++i) {
      const Datagram packet = inner_packet(inner_address, PcapGateway::host, 20 * i, i);
      expected.insert(text_of(packet));
      plain.push_back({i, text_of(packet), static_cast<std::uint32_t>(packet.size())});
    }
    espgate::test::write_capture(folder / "plain.pcap", plain, {.link_type = 101});
    const auto made = espgate::test::run({ESPGATE_REPLAY, "encap", folder / "plain.pcap", "--suite",
                                          "aes256-sha256", "--server", "10.20.0.10", "--write",
                                          folder / "esp.pcap", "--write-keys", folder / "keys.json"});
    if (made.exit_code != 0) throw std::runtime_error(made.errors);
    std::vector<Datagram> frames;
    for (const Record& record : espgate::test::read_capture(folder / "esp.pcap")) {
      frames.push_back(bytes_of_text(record.bytes));
      std::copy(PcapGateway::outside_mac.bytes.begin(), PcapGateway::outside_mac.bytes.end(),
                frames.back().begin());
    }
    return frames;
  }

  // The client of the capture: its keys are in the key file, its L2TP ids in what the capture's SA opens.
  void install(PcapGateway& gateway, std::uint16_t tunnel, std::uint16_t session) {
    const auto keys = replay::read_key_file(folder / "keys.json");
    ASSERT_TRUE(keys) << keys.error().to_string();
    const auto to_server = std::ranges::find_if(
        *keys, [](const replay::SaKeys& sa) { return sa.destination.as_v4() == gateway_address; });
    ASSERT_NE(to_server, keys->end());
    const std::uint32_t slot = Spi::slot_of(to_server->spi);
    ASSERT_EQ(gateway.apply(peer_command(1)), Result::ok);
    ASSERT_EQ(gateway.apply(sa_command(1, slot, Direction::outbound, "aes256-sha256")), Result::ok);
    ASSERT_EQ(gateway.apply([&] {
      channel::Command command = session_command(1, tunnel, inner_address, slot);
      command.session_update.session = session;
      return command;
    }()),
              Result::ok);
    channel::Command inbound = sa_command(1, slot, Direction::inbound, "aes256-sha256");
    inbound.sa_add.spi = to_server->spi;
    std::ranges::copy(to_server->cipher_key.bytes(), inbound.sa_add.keys.cipher_key.begin());
    std::ranges::copy(to_server->integrity_key.bytes(), inbound.sa_add.keys.integrity_key.begin());
    ASSERT_EQ(gateway.apply(inbound), Result::ok);
  }

  std::pair<std::uint16_t, std::uint16_t> ids() {
    const auto report = espgate::test::run(
        {ESPGATE_REPLAY, "decap", folder / "esp.pcap", "--keys", folder / "keys.json", "--json"});
    const auto flow = nlohmann::json::parse(report.output).at("l2tp").at(0);
    return {flow.at("tunnel").get<std::uint16_t>(), flow.at("session").get<std::uint16_t>()};
  }

  espgate::test::TemporaryFolder folder;
  std::multiset<std::string> expected;
};

TEST_P(PcapForwarding, every_packet_comes_out_inside_once_and_whole) {
  std::vector<Datagram> frames = encapsulate();
  const auto [tunnel, session] = ids();
  // One VLAN tag is taken off; two are not for us.
  for (std::size_t i = 0; i < frames.size(); i += 3) frames[i] = tagged(std::move(frames[i]));
  frames.push_back(tagged(tagged(frames.back())));
  PcapGateway gateway({.workers = 1, .idle = GetParam(), .outside = frames});
  // What is forwarded before the host has answered ARP may have to wait longer than there is room.
  gateway.wait_until([&] {
    const auto answer = gateway.ask({{"command", "neighbour"}});
    return std::ranges::any_of(answer.at("neighbours"), [](const auto& row) {
      return row.at("address") == "10.30.0.10" && row.at("mac").is_string();
    });
  });
  install(gateway, tunnel, session);
  gateway.wait_until([&] { return gateway.drops("esp_replayed") > 2 * packet_count; });
  EXPECT_GT(gateway.drops("ethernet_malformed"), 0u);
  gateway.stop();
  std::multiset<std::string> found;
  for (const Datagram& frame : gateway.sent("inside")) {
    EXPECT_TRUE(std::ranges::equal(wire::Bytes(frame).subspan(6, 6), PcapGateway::inside_mac.bytes));
    std::string packet = text_of(frame).substr(sizeof(wire::EthernetHeader));
    // The time to live is one less here, and the checksum follows.
    EXPECT_EQ(packet.at(8), 63);
    found.insert(std::move(packet));
  }
  std::multiset<std::string> forwarded;
  for (std::string packet : expected) {
    packet.at(8) = 63;
    // One less in the upper byte of a word makes the checksum 0x0100 more (RFC 1624).
    const unsigned upper = static_cast<unsigned char>(packet[10]),
                   lower = static_cast<unsigned char>(packet[11]);
    const unsigned sum = (upper << 8U | lower) + 0x100U;
    const unsigned folded = (sum & 0xffff) + (sum >> 16);
    packet[10] = static_cast<char>(folded >> 8);
    packet[11] = static_cast<char>(folded & 0xff);
    forwarded.insert(std::move(packet));
  }
  EXPECT_EQ(found, forwarded);
  EXPECT_TRUE(gateway.sent("outside").empty());
}

INSTANTIATE_TEST_SUITE_P(Idle, PcapForwarding, testing::Values("poll", "adaptive"),
                         [](const auto& mode) { return mode.param; });

}  // namespace
}  // namespace espgate::dataplane::live::test
