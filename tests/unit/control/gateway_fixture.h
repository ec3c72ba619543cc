// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/control_end.h"
#include "control/gateway/gateway.h"
#include "tests/scenarios/program.h"
#include "tests/unit/control/fake_dataplane.h"
#include "tests/unit/control/wanted.h"

#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace espgate::control::test {

// A gateway, the channel, and a data plane that takes notes, all in one thread. Either side can die and come
// back.
class GatewayFixture : public testing::Test {
 protected:
  GatewayFixture();

  // A control process with `wanted_`, the sequence file if there is to be one, and what the last one left.
  void start_control();
  void kill_control();
  void start_dataplane(std::uint32_t slots = 64);
  void kill_dataplane();
  // Connects, and lets both go on until nothing is left to do.
  void connect();
  void settle();
  void tick();
  // The data plane sends `event`, control hears it.
  void tell(const channel::Event& event);

  [[nodiscard]] const Peer& peer(std::size_t index) const { return *gateway_->peers().at(index); }

  espgate::test::TemporaryFolder folder_;
  std::string socket_ = folder_ / "channel.sock";
  std::filesystem::path state_directory_ = folder_ / "state";
  bool use_file_ = true;
  Sequences::TimePoint now_ = std::chrono::sys_days(std::chrono::year(2025) / 6 / 1);
  std::vector<config::StaticPeer> wanted_;
  std::optional<GatewayState> left_;  // by the last control process
  unsigned saves_ = 0;
  struct Told {
    std::uint32_t slot;
    bool installed;
    std::string problem;
  };
  std::vector<Told> told_;  // of pairs that were put
  std::unique_ptr<FakeDataplane> dataplane_;
  std::unique_ptr<channel::ControlEnd> control_;
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace espgate::control::test
