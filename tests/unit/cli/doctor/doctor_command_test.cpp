// SPDX-License-Identifier: Apache-2.0
// espgate doctor as a whole: exit code, text and JSON, on machines that are made of files.
#include "tests/unit/cli/command_line.h"
#include "tests/unit/cli/doctor/doctor_case.h"
#include "tests/unit/cli/made_up_host.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace espgate::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// An EC2 instance on which configs/ec2-ena.toml can run.
void make_ready(MadeUpHost& host) {
  host.pci("0000:00:06.0", "0x1d0f", "igb_uio")
      .pci("0000:00:07.0", "0x1d0f", "igb_uio")
      .default_route("ens5");
  host.file("etc/modprobe.d/igb_uio.conf", "options igb_uio wc_activate=1\n").hugepages(1024, 1024);
  host.cpu_flags("aes pclmulqdq avx2 bmi2 fma constant_tsc nonstop_tsc");
  host.file("sys/devices/system/cpu/online", "0-3\n").file("sys/devices/system/cpu/isolated", "2-3\n");
  host.file("proc/self/limits",
            "Max locked memory         unlimited            unlimited            bytes\n");
}

const std::string ec2_file = ESPGATE_SOURCE_DIR "/configs/ec2-ena.toml";

TEST(DoctorCommand, FindsNothingToMendOnAMachineThatIsReady) {
  MadeUpHost host;
  make_ready(host);
  const Answer answer = espgate({"doctor", "-c", ec2_file, "--root", host.root()});
  EXPECT_EQ(answer.exit_code, success) << answer.out << answer.err;
  EXPECT_THAT(answer.out, StartsWith("✓ driver           0000:00:06.0 is bound to igb_uio\n"));
  EXPECT_THAT(answer.out, HasSubstr("\nThe gateway can run here.\n"));
  EXPECT_THAT(answer.out, testing::Not(HasSubstr("✗")));
}

TEST(DoctorCommand, FailsWhenTheGatewayCouldNotRun) {
  MadeUpHost host;
  make_ready(host);
  host.hugepages(0, 0);
  const Answer answer = espgate({"doctor", "-c", ec2_file, "--root", host.root()});
  EXPECT_EQ(answer.exit_code, failure);
  EXPECT_THAT(answer.out, HasSubstr("✗ hugepages        0 of 0 pages"));
  EXPECT_THAT(answer.out, HasSubstr("\n                   → sysctl -w vm.nr_hugepages=512\n"));
  EXPECT_THAT(answer.out, HasSubstr("The gateway could not run here: 1 to mend first, 0 to improve.\n"));
}

TEST(DoctorCommand, WhatCouldBeBetterIsNoFailure) {
  MadeUpHost host;
  make_ready(host);
  host.file("sys/devices/system/cpu/isolated", "\n");
  const Answer answer = espgate({"doctor", "-c", ec2_file, "--root", host.root()});
  EXPECT_EQ(answer.exit_code, success);
  EXPECT_THAT(answer.out, HasSubstr("The gateway can run here; 1 to improve.\n"));
}

TEST(DoctorCommand, SaysItInJsonToo) {
  MadeUpHost host;
  make_ready(host);
  host.hugepages(0, 0);
  const Answer answer = espgate({"doctor", "--json", "-c", ec2_file, "--root", host.root()});
  EXPECT_EQ(answer.exit_code, failure);
  const auto report = nlohmann::json::parse(answer.out);
  EXPECT_EQ(report["ok"], false);
  unsigned fatal_ones = 0;
  for (const auto& finding : report["findings"]) {
    if (finding["result"] != "fatal") continue;
    ++fatal_ones;
    EXPECT_EQ(finding["check"], "hugepages");
    EXPECT_EQ(finding["remedy"], "sysctl -w vm.nr_hugepages=512");
  }
  EXPECT_EQ(fatal_ones, 1U);
}

TEST(DoctorCommand, LooksAtAMachineWithoutAnything) {
  const MadeUpHost nothing;
  const Answer answer = espgate({"doctor", "--root", nothing.root()});
  EXPECT_EQ(answer.exit_code, success) << "nothing is known to be fatal";
  EXPECT_THAT(answer.out, HasSubstr("– CPU"));
}

TEST(DoctorCommand, RefusesAConfigurationThatIsWrong) {
  const MadeUpHost host;
  const std::string path = host.root() / "g.toml";
  std::ofstream(path) << "[outside]\n";
  const Answer answer = espgate({"doctor", "-c", path, "--root", host.root()});
  EXPECT_EQ(answer.exit_code, failure);
  EXPECT_THAT(answer.err, HasSubstr(":1:1: \"address\" is missing in [outside]\n"));
  EXPECT_EQ(answer.out, "");
}

}  // namespace
}  // namespace espgate::cli
