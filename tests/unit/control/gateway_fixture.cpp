// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/control/gateway_fixture.h"

#include "control/gateway/static_peers.h"

#include <atomic>
#include <thread>

#include <poll.h>

namespace espgate::control::test {

GatewayFixture::GatewayFixture() { wanted_.push_back(static_peer(1)); }

void GatewayFixture::start_control() {
  Sequences sequences;
  if (use_file_) {
    auto file = SequenceFile::open(state_directory_);
    ASSERT_TRUE(file) << file.error();
    sequences = Sequences(std::move(*file));
  }
  Gateway::Options options;
  options.save_state = [this] {
    ++saves_;
    left_ = gateway_->state();
  };
  options.clock = [this] { return now_; };
  options.pair_installed = [this](std::uint32_t slot, bool installed, const std::string& problem) {
    told_.push_back({slot, installed, problem});
  };
  gateway_ = std::make_unique<Gateway>(std::move(sequences), std::move(options));
  const config::Config config = gateway_config();
  for (const config::StaticPeer& peer : wanted_) gateway_->want(make_static_peer(config, peer));
}

void GatewayFixture::kill_control() {
  control_.reset();
  gateway_.reset();
  while (dataplane_ && dataplane_->is_connected()) dataplane_->step();
}

void GatewayFixture::start_dataplane(std::uint32_t slots) {
  dataplane_.reset();
  dataplane_ = std::make_unique<FakeDataplane>(socket_, slots);
}

void GatewayFixture::kill_dataplane() {
  dataplane_.reset();
  while (control_->step({[this](const channel::Event& event) { gateway_->on_event(event); }, {}})) continue;
  gateway_->disconnected(control_->progress());
  control_.reset();
}

void GatewayFixture::connect() {
  channel::Expected<std::unique_ptr<channel::ControlEnd>> connected;
  std::atomic<bool> done = false;
  std::thread client([&] {
    connected = channel::ControlEnd::connect(socket_);
    done = true;
  });
  while (!done) {
    dataplane_->step();
    std::this_thread::yield();
  }
  client.join();
  ASSERT_TRUE(connected) << connected.error();
  control_ = std::move(*connected);
  gateway_->connected(
      static_cast<std::uint32_t>(control_->progress().size()),
      [this](channel::Command& command) { return control_->send(command); }, left_);
  settle();
}

void GatewayFixture::settle() {
  do {
    dataplane_->step();
    ASSERT_TRUE(control_->step({[this](const channel::Event& event) { gateway_->on_event(event); }, {}}));
  } while (!gateway_->is_reconciled() || gateway_->pending_commands() > 0);
  if (gateway_->take_state_changed()) left_ = gateway_->state();
}

void GatewayFixture::tick() {
  gateway_->tick(control_->progress());
  settle();
}

void GatewayFixture::tell(const channel::Event& event) {
  dataplane_->send(event);
  settle();
}

}  // namespace espgate::control::test
