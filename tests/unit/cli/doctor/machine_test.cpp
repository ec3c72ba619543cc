// SPDX-License-Identifier: Apache-2.0
// Memory, CPU, cores and clock of machines that are made of files.
#include "tests/unit/cli/doctor/doctor_case.h"
#include "tests/unit/cli/made_up_host.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::cli {
namespace {

using config::good_ports;
using config::with;
using testing::StartsWith;

const std::string v3 = "fpu aes pclmulqdq avx2 bmi2 fma constant_tsc nonstop_tsc";
const std::string avx512 = v3 + " avx512f avx512dq avx512cd avx512bw avx512vl";

TEST(DoctorHugepages, EnoughFreeOnesAreGood) {
  MadeUpHost host;
  host.hugepages(1024, 512).file("proc/mounts",
                                 "sysfs /sys sysfs rw 0 0\nhugetlbfs /dev/hugepages hugetlbfs rw 0 0\n");
  EXPECT_EQ(brief(Doctor(host.host()).hugepages()),
            "✓ hugepages: 512 of 1024 pages of 2048 KiB free, mounted on /dev/hugepages\n");
}

TEST(DoctorHugepages, NoneAreFatalForPciDevicesAndBearableElsewhere) {
  MadeUpHost host;
  host.hugepages(0, 0);
  const auto pci = pci_config();
  EXPECT_EQ(
      brief(Doctor(host.host(), &pci).hugepages()),
      "✗! hugepages: 0 of 0 pages of 2048 KiB free, not mounted, which espgate does not need → sysctl -w "
      "vm.nr_hugepages=512\n");
  const auto af_packet = config_of(good_ports);
  EXPECT_EQ(brief(Doctor(host.host(), &af_packet).hugepages()),
            "✗ hugepages: 0 of 0 pages of 2048 KiB free, not mounted, which espgate does not need; ordinary "
            "memory is slower "
            "→ sysctl -w vm.nr_hugepages=512\n");
  const auto on = config_of(good_ports + "[memory]\nhugepages = \"on\"\n");
  EXPECT_THAT(brief(Doctor(host.host(), &on).hugepages()), StartsWith("✗! hugepages: 0 of 0"));
}

TEST(DoctorHugepages, TooFewAreToppedUpBesideThoseInUse) {
  MadeUpHost host;
  host.hugepages(100, 10);
  const auto config = pci_config("[memory]\nmegabytes = 101\n");
  EXPECT_EQ(brief(Doctor(host.host(), &config).hugepages()),
            "✗ hugepages: 10 of 100 pages of 2048 KiB free, not mounted, which espgate does not need, 101 MB "
            "wanted → sysctl "
            "-w vm.nr_hugepages=141\n");
}

TEST(DoctorHugepages, TheConfigurationMayDoWithoutThemUnlessItHasPciDevices) {
  MadeUpHost host;
  host.hugepages(0, 0);
  const auto off = config_of(good_ports + "[memory]\nhugepages = \"off\"\n");
  EXPECT_EQ(brief(Doctor(host.host(), &off).hugepages()), "– hugepages: memory.hugepages is \"off\"\n");
  const auto pci = pci_config("[memory]\nhugepages = \"off\"\n");
  EXPECT_EQ(
      brief(Doctor(host.host(), &pci).hugepages()),
      "✗! hugepages: memory.hugepages is \"off\", and PCI devices need them → write hugepages = \"auto\"\n");
}

TEST(DoctorLockedMemory, MustHoldTheRingsOfAfPacket) {
  MadeUpHost host;
  host.file("proc/self/status", "Name:\tespgate\nCapEff:\t0000000000000000\n");
  const auto limit = [&](const std::string& soft) {
    host.file("proc/self/limits",
              "Limit                     Soft Limit           Hard Limit           Units     \n"
              "Max locked memory         " +
                  soft + "              unlimited              bytes     \n");
  };
  const auto config = config_of(good_ports);  // 2 ports, 2 rings of 1024 frames of 16 KiB each: 64 MiB
  limit("8388608");
  EXPECT_EQ(brief(Doctor(host.host(), &config).locked_memory()),
            "✗ locked memory: limit 8 MiB, about 72 MiB wanted: smaller rings, which bursts overflow → "
            "ulimit -l unlimited as root, or "
            "LimitMEMLOCK=infinity in the "
            "systemd unit\n");
  limit("69206016");
  EXPECT_THAT(brief(Doctor(host.host(), &config).locked_memory()),
              StartsWith("✗ locked memory: limit 66 MiB, about 72 MiB wanted: keys could be swapped out →"));
  limit("104857600");
  EXPECT_EQ(brief(Doctor(host.host(), &config).locked_memory()),
            "✓ locked memory: limit 100 MiB, about 72 MiB wanted\n");
  limit("unlimited");
  EXPECT_EQ(brief(Doctor(host.host(), &config).locked_memory()), "✓ locked memory: no limit\n");
  limit("65536");
  EXPECT_THAT(brief(Doctor(host.host()).locked_memory()),
              StartsWith("✗ locked memory: limit 0 MiB, about 8 MiB"));
  host.file("proc/self/status", "CapEff:\t0000000000004000\n");
  EXPECT_EQ(brief(Doctor(host.host(), &config).locked_memory()),
            "✓ locked memory: this user may lock as much as it likes (CAP_IPC_LOCK)\n");
  host.file("proc/self/uid_map", "         0          0 4294967295\n");
  EXPECT_THAT(brief(Doctor(host.host(), &config).locked_memory()), StartsWith("✓ locked memory: this user"));
  host.file("proc/self/uid_map", "         0       1000          1\n");
  EXPECT_THAT(brief(Doctor(host.host(), &config).locked_memory()), StartsWith("✗ locked memory: limit 0 MiB"))
      << "a capability of a user namespace";
}

TEST(DoctorCpu, SaysWhichEngineTheCpuAllows) {
  const auto seen = [](const std::string& flags, const config::Config* config = nullptr) {
    MadeUpHost host;
    host.cpu_flags(flags);
    return brief(Doctor(host.host(), config).cpu());
  };
  EXPECT_EQ(seen(v3), "✓ CPU: engine ipsec_mb with AVX2\n");
  EXPECT_EQ(seen(avx512), "✓ CPU: engine ipsec_mb with AVX512\n");
  EXPECT_EQ(seen(avx512 + " vaes vpclmulqdq"), "✓ CPU: engine ipsec_mb with AVX512 and VAES\n");
  EXPECT_EQ(seen("fpu avx2 bmi2 fma"),
            "✗ CPU: no AES instructions: engine openssl, many times slower → use another machine, or let the "
            "guest have the "
            "host's CPU\n");
  EXPECT_EQ(seen("fpu aes pclmulqdq avx"),
            "✗! CPU: no AVX2, which these programs are built for → build with -DESPGATE_MARCH=x86-64-v2\n");
  const auto openssl = config_of(good_ports + "[workers]\nengine = \"openssl\"\n");
  EXPECT_EQ(seen(v3, &openssl), "✓ CPU: engine openssl, as the configuration says\n");
}

TEST(DoctorCpu, KnowsArm) {
  MadeUpHost host;
  host.file("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd aes pmull sha1 sha2\n");
  EXPECT_EQ(brief(Doctor(host.host()).cpu()), "✓ CPU: Arm with AES: engine openssl\n");
  EXPECT_THAT(brief(Doctor(host.host()).clock()), StartsWith("– clock: "));
}

TEST(DoctorCores, ThoseOfPollingWorkersAreIsolated) {
  MadeUpHost host;
  host.file("sys/devices/system/cpu/online", "0-3\n").file("sys/devices/system/cpu/isolated", "2-3\n");
  const auto seen = [&](const std::string& workers) {
    const auto config = pci_config("[workers]\n" + workers);
    return brief(Doctor(host.host(), &config).cores());
  };
  EXPECT_EQ(seen("cores = [2, 3]\n"), "✓ cores: 2,3 for workers are isolated\n");
  EXPECT_EQ(seen("cores = [1, 2]\n"),
            "✗ cores: the kernel schedules other work on 1 too → boot with isolcpus=1,2 nohz_full=1,2 "
            "rcu_nocbs=1,2\n");
  EXPECT_EQ(seen("cores = [3, 4, 5]\n"),
            "✗! cores: workers.cores names 4,5, which this host does not have → name cores from 0 to 3\n");
  EXPECT_EQ(seen("count = 2\n"),
            "✗ cores: workers that poll, and workers.cores does not say where → name isolated cores in "
            "workers.cores\n");
  EXPECT_EQ(seen("count = 4\n"),
            "✗ cores: 4 workers that poll on 4 cores leave none to the system → lower workers.count, or "
            "write idle = "
            "\"adaptive\"\n");
  EXPECT_EQ(seen("count = 4\nidle = \"adaptive\"\n"), "– cores: 4 of 4 for workers, which sleep when idle\n");
}

TEST(DoctorClock, WantsATscThatNeitherChangesNorStops) {
  MadeUpHost host;
  host.cpu_flags(v3).file("sys/devices/system/clocksource/clocksource0/current_clocksource", "kvm-clock\n");
  EXPECT_EQ(brief(Doctor(host.host()).clock()),
            "✓ clock: the TSC is constant and never stops; clock source kvm-clock\n");
  host.cpu_flags("fpu constant_tsc");
  EXPECT_EQ(brief(Doctor(host.host()).clock()),
            "✗ clock: the TSC may change its rate or stop, and timers with it; clock source kvm-clock → let "
            "the guest have the "
            "host's TSC (invtsc)\n");
}

}  // namespace
}  // namespace espgate::cli
