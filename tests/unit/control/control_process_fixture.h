// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/scenarios/program.h"
#include "tests/unit/control/fake_dataplane.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <sys/types.h>

namespace espgate::control::test {

// espgate-control as a process, and a data plane that takes notes in this one.
class ControlProcessFixture : public testing::Test {
 protected:
  explicit ControlProcessFixture(std::string program);
  ~ControlProcessFixture() override;

  void write_config(const std::string& peers);
  void start_control();
  void start_dataplane() {
    dataplane_.reset();
    dataplane_ = std::make_unique<FakeDataplane>(socket("channel.sock"));
  }
  // Sends a signal and returns the exit code, or 128 and the signal's number.
  int end_control(int signal);
  // Steps the data plane until `done`.
  void step_until(const std::function<bool()>& done);
  [[nodiscard]] std::string socket(const std::string& name) const { return folder_ / ("run/" + name); }
  [[nodiscard]] std::string log() const { return espgate::test::read_file(folder_ / "log"); }

  espgate::test::TemporaryFolder folder_;
  std::string program_;
  std::unique_ptr<FakeDataplane> dataplane_;
  pid_t control_ = -1;
};

}  // namespace espgate::control::test
