// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/control_end.h"
#include "channel/dataplane_end.h"
#include "tests/scenarios/program.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace espgate::channel::test {

// Waits until one of the descriptors is readable. A wake-up that was lost fails the test.
void wait_readable(std::initializer_list<int> descriptors);

// A data plane's end in a folder of its own, with what its handler heard, and control's ends that connect to
// it. All in one thread but for the handshake.
class ChannelFixture : public testing::Test {
 protected:
  ChannelFixture();

  void start(DataplaneEnd::Options options = {});
  std::unique_ptr<ControlEnd> connect();
  Expected<std::unique_ptr<ControlEnd>> try_connect();
  void step() { dataplane_->step(handler_); }
  // Steps the data plane, when there is something to do, until `done`.
  void step_until(const std::function<bool()>& done);

  espgate::test::TemporaryFolder folder_;
  std::string socket_ = folder_ / "channel.sock";
  std::unique_ptr<DataplaneEnd> dataplane_;
  DataplaneEnd::Handler handler_;
  unsigned connected_ = 0;
  std::vector<std::string> disconnected_, complaints_;
  std::vector<Command> commands_;
};

// A command of each kind that tests need.
[[nodiscard]] Command make_delete(std::uint32_t slot);
[[nodiscard]] Command make_add(std::uint32_t slot);
// What is said of a packet; its bytes are elsewhere.
[[nodiscard]] PacketRecord make_packet(std::uint32_t peer_id = 0, std::uint32_t slot = 0);

}  // namespace espgate::channel::test
