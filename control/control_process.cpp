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
constexpr std::size_t least_state_bytes = std::size_t{64} << 10;

// What the control process before us left. What can't be used is no reason to stop: the configuration, the
// sequence file and the data plane's own list say enough.
std::optional<GatewayState> read_predecessor(int descriptor) {
  if (descriptor < 0) return std::nullopt;
  const auto blob = read_state(channel::Descriptor(descriptor));
  auto state =
      blob ? parse_gateway_state(blob->bytes()) : Expected<GatewayState>(tl::unexpected(blob.error()));
  if (state) {
    spdlog::info("going on from the state of the control process before this one");
    return std::move(*state);
  }
  spdlog::warn(
      "the state of the control process before this one can't be used: {}; going on from the configuration "
      "and "
      "what the data plane has. If keys were changed meanwhile, restart the data plane",
      state.error());
  return std::nullopt;
}

}  // namespace

Expected<Sequences> ControlProcess::open_sequences(const config::Config& config) {
  if (config.state_directory.empty()) return Sequences();
  auto file = SequenceFile::open(config.state_directory);
  if (!file) return tl::unexpected(file.error());
  Sequences sequences(std::move(*file));
  if (auto usable = sequences.usable(); !usable) spdlog::error("{}", usable.error());
  return sequences;
}

Expected<std::unique_ptr<ControlProcess>> ControlProcess::create(const config::Config& config) {
  if (auto made = channel::make_runtime_directory(config.runtime_directory); !made)
    return tl::unexpected(made.error());
  auto loop = EventLoop::create();
  if (!loop) return tl::unexpected(loop.error());
  auto sequences = open_sequences(config);
  if (!sequences) return tl::unexpected(sequences.error());
  std::unique_ptr<ControlProcess> process(
      new ControlProcess(config, std::move(*loop), std::move(*sequences)));
  if (auto started = process->start_api(); !started) return tl::unexpected(started.error());
  return process;
}

ControlProcess::ControlProcess(const config::Config& config, EventLoop loop, Sequences sequences)
    : runtime_directory_(config.runtime_directory),
      loop_(std::move(loop)),
      gateway_(std::move(sequences), {.save_state = [this] { save_state(); }}) {
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
  if (!dataplane_) return;
  gateway_.save_numbers(dataplane_->progress());
  if (gateway_.is_reconciled()) save_state();
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
  const auto predecessor = read_predecessor(dataplane_->take_predecessor_state());
  gateway_.connected(
      static_cast<std::uint32_t>(dataplane_->progress().size()),
      [this](channel::Command& command) { return dataplane_->send(command); }, predecessor);
}

void ControlProcess::step_dataplane() {
  const bool alive =
      dataplane_->step({[this](const channel::Event& event) { gateway_.on_event(event); }, {}});
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
  if (!write_state(format_gateway_state(gateway_.state())) || !dataplane_ || handed_over_) return;
  if (auto handed = dataplane_->hand_over_state(state_->descriptor()); !handed) {
    spdlog::error("{}; the next control process will go on from the configuration", handed.error());
  }
  handed_over_ = true;
}

bool ControlProcess::write_state(const std::vector<std::byte>& blob) {
  if (state_ && state_->write(blob)) return true;
  auto larger = StateSegment::create(std::max(least_state_bytes, 2 * blob.size()));
  if (!larger || !larger->write(blob)) {
    spdlog::error("can't keep the state for the next control process: {}",
                  larger ? "too large" : larger.error());
    return false;
  }
  state_ = std::move(*larger);
  handed_over_ = false;
  return true;
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
