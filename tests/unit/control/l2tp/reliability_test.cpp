// SPDX-License-Identifier: Apache-2.0
// Messages that are lost, come twice, come in another order or not at all; and a process that dies.
#include "tests/unit/control/l2tp/lns_lab.h"

#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Retransmission, AfterOneTwoFourEightAndEightSeconds) {
  LnsLab lab;
  Lac client(lab);
  const TimePoint start = lab.now;
  client.send(client.sccrq());
  std::vector<std::int64_t> seconds;
  for (std::size_t seen = lab.sent.size(); !lab.lns->done(); seen = lab.sent.size()) {
    const auto due = lab.lns->next_due();
    ASSERT_TRUE(due);
    ASSERT_LT(*due, start + 100s);
    lab.now = *due;
    lab.lns->on_timer(lab.now);
    lab.settle();
    if (lab.sent.size() > seen) seconds.push_back((lab.now - start) / 1s);
  }
  EXPECT_THAT(seconds, ElementsAre(1, 3, 7, 15, 23));
  EXPECT_EQ((lab.now - start) / 1s, 31);
  EXPECT_THAT(lab.events, ElementsAre("tunnel down: the client does not answer"));
}

TEST(Retransmission, OfTheSameMessageWithTheNewestAcknowledgement) {
  LnsLab lab;
  Lac client(lab);
  client.open_tunnel();
  client.send(client.icrq(5));  // the ICRP is not acknowledged
  lab.sent.clear();
  client.nr = 1;
  client.send(client.message(L2tpMessageType::hello));
  lab.sent.clear();
  lab.pass(1s);
  ASSERT_EQ(lab.sent.size(), 1U);
  EXPECT_EQ(LnsLab::name_of(lab.last_header()), "ICRP");
  EXPECT_EQ(lab.last_header().ns(), 1);
  EXPECT_EQ(lab.last_header().nr(), 4);
}

TEST(Duplicates, AreAcknowledgedAndDoNothing) {
  LnsLab lab;
  Lac client(lab);
  const auto sccrq = client.send(client.sccrq());
  lab.sent.clear();
  lab.give(sccrq);
  EXPECT_THAT(lab.take_names(), ElementsAre("SCCRP")) << "which the client seems to lack";
  EXPECT_EQ(lab.lns->tunnels().size(), 1U);
  const auto scccn = client.send(client.message(L2tpMessageType::scccn));
  const auto icrq = client.send(client.icrq(5));
  lab.sent.clear();
  lab.give(sccrq);
  EXPECT_THAT(lab.take_names(), ElementsAre("ZLB"));
  lab.give(scccn);
  EXPECT_THAT(lab.take_names(), ElementsAre("ZLB"));
  lab.give(icrq);
  EXPECT_THAT(lab.take_names(), ElementsAre("ZLB"));
  EXPECT_THAT(lab.events, ElementsAre("starting"));
  EXPECT_EQ(lab.lns->tunnels().size(), 1U);
}

TEST(Duplicates, OfAStopccnAreAcknowledgedForAWhile) {
  LnsLab lab;
  Lac client(lab);
  client.open();
  const auto stop = client.send(client.message(L2tpMessageType::stopccn)
                                    .number16(L2tpAttribute::assigned_tunnel_id, true, client.tunnel)
                                    .avp(L2tpAttribute::result_code, true, from_hex("0001")));
  lab.sent.clear();
  lab.pass(20s);
  lab.give(stop);
  EXPECT_THAT(lab.take_names(), ElementsAre("ZLB"));
  lab.pass(12s);
  EXPECT_TRUE(lab.lns->done());
  lab.give(stop);
  EXPECT_THAT(lab.take_names(), IsEmpty());
}

TEST(Order, MessagesThatComeEarlyWaitForTheirTurn) {
  LnsLab lab;
  Lac client(lab);
  client.open();
  std::vector<std::vector<std::byte>> hellos;
  for (std::uint16_t i = 0; i < 10; ++i) {
    auto bytes = i == 9 ? client.icrq(9).finish() : client.message(L2tpMessageType::hello).finish();
    wire::set_l2tp_numbers(bytes, {static_cast<std::uint16_t>(client.ns + i), client.nr});
    hellos.push_back(bytes);
  }
  const auto base = client.ns;
  for (std::size_t i = 1; i < 10; ++i) {
    lab.give(hellos[i]);
    EXPECT_EQ(lab.last_header().nr(), base) << "each is acknowledged with what is still missing";
  }
  lab.give(hellos[0]);
  EXPECT_EQ(lab.last_header().nr(), base + 8) << "the window has room for eight";
  EXPECT_THAT(lab.events, IsEmpty());
  lab.give(hellos[9]);  // beyond the window before: it was dropped
  EXPECT_EQ(lab.last_header().nr(), base + 8);
  lab.give(hellos[8]);
  EXPECT_EQ(lab.last_header().nr(), base + 10);
  EXPECT_THAT(lab.events, ElementsAre("starting"));
}

TEST(Order, SequenceNumbersWrapOnBothSides) {
  LnsLab lab;
  Lac client(lab);
  client.open_tunnel();
  lab.sent.clear();
  for (unsigned i = 0; i < 70000; ++i) {
    client.send(client.icrq(5));
    const auto session = lab.last_ids.session;
    lab.sent.clear();
    client.send(client.message(L2tpMessageType::cdn, session)
                    .avp(L2tpAttribute::result_code, true, from_hex("0003"))
                    .number16(L2tpAttribute::assigned_session_id, true, 5));
    client.send_zlb();
    lab.sent.clear();
    lab.events.clear();
  }
  EXPECT_EQ(lab.lns->session_count(), 0U);
  EXPECT_LT(client.ns, 10000U + 65536U);
  client.open_session();
  EXPECT_THAT(lab.events, ElementsAre("starting", "up"));
}

// The client's window bounds what is on its way, and so does congestion control at first.
TEST(Window, OfTheClientIsRespected) {
  for (const std::uint16_t window : std::initializer_list<std::uint16_t>{1, 4, 8}) {
    l2tp::ControlChannel channel;
    channel.set_peer_window(window);
    for (int i = 0; i < 100; ++i)
      channel.send(wire::L2tpMessageBuilder(1, 0, L2tpMessageType::hello).finish());
    TimePoint now{};
    std::size_t sent = 0, most_in_flight = 0;
    std::uint16_t acknowledged = 0;
    while (sent < 100) {
      const auto datagrams = channel.take_datagrams(1, now);
      for (const auto& datagram : datagrams) {
        EXPECT_EQ(wire::L2tpHeader::parse(datagram)->ns(), sent);
        ++sent;
      }
      most_in_flight = std::max(most_in_flight, sent - acknowledged);
      ASSERT_LE(sent - acknowledged, window);
      channel.on_message({0, ++acknowledged}, 0, {}, now);
    }
    EXPECT_EQ(most_in_flight, window);
  }
}

TEST(Window, AcknowledgementsOfWhatWasNotSentAreNone) {
  l2tp::ControlChannel channel;
  channel.send(wire::L2tpMessageBuilder(1, 0, L2tpMessageType::hello).finish());
  (void)channel.take_datagrams(1, TimePoint{});
  channel.on_message({0, 2}, 0, {}, TimePoint{});
  channel.on_message({0, 0xffff}, 0, {}, TimePoint{});
  EXPECT_EQ(channel.unacknowledged(), 1U);
  channel.on_message({0, 1}, 0, {}, TimePoint{});
  EXPECT_TRUE(channel.all_acknowledged());
}

TEST(Silence, IsBrokenByHelloAfterAMinute) {
  LnsLab lab;
  Lac client(lab);
  client.open();
  lab.pass(59s);
  EXPECT_THAT(lab.sent, IsEmpty());
  lab.pass(1s);
  EXPECT_THAT(lab.take_names(), ElementsAre("HELLO"));
  ++client.nr;
  client.send_zlb();
  lab.last_heard = lab.now + 50s;  // the data plane hears packets all the time
  lab.pass(100s);
  EXPECT_THAT(lab.take_names(), IsEmpty());
  lab.pass(10s);
  EXPECT_THAT(lab.take_names(), ElementsAre("HELLO"));
}

TEST(Silence, OfATelephoneThatSleepsKeepsItsTunnel) {
  LnsLab lab;
  Lac client(lab);
  client.open();
  lab.pass(60s + 31s);
  EXPECT_THAT(lab.reports, Contains(HasSubstr("does not answer")));
  lab.pass(10min);
  EXPECT_THAT(lab.events, IsEmpty());
  EXPECT_EQ(lab.lns->session_count(), 1U);
  EXPECT_LT(lab.sent.size(), 25U) << "and does not wake it all the time";
  client.look();
  client.send_zlb();
  EXPECT_THAT(lab.reports, Contains(HasSubstr("answers again")));
  EXPECT_FALSE(lab.lns->tunnels().begin()->second.dormant);
  lab.sent.clear();
  client.open_session(77);
  EXPECT_THAT(lab.events, ElementsAre("starting", "up"));
}

TEST(Silence, ThatIsTooLongEndsTheTunnel) {
  LnsLab lab;
  Lac client(lab);
  client.open();
  lab.pass(17min);
  EXPECT_THAT(lab.events,
              ElementsAre("down: the client does not answer", "tunnel down: the client does not answer"));
  EXPECT_TRUE(lab.lns->done());

  l2tp::Settings strict;
  strict.dormant = 0s;
  LnsLab other(std::move(strict));
  Lac gone(other);
  gone.open();
  other.pass(60s + 31s);
  EXPECT_TRUE(other.lns->done());
}

TEST(Silence, OfATunnelWithoutSessionsEndsIt) {
  LnsLab lab;
  Lac client(lab);
  client.open_tunnel();
  client.send_zlb();
  lab.sent.clear();
  lab.pass(61s);
  EXPECT_THAT(lab.take_names(), Contains("StopCCN"));
}

TEST(Restart, GoesOnFromEveryPoint) {
  for (unsigned point = 0; point < 5; ++point) {
    SCOPED_TRACE(point);
    LnsLab lab;
    lab.install_at_once = false;
    Lac client(lab);
    const auto restart_at = [&](unsigned here) {
      if (here == point) lab.restart();
    };
    client.send(client.sccrq());
    restart_at(0);
    client.send(client.message(L2tpMessageType::scccn));
    restart_at(1);
    client.send(client.icrq(5));
    restart_at(2);
    ASSERT_EQ(lab.starting.size(), 1U) << "asked again, if need be";
    lab.lns->on_session_installed(lab.starting.front().session, true, lab.now);
    lab.settle();
    client.look();
    restart_at(3);
    client.send(client.iccn(lab.last_ids.session));
    restart_at(4);
    EXPECT_EQ(lab.events.back(), "up");
    ASSERT_EQ(lab.lns->session_count(), 1U);
    lab.sent.clear();
    client.send(client.message(L2tpMessageType::hello));
    EXPECT_THAT(lab.take_names(), ElementsAre("ZLB"));
  }
}

TEST(Restart, KeepsWhatWasNotAcknowledged) {
  LnsLab lab;
  Lac client(lab);
  client.open_tunnel();
  client.send(client.icrq(5));
  lab.restart();
  lab.sent.clear();
  lab.pass(1s);
  EXPECT_THAT(lab.take_names(), ElementsAre("ICRP"));
}

TEST(Restart, RefusesRecordsThatAreCut) {
  LnsLab lab;
  Lac client(lab);
  client.open();
  control::SecretEncoder out;
  lab.lns->encode(out);
  for (std::size_t length = 0; length < out.result().size(); ++length) {
    control::Decoder in(std::span(out.result()).first(length));
    EXPECT_EQ(l2tp::Lns::decode(in, lab.settings, lab.environment()), nullptr) << length;
  }
}

// A client with timers of its own, to whom nothing of the code under test belongs.
class PatientLac {
 public:
  explicit PatientLac(std::uint16_t its_tunnel) : tunnel(its_tunnel) { queue(sccrq()); }

  std::vector<std::vector<std::byte>> on_second() {  // everything that is not acknowledged, again
    std::vector<std::vector<std::byte>> out;
    out.reserve(unacknowledged.size());
    for (auto& [number, message] : unacknowledged) out.push_back(numbered(message, number));
    return out;
  }
  std::vector<std::vector<std::byte>> on_message(wire::Bytes bytes) {
    const auto header = wire::L2tpHeader::parse(bytes);
    EXPECT_TRUE(header);
    if (header->tunnel_id() != tunnel) return {};
    std::erase_if(unacknowledged, [&](const auto& entry) { return entry.first < header->nr(); });
    if (header->payload().empty()) return {};
    if (header->ns() == nr) {
      ++nr;
      react(l2tp::ControlMessage::parse(header->payload(), {}));
    }
    std::vector<std::byte> zlb(wire::l2tp_control_header_length);
    wire::build_l2tp_control(zlb, {peer_tunnel, 0, ns, nr}, 0);
    auto out = on_second();
    out.push_back(zlb);
    return out;
  }

  std::uint16_t tunnel, peer_tunnel = 0, ns = 0, nr = 0;
  unsigned stopped = 0, hung_up = 0;
  std::map<std::uint16_t, std::vector<std::byte>> unacknowledged;

 private:
  wire::L2tpMessageBuilder sccrq() const {
    wire::L2tpMessageBuilder message(0, 0, L2tpMessageType::sccrq);
    message.number16(L2tpAttribute::protocol_version, true, 0x0100)
        .text(L2tpAttribute::host_name, true, "patient")
        .number16(L2tpAttribute::assigned_tunnel_id, true, tunnel);
    return message;
  }
  void queue(wire::L2tpMessageBuilder& message) { unacknowledged[ns++] = message.finish(); }
  void queue(wire::L2tpMessageBuilder&& message) { unacknowledged[ns++] = message.finish(); }
  std::vector<std::byte> numbered(std::vector<std::byte> message, std::uint16_t number) const {
    wire::set_l2tp_numbers(message, {number, nr});
    return message;
  }
  void react(const l2tp::ControlMessage& message) {
    switch (message.type()) {
      case L2tpMessageType::sccrp:
        peer_tunnel = message.number16(L2tpAttribute::assigned_tunnel_id);
        queue(wire::L2tpMessageBuilder(peer_tunnel, 0, L2tpMessageType::scccn));
        queue(wire::L2tpMessageBuilder(peer_tunnel, 0, L2tpMessageType::icrq)
                  .number16(L2tpAttribute::assigned_session_id, true, 5));
        break;
      case L2tpMessageType::icrp:
        queue(wire::L2tpMessageBuilder(peer_tunnel, message.number16(L2tpAttribute::assigned_session_id),
                                       L2tpMessageType::iccn));
        break;
      case L2tpMessageType::stopccn:
        ++stopped;
        break;
      case L2tpMessageType::cdn:
        ++hung_up;
        break;
      default:
        break;
    }
  }
};

TEST(Network, ThatLosesDoublesAndReordersStillConnects) {
  unsigned connected = 0;
  constexpr unsigned rounds = 300;
  for (unsigned seed = 0; seed < rounds; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    LnsLab lab;
    PatientLac client(0x1111);
    std::vector<std::vector<std::byte>> to_lns, to_client;
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    const auto put = [&](auto& queue, const std::vector<std::byte>& datagram) {
      if (chance(25)) return;
      queue.push_back(datagram);
      if (chance(15)) queue.push_back(datagram);
    };
    for (unsigned second = 0; second < 28 && lab.ups.empty(); ++second) {
      for (const auto& datagram : client.on_second()) put(to_lns, datagram);
      for (unsigned step = 0; step < 8; ++step) {
        std::shuffle(to_lns.begin(), to_lns.end(), random);
        for (const auto& datagram : std::exchange(to_lns, {})) lab.give(datagram);
        for (const auto& sent : std::exchange(lab.sent, {})) put(to_client, sent.bytes);
        std::shuffle(to_client.begin(), to_client.end(), random);
        for (const auto& datagram : std::exchange(to_client, {}))
          for (const auto& answer : client.on_message(datagram)) put(to_lns, answer);
      }
      if (chance(10)) lab.restart();
      lab.pass(1s);
    }
    connected += lab.ups.empty() ? 0U : 1U;
    EXPECT_LE(lab.ups.size(), 1U);
    EXPECT_EQ(std::ranges::count(lab.events, "starting"), 1) << "one session, whatever comes twice";
    EXPECT_EQ(client.stopped + client.hung_up, 0U);
  }
  EXPECT_EQ(connected, rounds);
}

}  // namespace
}  // namespace espgate::test
