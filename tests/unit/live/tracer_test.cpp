// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/tracer.h"

#include "dataplane/run_stage.h"
#include "dataplane/sa_table.h"
#include "tests/unit/dataplane/test_gateway.h"

#include <gmock/gmock.h>

namespace espgate::dataplane::live {
namespace {

using test::Client;
using test::Datagram;
using test::inner_packet;
using testing::ElementsAre;

constexpr std::uint32_t host = 0x0a1e000a;

class TracerTest : public testing::Test {
 protected:
  // Frames that came by a port, through the stages, as a worker does it; then the poll that finds nothing.
  void pass(Tracer& tracer, const std::vector<Datagram>& frames) {
    gateway_.stats.observer = &tracer;
    Burst burst;
    test::Buffers buffers;
    buffers.fill(burst, frames);
    run_stage(Stage::rx, burst, gateway_.stats, [] {});
    InboundPath({.sas = gateway_.sas, .engine = *gateway_.engine, .stats = gateway_.stats}).run(burst);
    burst.reset(0);
    run_stage(Stage::rx, burst, gateway_.stats, [] {});
    gateway_.stats.observer = nullptr;
  }

  std::vector<Datagram> frames_of(Client& client, unsigned count) {
    std::vector<Datagram> inner;
    inner.reserve(count);
    for (unsigned i = 0; i < count; ++i) inner.push_back(inner_packet(client.inner_address, host, 100 + i));
    return gateway_.send(client, inner);
  }

  static std::vector<TraceRecord> drain(Tracer& tracer) {
    std::vector<TraceRecord> all;
    for (; tracer.front() != nullptr; tracer.pop()) all.push_back(*tracer.front());
    return all;
  }

  static std::vector<Stage> stages_of(const TraceRecord& record) {
    std::vector<Stage> stages;
    stages.reserve(record.step_count);
    for (std::size_t i = 0; i < record.step_count; ++i) stages.push_back(record.steps.at(i).stage);
    return stages;
  }

  test::TestGateway gateway_;
};

TEST_F(TracerTest, notes_every_stage_and_all_that_is_known_of_a_packet) {
  Client& client = gateway_.add_client();
  Tracer tracer({}, 0, 4);
  pass(tracer, frames_of(client, 1));
  const auto records = drain(tracer);
  ASSERT_EQ(records.size(), 1u);
  const TraceRecord& record = records.front();
  EXPECT_THAT(stages_of(record), ElementsAre(Stage::rx, Stage::link_pull, Stage::classify, Stage::sa_lookup,
                                             Stage::replay_check, Stage::esp_decrypt, Stage::esp_verify,
                                             Stage::l2tp_pull, Stage::ppp_pull, Stage::ip_input));
  for (std::size_t i = 0; i < record.step_count; ++i)
    EXPECT_EQ(record.steps.at(i).outcome, TraceStep::Outcome::went_on);
  EXPECT_EQ(record.steps.at(9).length, 128u);
  EXPECT_EQ(record.outer.source, 0xc6336402u);
  EXPECT_EQ(record.outer.source_port, 61234);
  EXPECT_EQ(record.outer.destination_port, 4500);
  EXPECT_EQ(record.inner.source, client.inner_address);
  EXPECT_EQ(record.inner.destination, host);
  EXPECT_EQ(record.inner.destination_port, 2000);
  EXPECT_EQ(record.spi, client.gateway_sa->spi);
  EXPECT_EQ(record.sequence, 1u);
  EXPECT_EQ(record.peer_id, client.peer.id);
  EXPECT_EQ(record.tunnel_and_session, tunnel_and_session(7, 9));
}

TEST_F(TracerTest, ends_where_a_packet_was_dropped_and_says_why) {
  Client& client = gateway_.add_client();
  auto frames = frames_of(client, 1);
  frames.push_back(
      frames.front());  // both pass the first look at the window; the second loses behind the ICV
  frames.push_back(frames.front());
  frames.back().back() ^= std::byte{1};
  Tracer tracer({}, 0, 4);
  pass(tracer, frames);
  const auto records = drain(tracer);
  ASSERT_EQ(records.size(), 3u);
  for (const auto& [index, reason] :
       {std::pair{1U, DropReason::esp_replayed}, std::pair{2U, DropReason::esp_bad_icv}}) {
    const TraceStep& last = records[index].steps.at(records[index].step_count - 1U);
    EXPECT_EQ(last.stage, Stage::esp_verify);
    EXPECT_EQ(last.outcome, TraceStep::Outcome::dropped);
    EXPECT_EQ(static_cast<DropReason>(last.reason), reason);
  }
}

TEST_F(TracerTest, says_where_a_packet_was_punted_to) {
  Datagram ping = inner_packet(1, 2, 20);
  ping.insert(ping.begin(), 14, std::byte{0});
  ping[12] = std::byte{0x08};
  ping[14 + 9] = std::byte{1};  // ICMP
  Tracer tracer({}, 0, 4);
  pass(tracer, {ping});
  const auto records = drain(tracer);
  ASSERT_EQ(records.size(), 1u);
  const TraceStep& last = records[0].steps.at(records[0].step_count - 1U);
  EXPECT_EQ(last.outcome, TraceStep::Outcome::punted);
  EXPECT_EQ(static_cast<Punt>(last.reason), Punt::icmp);
}

TEST_F(TracerTest, keeps_only_what_the_filter_wants) {
  Client& first = gateway_.add_client();
  Client& second = gateway_.add_client({.outer = {.source = 0xc6336403, .destination = 0x0a14000a}});
  second.peer.remote = Endpoint{.address = 0xc6336499};
  const struct {
    const char* what;
    TraceFilter filter;
    std::vector<std::uint32_t> peers;
  } cases[] = {
      {"everything", {}, {1, 2}},
      {"an SPI", {.spi = second.gateway_sa->spi}, {2}},
      {"a peer", {.peer_id = 1}, {1}},
      {"an outer source", {.outer = 0xc6336403}, {2}},
      {"an outer destination", {.outer = 0x0a14000a}, {1, 2}},
      {"where the peer is now", {.outer = 0xc6336499}, {2}},
      {"an inner source", {.inner = first.inner_address}, {1}},
      {"an inner destination", {.inner = host}, {1, 2}},
      {"both must fit", {.inner = first.inner_address, .peer_id = 2}, {}},
      {"nobody", {.spi = 0x7777}, {}},
  };
  for (const auto& each : cases) {
    auto frames = frames_of(first, 1);
    for (Datagram& frame : frames_of(second, 1)) frames.push_back(std::move(frame));
    Tracer tracer(each.filter, 0, 4);
    pass(tracer, frames);
    std::vector<std::uint32_t> peers;
    for (const TraceRecord& record : drain(tracer)) peers.push_back(record.peer_id);
    EXPECT_EQ(peers, each.peers) << each.what;
    EXPECT_EQ(tracer.seen(), 2u) << each.what;
  }
}

TEST_F(TracerTest, counts_what_finds_no_room) {
  Client& client = gateway_.add_client();
  Tracer tracer({}, 0, 2);
  pass(tracer, frames_of(client, 5));
  EXPECT_EQ(tracer.missed(), 3u);
  EXPECT_EQ(drain(tracer).size(), 2u);
  pass(tracer, frames_of(client, 1));
  EXPECT_EQ(drain(tracer).size(), 1u);
}

TEST_F(TracerTest, waits_for_the_next_burst_when_it_comes_in_the_middle_of_one) {
  Client& client = gateway_.add_client();
  Tracer tracer({}, 0, 4);
  Burst burst;
  test::Buffers buffers;
  buffers.fill(burst, frames_of(client, 1));
  for (const Stage stage : {Stage::replay_check, Stage::sa_lookup, Stage::ip_forward, Stage::link_push})
    tracer.after(stage, burst);
  burst.reset(0);
  tracer.after(Stage::rx, burst);
  EXPECT_EQ(tracer.seen(), 0u);
  pass(tracer, frames_of(client, 1));
  EXPECT_EQ(drain(tracer).size(), 1u);
}

}  // namespace
}  // namespace espgate::dataplane::live
