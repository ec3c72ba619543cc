// SPDX-License-Identifier: Apache-2.0
#include "control/control_process.h"

#include "channel/protect_process.h"
#include "control/gateway/static_peers.h"

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace espgate::control {
namespace {

constexpr auto tick_interval = std::chrono::seconds(1);
constexpr auto retry_interval = std::chrono::milliseconds(100);
constexpr auto ike_tick_interval = std::chrono::milliseconds(100);
constexpr std::size_t least_state_blocks = 1024;
constexpr std::uint64_t gateway_record = 0;

}  // namespace

Expected<Sequences> ControlProcess::open_sequences(const config::Config& config) {
  if (config.state_directory.empty()) return Sequences();
  auto file = SequenceFile::open(config.state_directory);
  if (!file) return tl::unexpected(file.error());
  Sequences sequences(std::move(*file));
  if (auto usable = sequences.usable(); !usable) spdlog::error("{}", usable.error());
  return sequences;
}

Expected<std::unique_ptr<ControlProcess>> ControlProcess::create(const config::Config& config,
                                                                 const std::filesystem::path& save_keys) {
  if (auto made = channel::make_runtime_directory(config.runtime_directory); !made)
    return tl::unexpected(made.error());
  auto loop = EventLoop::create();
  if (!loop) return tl::unexpected(loop.error());
  auto sequences = open_sequences(config);
  if (!sequences) return tl::unexpected(sequences.error());
  std::unique_ptr<ControlProcess> process(
      new ControlProcess(config, std::move(*loop), std::move(*sequences), save_keys));
  if (auto started = process->start_api(); !started) return tl::unexpected(started.error());
  return process;
}

ControlProcess::ControlProcess(const config::Config& config, EventLoop loop, Sequences sequences,
                               const std::filesystem::path& save_keys)
    : runtime_directory_(config.runtime_directory),
      loop_(std::move(loop)),
      gateway_(std::move(sequences),
               {.save_state = [this] { save_state(); },
                .pair_installed =
                    [this](std::uint32_t slot, bool installed, const std::string& problem) {
                      if (ike_) ike_->on_installed(slot, installed, problem);
                    },
                .session_installed =
                    [this](const SessionKey& key, bool installed, const std::string& problem) {
                      if (dial_in_) dial_in_->service().on_session_installed(key, installed, problem);
                    }}),
      event_log_(config.debug_log) {
  if (config.ike.enabled) {
    ike_ = std::make_unique<IkeService>(
        config,
        IkeService::Environment{.gateway = gateway_,
                                .dataplane = [this] { return dataplane_.get(); },
                                .save = [this](auto id, const auto* record) { save_record(id, record); },
                                .save_keys = save_keys,
                                .log = event_log_,
                                .peer_gone =
                                    [this](std::uint32_t id) {
                                      if (dial_in_) dial_in_->service().on_peer_gone(id);
                                    }});
    if (config.users.enabled) {
      dial_in_ = std::make_unique<DialIn>(
          config,
          DialIn::Environment{.gateway = gateway_,
                              .negotiator = ike_->negotiator(),
                              .dataplane = [this] { return dataplane_.get(); },
                              .save = [this](auto id, const auto* record) { save_record(id, record); },
                              .log = event_log_,
                              .journal = ike_->journal()});
    }
    if (dial_in_ && dial_in_->descriptor() >= 0)
      loop_.add(dial_in_->descriptor(), [this] { dial_in_->step(); });
    loop_.add(ike_->descriptor(), [this] { ike_->step(); });
    loop_.add(ike_tick_.descriptor(), [this] {
      ike_tick_.clear();
      ike_->tick();
      if (dial_in_) dial_in_->tick();
    });
    ike_tick_.set(ike_tick_interval);
  }
  for (const config::StaticPeer& peer : config.static_peers) gateway_.want(make_static_peer(config, peer));
  loop_.add(tick_.descriptor(), [this] {
    tick_.clear();
    gateway_.tick(dataplane_ ? dataplane_->progress() : Gateway::Progress());
  });
  loop_.add(retry_.descriptor(), [this] {
    retry_.clear();
    try_to_connect();
  });
}

ControlProcess::~ControlProcess() = default;

Expected<void> ControlProcess::start_api() {
  auto server = channel::JsonServer::listen(runtime_directory_ / "control.sock",
                                            [this](const auto& request) { return api_.answer(request); });
  if (!server) return tl::unexpected(server.error());
  json_server_ = std::move(*server);
  loop_.add(json_server_->descriptor(), [this] { json_server_->step(); });
  return {};
}

void ControlProcess::run() {
  tick_.set(tick_interval);
  retry_.set(retry_interval);
  try_to_connect();
  while (!stopping_) {
    loop_.step();
    if (dataplane_ && gateway_.take_urgent()) gateway_.tick(dataplane_->progress());
    if (gateway_.is_reconciled() && gateway_.take_state_changed()) save_state();
  }
  if (dial_in_) dial_in_->close();
  if (!dataplane_) return;
  gateway_.save_numbers(dataplane_->progress());
  if (gateway_.is_reconciled()) save_state();
}

void ControlProcess::reload() {
  event_log_.open_again();
  if (!dial_in_ || dial_in_->users().path().empty()) return;
  if (const auto loaded = dial_in_->reload_users(); !loaded) {
    spdlog::error("{}", loaded.error());
  } else {
    spdlog::info("{} users in {}, read again", dial_in_->users().users()->size(),
                 dial_in_->users().path().string());
  }
}

std::string ControlProcess::summary() const {
  if (!dataplane_)
    return fmt::format("waiting for the data plane{}{}", connect_error_.empty() ? "" : ": ", connect_error_);
  if (!gateway_.is_reconciled()) return "comparing with what the data plane has";
  const std::size_t peers = gateway_.peers().size() + (ike_ ? ike_->negotiator().peers().size() : 0);
  return fmt::format("serving {} peer{}", peers, peers == 1 ? "" : "s");
}

// The same error is logged once, not ten times a second.
void ControlProcess::try_to_connect() {
  if (dataplane_) return;
  auto connected = channel::ControlEnd::connect(runtime_directory_ / "channel.sock");
  if (connected) {
    take_over(std::move(*connected));
  } else if (connected.error() != connect_error_) {
    connect_error_ = connected.error();
    spdlog::warn("no data plane yet: {}", connect_error_);
  }
}

void ControlProcess::take_over(std::unique_ptr<channel::ControlEnd> dataplane) {
  dataplane_ = std::move(dataplane);
  connect_error_.clear();
  connected_since_ = Clock::now();
  handed_over_ = false;
  retry_.stop();
  spdlog::info("connected to the data plane, which has {} workers", dataplane_->workers());
  loop_.add(dataplane_->descriptor(), [this] { step_dataplane(); });
  std::optional<GatewayState> predecessor;
  read_predecessor(dataplane_->take_predecessor_state(), predecessor);
  const auto slots = static_cast<std::uint32_t>(dataplane_->progress().size());
  if (ike_) ike_->connected(slots);
  gateway_.connected(
      slots, [this](channel::Command& command) { return dataplane_->send(command); }, predecessor);
  hand_over();
}

// What can't be used is no reason to stop: the configuration, the sequence file and the data plane's own list
// say enough.
void ControlProcess::read_predecessor(int descriptor, std::optional<GatewayState>& gateway_state) {
  if (descriptor < 0) return;
  channel::Descriptor owned(descriptor);
  if (std::exchange(had_predecessor_, true)) return;  // what there is, is our own
  const auto records = read_state(std::move(owned));
  const bool found = records && records->contains(gateway_record);
  auto state = !records ? Expected<GatewayState>(tl::unexpected(records.error()))
               : !found
                   ? Expected<GatewayState>(tl::unexpected(std::string("it is damaged: no whole record")))
                   : parse_gateway_state(records->at(gateway_record).bytes());
  if (records && ike_) ike_->restore(*records);
  if (records && dial_in_) dial_in_->restore(*records);
  if (state) {
    spdlog::info("going on from the state of the control process before this one");
    gateway_state = std::move(*state);
    return;
  }
  spdlog::warn(
      "the state of the control process before this one can't be used: {}; going on from the configuration "
      "and what the data plane has. If keys were changed meanwhile, restart the data plane",
      state.error());
}

void ControlProcess::step_dataplane() {
  const bool alive = dataplane_->step({[this](const channel::Event& event) {
                                         gateway_.on_event(event);
                                         if (ike_) ike_->on_event(event);
                                       },
                                       [this](unsigned, const channel::PacketRecord& packet) {
                                         if (ike_) ike_->on_packet(packet);
                                         if (dial_in_) dial_in_->service().on_packet(packet);
                                       }});
  if (ike_) ike_->run();
  if (dial_in_) dial_in_->service().run();
  if (!alive) lose_dataplane();
}

// Its counters are read once more before they go.
void ControlProcess::lose_dataplane() {
  spdlog::error("the data plane has gone; connecting again");
  loop_.remove(dataplane_->descriptor());
  gateway_.disconnected(dataplane_->progress());
  dataplane_.reset();
  retry_.set(retry_interval);
}

void ControlProcess::save_state() {
  const std::vector<std::byte> blob = format_gateway_state(gateway_.state());
  const std::span<const std::byte> bytes = blob;
  save_record(gateway_record, &bytes);
}

void ControlProcess::save_record(std::uint64_t id, const std::span<const std::byte>* record) {
  if (record == nullptr) {
    if (state_) state_->erase(id);
    return;
  }
  if ((!state_ || !state_->write(id, *record)) &&
      (!make_room(record->size()) || !state_->write(id, *record))) {
    spdlog::error("can't keep the state of {} for the next control process", id);
    return;
  }
  hand_over();
}

// A larger segment with what there is.
bool ControlProcess::make_room(std::size_t record_bytes) {
  const std::size_t needed = StateSegment::blocks_for(record_bytes);
  auto larger = state_ ? state_->copy(2 * (state_->blocks() + needed))
                       : StateSegment::create(std::max(least_state_blocks, 2 * needed));
  if (!larger) {
    spdlog::error("no room for more state: {}", larger.error());
    return false;
  }
  state_ = std::move(*larger);
  handed_over_ = false;
  return true;
}

void ControlProcess::hand_over() {
  if (!dataplane_ || !state_ || handed_over_) return;
  if (auto handed = dataplane_->hand_over_state(state_->descriptor()); !handed) {
    spdlog::error("{}; the next control process will go on from the configuration", handed.error());
  }
  handed_over_ = true;
}

std::optional<StatusSource::Connection> ControlProcess::connection() const {
  if (!dataplane_) return std::nullopt;
  return Connection{dataplane_->workers(),
                    std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - connected_since_)};
}

std::chrono::seconds ControlProcess::uptime() const {
  return std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_);
}

}  // namespace espgate::control
