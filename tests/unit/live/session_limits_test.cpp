// SPDX-License-Identifier: Apache-2.0
// Sessions with a rate and sessions with numbers, in a data plane that runs. Rates are so low that hardly
// more than the burst passes, and so high in packets that some must not, whatever the machine's speed.
#include "tests/unit/live/installed.h"
#include "tests/unit/live/pcap_gateway.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/l2tp.h"
#include "wire/udp.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace espgate::dataplane::live::test {
namespace {

using channel::Direction;
using channel::PacketKind;
using channel::Result;
using dataplane::test::inner_packet;

constexpr std::uint32_t own_inside = 0x0a1e'0001;
constexpr std::uint32_t free_address = pool_start + 2, limited_address = pool_start + 3;
constexpr std::uint32_t free_slot = 5, limited_slot = 6;  // of peers 1 and 2
constexpr std::uint16_t tunnel = 3, session = 1;
constexpr unsigned packet_count = 60;
constexpr std::size_t packet_bytes = 1000;
constexpr unsigned burst_packets = 16 * 1024 / packet_bytes;

Datagram ppp_ip(const Datagram& packet) {
  Datagram frame = bytes_of({0xff, 0x03, 0x00, 0x21});
  frame.insert(frame.end(), packet.begin(), packet.end());
  return l2tp_data_message(tunnel, session, frame);
}

Datagram echo_request(std::uint32_t from) {
  Datagram packet(packet_bytes);
  wire::build_ipv4(packet, {.total_length = packet.size(),
                            .protocol = wire::ip_protocol_icmp,
                            .source = from,
                            .destination = own_inside});
  wire::build_icmp(std::span(packet).subspan(sizeof(wire::Ipv4Header)), {.type = wire::icmp_echo_request},
                   Datagram(packet_bytes - sizeof(wire::Ipv4Header) - 8));
  return packet;
}

class SessionLimits : public testing::TestWithParam<unsigned> {
 protected:
  using Rates = std::pair<std::uint32_t, std::uint32_t>;  // from and to the limited client, kbit/s

  // Both clients send the same, packet by packet.
  static std::vector<Datagram> frames_of(PcapClient& free_client, PcapClient& limited_client,
                                         Datagram (*packet)(std::uint32_t)) {
    std::vector<Datagram> frames;
    for (unsigned i = 0; i < packet_count; ++i) {
      frames.push_back(free_client.frame(ppp_ip(packet(free_address))));
      frames.push_back(limited_client.frame(ppp_ip(packet(limited_address))));
    }
    return frames;
  }

  // The inbound SAs come last: nothing is taken before all is there.
  static void install(PcapGateway& gateway, const Rates& rates) {
    const auto open = [&](std::uint32_t peer, std::uint32_t slot, std::uint32_t address, const Rates& its) {
      ASSERT_EQ(gateway.apply(peer_command(peer)), Result::ok);
      ASSERT_EQ(gateway.apply(sa_command(peer, slot, Direction::outbound, "aes256-sha256")), Result::ok);
      channel::Command command = session_command(peer, tunnel, address, slot);
      command.session_update.sequencing = true;
      command.session_update.rate_from_client_kbit = its.first;
      command.session_update.rate_to_client_kbit = its.second;
      ASSERT_EQ(gateway.apply(command), Result::ok);
    };
    open(1, free_slot, free_address, {0, 0});
    open(2, limited_slot, limited_address, rates);
    ASSERT_EQ(gateway.apply(sa_command(1, free_slot, Direction::inbound, "aes256-sha256")), Result::ok);
    ASSERT_EQ(gateway.apply(sa_command(2, limited_slot, Direction::inbound, "aes256-sha256")), Result::ok);
  }

  // Until the workers have decrypted everything of both and are done with it: replays come behind it.
  static void wait_for_all(PcapGateway& gateway) {
    gateway.wait_until([&] {
      const auto answer = gateway.ask({{"command", "sa"}});
      for (const auto& row : answer.at("sas"))
        if (row.at("direction") == "in" && row.at("packets") != packet_count) return false;
      return true;
    });
    const auto before = replays(gateway);
    gateway.wait_until([&] {
      const auto now = replays(gateway);
      bool all = true;
      for (std::size_t worker = 0; worker < now.size(); ++worker)
        all = all && now[worker] >= before[worker] + 4 * std::uint64_t{max_burst};
      return all;
    });
  }
  // By worker.
  static std::vector<std::uint64_t> replays(PcapGateway& gateway) {
    const auto answer = gateway.ask({{"command", "drops"}});
    for (const auto& row : answer.at("drops"))
      if (row.at("reason") == "esp_replayed") return row.at("by_worker").get<std::vector<std::uint64_t>>();
    return {};
  }

  // Frames that a port has sent, ARP included.
  static std::uint64_t sent(PcapGateway& gateway, const std::string& side) {
    const auto answer = gateway.ask({{"command", "port"}});
    for (const auto& port : answer.at("ports"))
      if (port.at("name") == side) return port.at("counters").at("sent").get<std::uint64_t>();
    return 0;
  }

  static nlohmann::json session_of(PcapGateway& gateway, std::uint32_t peer) {
    return gateway.ask({{"command", "session"}, {"peer", peer}}).at("sessions").at(0);
  }

  // Ns of the data messages to the client, in the order in which they left.
  static std::vector<unsigned> numbers(PcapClient& client, const std::vector<Datagram>& frames) {
    std::vector<unsigned> all;
    for (const Datagram& frame : frames) {
      const Datagram udp = client.open(frame);
      if (udp.empty()) continue;
      const auto l2tp = wire::L2tpHeader::parse(wire::Bytes(udp).subspan(sizeof(wire::UdpHeader)));
      if (!l2tp || !l2tp->has_sequence()) {
        ADD_FAILURE() << "a message without a number";
        continue;
      }
      EXPECT_EQ(l2tp->nr(), 0);
      all.push_back(l2tp->ns());
    }
    return all;
  }
  static std::vector<unsigned> count_up_to(std::size_t end) {
    std::vector<unsigned> all(end);
    for (unsigned i = 0; i < end; ++i) all[i] = i;
    return all;
  }

  PcapClient free_client{free_slot}, limited_client{limited_slot};
};

TEST_P(SessionLimits, what_a_client_sends_beyond_its_rate_is_dropped_by_name) {
  const auto frames = frames_of(free_client, limited_client, [](std::uint32_t from) {
    return inner_packet(from, PcapGateway::host, packet_bytes - 28);
  });
  PcapGateway gateway({.workers = GetParam(), .outside = frames});
  gateway.wait_until([&] {
    const auto answer = gateway.ask({{"command", "neighbour"}});
    return std::ranges::any_of(answer.at("neighbours"), [](const auto& row) {
      return row.at("address") == "10.30.0.10" && row.at("mac").is_string();
    });
  });
  const std::uint64_t sent_before = sent(gateway, "inside");
  install(gateway, {1, 0});
  wait_for_all(gateway);
  gateway.wait_until([&] {
    return sent(gateway, "inside") - sent_before + gateway.drops("rate_limited") >= 2 * packet_count;
  });
  const auto limited = session_of(gateway, 2), free_session = session_of(gateway, 1);
  const std::uint64_t dropped = gateway.drops("rate_limited");
  gateway.stop();

  std::size_t from_free = 0, from_limited = 0;
  for (const Datagram& frame : gateway.sent("inside")) {
    const std::uint32_t source = wire::load_big_endian<std::uint32_t>(frame.data() + 14 + 12);
    ++(source == free_address ? from_free : from_limited);
  }
  EXPECT_EQ(from_free, packet_count) << "it has no limit";
  EXPECT_GE(from_limited, burst_packets);
  EXPECT_EQ(from_limited + dropped, packet_count);
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(limited.at("rate_from_client_kbit"), 1);
  EXPECT_EQ(limited.at("rate_to_client_kbit"), 0);
  EXPECT_EQ(limited.at("rate_limited_from_client"), dropped);
  EXPECT_EQ(limited.at("rate_limited_to_client"), 0);
  EXPECT_EQ(free_session.at("rate_from_client_kbit"), 0);
  EXPECT_EQ(free_session.at("rate_limited_from_client"), 0);
}

// What goes to them are our answers, and a frame of control's between them.
TEST_P(SessionLimits, what_is_sent_to_a_client_beyond_its_rate_is_dropped_and_the_rest_is_numbered) {
  PcapGateway gateway(
      {.workers = GetParam(), .outside = frames_of(free_client, limited_client, echo_request)});
  install(gateway, {0, 1});
  for (const std::uint32_t peer : {1U, 2U}) {
    channel::PacketRecord lcp;
    lcp.kind = PacketKind::ppp_control;
    lcp.peer_id = peer;
    lcp.tunnel = tunnel;
    lcp.session = session;
    gateway.send(lcp, bytes_of({0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4}));
  }
  wait_for_all(gateway);
  gateway.wait_until([&] {
    std::uint64_t out = gateway.drops("rate_limited");
    const auto answer = gateway.ask({{"command", "sa"}});
    for (const auto& row : answer.at("sas"))
      if (row.at("direction") == "out") out += row.at("packets").get<std::uint64_t>();
    return out == 2 * (packet_count + 1);
  });
  const auto limited = session_of(gateway, 2);
  const std::uint64_t dropped = gateway.drops("rate_limited");
  gateway.stop();

  const auto frames = gateway.sent("outside");
  EXPECT_EQ(numbers(free_client, frames), count_up_to(packet_count + 1)) << "each once and in order";
  EXPECT_EQ(numbers(limited_client, frames), count_up_to(packet_count + 1 - dropped))
      << "what is dropped has no number";
  EXPECT_GT(dropped, 0u);
  EXPECT_LE(dropped, packet_count - burst_packets);
  EXPECT_EQ(limited.at("rate_limited_to_client"), dropped);
  EXPECT_EQ(limited.at("rate_limited_from_client"), 0);
  EXPECT_EQ(limited.at("sequencing"), true);
}

INSTANTIATE_TEST_SUITE_P(Workers, SessionLimits, testing::Values(1U, 2U),
                         [](const auto& workers) { return "workers" + std::to_string(workers.param); });

}  // namespace
}  // namespace espgate::dataplane::live::test
