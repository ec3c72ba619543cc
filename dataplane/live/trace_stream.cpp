// SPDX-License-Identifier: Apache-2.0
// trace: the next packets of a peer, an SA or an address, stage by stage.
#include "dataplane/live/api_text.h"
#include "dataplane/live/cycle_time.h"
#include "dataplane/live/gateway.h"
#include "dataplane/live/streams.h"

#include <bit>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace espgate::dataplane::live {
namespace {

using nlohmann::json;

constexpr unsigned most_packets = 4096;

std::string_view start_name(TraceRecord::Start start) {
  switch (start) {
    case TraceRecord::Start::outside:
      return "outside";
    case TraceRecord::Start::inside:
      return "inside";
    case TraceRecord::Start::handed_over:
      return "handed over by another worker";
    case TraceRecord::Start::detour:
      return "detour";
    case TraceRecord::Start::manager:
      return "manager";
    case TraceRecord::Start::control:
      return "control";
  }
  return "unknown";
}

json flow_json(const TraceFlow& flow) {
  return {{"source", endpoint_text({flow.source, flow.source_port, 0})},
          {"destination", endpoint_text({flow.destination, flow.destination_port, 0})},
          {"protocol", flow.protocol}};
}

json step_json(const TraceStep& step) {
  json line = {{"stage", stage_names.at(static_cast<std::size_t>(step.stage))}, {"length", step.length}};
  switch (step.outcome) {
    case TraceStep::Outcome::went_on:
      break;
    case TraceStep::Outcome::dropped:
      line["dropped"] = describe(static_cast<DropReason>(step.reason)).name;
      line["why"] = describe(static_cast<DropReason>(step.reason)).sentence;
      break;
    case TraceStep::Outcome::punted:
      line["punted"] = punt_name(static_cast<Punt>(step.reason));
      line["why"] = punt_sentence(static_cast<Punt>(step.reason));
      break;
  }
  return line;
}

// The next hop as it is now.
json hop_json(const Gateway& gateway, NextHopId id) {
  const NextHop hop = gateway.hops.get(id);
  const bool resolved = hop.state == NextHop::State::resolved;
  return {{"port", hop.port == gateway.outside().id() ? "outside" : "inside"},
          {"mac", resolved ? json(hop.destination.to_string()) : json()}};
}

json trace_json(const Gateway& gateway, const TraceRecord& record, const CycleTime& clock,
                std::size_t worker) {
  json steps = json::array();
  for (std::size_t i = 0; i < record.step_count; ++i) steps.push_back(step_json(record.steps.at(i)));
  json line = {{"time", clock.of(record.cycles)},
               {"worker", worker < gateway.workers.size() ? json(worker) : json("manager")},
               {"start", start_name(record.start)},
               {"steps", std::move(steps)}};
  if (record.outer.protocol != 0) line["outer"] = flow_json(record.outer);
  if (record.inner.protocol != 0) line["inner"] = flow_json(record.inner);
  if (record.spi != 0) line["spi"] = spi_text(record.spi);
  if (record.sequence != 0) line["sequence"] = record.sequence;
  if (record.peer_id != 0) line["peer"] = record.peer_id;
  if (record.tunnel_and_session != 0) {
    line["tunnel"] = record.tunnel_and_session >> 16;
    line["session"] = record.tunnel_and_session & 0xffff;
  }
  if (record.next_hop != no_next_hop) line["next_hop"] = hop_json(gateway, record.next_hop);
  return line;
}

class TraceStream final : public Stream {
 public:
  TraceStream(const StreamContext& context, const TraceFilter& filter, unsigned count)
      : gateway_(context.gateway),
        observers_(context.observers),
        client_(context.client),
        heartbeat_(context.now_nanoseconds),
        left_(count) {
    for (std::size_t i = 0; i < observers_.count(); ++i) {
      const bool manager = i + 1 == observers_.count();
      tracers_.push_back(std::make_unique<Tracer>(filter, gateway_.outside().id(),
                                                  std::bit_ceil(std::size_t{count}), manager));
      observers_.add(i, *tracers_.back());
    }
  }
  TraceStream(const TraceStream&) = delete;
  TraceStream& operator=(const TraceStream&) = delete;
  ~TraceStream() override { stop(); }

  bool step(std::uint64_t now) override {
    const CycleTime clock;
    for (std::size_t i = oldest(); left_ != 0 && i < tracers_.size(); i = oldest(), --left_) {
      heartbeat_.sent(client_.send({{"trace", trace_json(gateway_, *tracers_[i]->front(), clock, i)}}), now);
      tracers_[i]->pop();
    }
    if (left_ == 0) {
      stop();
      client_.send({{"end", counts()}});
      return false;
    }
    if (heartbeat_.is_due(now)) heartbeat_.sent(client_.send({{"progress", counts()}}), now);
    return client_.is_there() && heartbeat_.is_alive(now);
  }
  void end() override { left_ = 0; }
  [[nodiscard]] channel::JsonServer::ClientId client() const override { return client_.id(); }

 private:
  void stop() {
    if (std::exchange(stopped_, true)) return;
    for (std::size_t i = 0; i < tracers_.size(); ++i) observers_.remove(i, *tracers_[i]);
  }

  // Whose next record is the oldest; none: there is no record.
  [[nodiscard]] std::size_t oldest() const {
    std::size_t found = tracers_.size();
    for (std::size_t i = 0; i < tracers_.size(); ++i) {
      const TraceRecord* record = tracers_[i]->front();
      if (record == nullptr) continue;
      if (found == tracers_.size() || record->cycles < tracers_[found]->front()->cycles) found = i;
    }
    return found;
  }

  [[nodiscard]] json counts() const {
    std::uint64_t seen = 0;
    for (const auto& tracer : tracers_) seen += tracer->seen();
    return {{"seen", seen}};
  }

  Gateway& gateway_;
  Observers& observers_;
  StreamClient client_;
  Heartbeat heartbeat_;
  unsigned left_;
  bool stopped_ = false;
  std::vector<std::unique_ptr<Tracer>> tracers_;
};

// Error: it is no IPv4 address.
tl::expected<std::uint32_t, std::string> address_of(const json& request, const char* member) {
  if (!request.contains(member)) return 0;
  const std::string text = request.at(member);
  const auto address = wire::IpAddress::from_string(text);
  if (address && address->is_v4()) return address->as_v4();
  return tl::unexpected(fmt::format("{}: \"{}\" is no IPv4 address", member, text));
}

// A number, or text as people write an SPI: 0x400, or decimal.
tl::expected<std::uint32_t, std::string> spi_of(const json& request) {
  if (!request.contains("spi")) return 0;
  const json& given = request.at("spi");
  if (!given.is_string()) return given.get<std::uint32_t>();
  std::string_view text = given.get_ref<const std::string&>();
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  std::uint32_t spi = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), spi, hexadecimal ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    return tl::unexpected("spi: \"" + given.get<std::string>() + "\" is no SPI; write 0x00000400 or 1024");
  return spi;
}

}  // namespace

StartedOrError start_trace(const StreamContext& context, const json& request) {
  const unsigned count = request.value("count", 1U);
  if (count == 0 || count > most_packets) return tl::unexpected(fmt::format("count: 1 to {}", most_packets));
  const auto outer = address_of(request, "outer");
  const auto inner = address_of(request, "inner");
  const auto spi = spi_of(request);
  for (const auto* each : {&outer, &inner, &spi})
    if (!*each) return tl::unexpected(each->error());
  const TraceFilter filter{
      .outer = *outer, .inner = *inner, .spi = *spi, .peer_id = request.value("peer", std::uint32_t{0})};
  return StartedStream{std::make_unique<TraceStream>(context, filter, count), {{"count", count}}};
}

}  // namespace espgate::dataplane::live
