// SPDX-License-Identifier: Apache-2.0
// PCI devices and interfaces of machines that are made of files.
#include "tests/unit/cli/doctor/doctor_case.h"
#include "tests/unit/cli/made_up_host.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::cli {
namespace {

using config::good_ports;
using config::with;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string amazon = "0x1d0f";
const std::string outside = "0000:00:06.0";
const std::string inside = "0000:00:07.0";

// An EC2 instance whose two devices have these drivers.
void ec2(MadeUpHost& host, const std::string& outside_driver, const std::string& inside_driver) {
  host.pci(outside, amazon, outside_driver).pci(inside, amazon, inside_driver).default_route("ens5");
}

TEST(DoctorDrivers, BoundToUserSpaceIsGood) {
  MadeUpHost host;
  ec2(host, "igb_uio", "vfio-pci");
  const auto config = pci_config();
  EXPECT_EQ(brief(Doctor(host.host(), &config).drivers()),
            "✓ driver: 0000:00:06.0 is bound to igb_uio\n✓ driver: 0000:00:07.0 is bound to vfio-pci\n");
}

TEST(DoctorDrivers, TheKernelsDriverOrNoneIsFatalAndHasACommandThatMendsIt) {
  MadeUpHost host;
  ec2(host, "ena", "");
  const auto config = pci_config();
  EXPECT_EQ(brief(Doctor(host.host(), &config).drivers()),
            "✗! driver: 0000:00:06.0 is bound to the kernel's ena → modprobe igb_uio wc_activate=1 && "
            "dpdk-devbind.py "
            "--bind=igb_uio 0000:00:06.0 (igb_uio comes with dpdk-kmods-dkms, dpdk-devbind.py with dpdk)\n"
            "✗! driver: 0000:00:07.0 has no driver → modprobe igb_uio wc_activate=1 && dpdk-devbind.py "
            "--bind=igb_uio "
            "0000:00:07.0 (igb_uio comes with dpdk-kmods-dkms, dpdk-devbind.py with dpdk)\n");
}

TEST(DoctorDrivers, WithAnIommuVfioIsProposed) {
  MadeUpHost host;
  ec2(host, "ena", "vfio-pci");
  host.folder("sys/class/iommu/dmar0");
  const auto config = pci_config();
  EXPECT_THAT(brief(Doctor(host.host(), &config).drivers()),
              HasSubstr("→ modprobe vfio-pci && dpdk-devbind.py --bind=vfio-pci 0000:00:06.0\n"));
}

TEST(DoctorDrivers, RefuseToBindTheDeviceOfTheDefaultRoute) {
  MadeUpHost host;
  ec2(host, "ena", "igb_uio");
  host.folder("sys/bus/pci/devices/0000:00:06.0/net/ens5");
  const auto config = pci_config();
  const std::string text = brief(Doctor(host.host(), &config).drivers());
  EXPECT_THAT(
      text, StartsWith(
                "✗! driver: 0000:00:06.0 is ens5, which carries the default route: to take it would cut this "
                "host off → name another device in the configuration\n"));
  EXPECT_THAT(text, Not(HasSubstr("--bind")));
}

TEST(DoctorDrivers, ADeviceThatIsNotThereIsFatal) {
  MadeUpHost host;
  host.pci(inside, amazon, "igb_uio");
  const auto config = pci_config();
  EXPECT_THAT(brief(Doctor(host.host(), &config).drivers()),
              StartsWith("✗! driver: there is no PCI device 0000:00:06.0 →"));
}

TEST(DoctorDrivers, WithoutAConfigurationTheDevicesThereAreAreListed) {
  MadeUpHost host;
  ec2(host, "ena", "");
  host.pci("0000:00:05.0", amazon, "ena").folder("sys/bus/pci/devices/0000:00:05.0/net/ens5");
  host.folder("sys/bus/pci/devices/0000:00:06.0/net/ens6");
  host.file("sys/bus/pci/devices/0000:00:04.0/class", "0x010802\n");
  EXPECT_EQ(brief(Doctor(host.host()).drivers()),
            "– network device: 0000:00:05.0 is bound to ena, interface ens5, carries the default route: "
            "leave it to the "
            "kernel\n"
            "– network device: 0000:00:06.0 is bound to ena, interface ens6\n"
            "– network device: 0000:00:07.0 has no driver\n");
}

TEST(DoctorWriteCombining, IsSeenInTheKernelsListOfMappings) {
  MadeUpHost host;
  ec2(host, "igb_uio", "igb_uio");
  host.file("sys/bus/pci/devices/0000:00:06.0/resource",
            "0x00000000febf4000 0x00000000febf7fff 0x0000000000040200\n"
            "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
            "0x00000000fe800000 0x00000000fe8fffff 0x0000000000042208\n");
  host.file("sys/bus/pci/devices/0000:00:07.0/resource",
            "0x00000000fe900000 0x00000000fe9fffff 0x0000000000042208\n");
  host.file("sys/kernel/debug/x86/pat_memtype_list",
            "PAT memtype list:\nPAT: [mem 0x00000000fe800000-0x00000000fe900000] write-combining\n"
            "PAT: [mem 0x00000000fe900000-0x00000000fea00000] uncached-minus\n");
  const auto config = pci_config();
  const std::string text = brief(Doctor(host.host(), &config).write_combining());
  EXPECT_THAT(
      text,
      StartsWith(
          "✓ write-combining: memory of 0000:00:06.0 is mapped so\n✗ write-combining: nothing says that "
          "igb_uio was loaded with wc_activate=1 for 0000:00:07.0 → echo 'options igb_uio"));
}

TEST(DoctorWriteCombining, IsTakenFromWhatTheModuleIsToldWhenItIsLoaded) {
  MadeUpHost host;
  ec2(host, "igb_uio", "igb_uio");
  host.file("etc/modprobe.d/espgate.conf", "# for ENA\noptions igb_uio wc_activate=1\n");
  const auto config = pci_config();
  EXPECT_THAT(brief(Doctor(host.host(), &config).write_combining()),
              StartsWith("✓ write-combining: /etc/modprobe.d/espgate.conf says wc_activate=1;"));

  MadeUpHost off;
  ec2(off, "igb_uio", "igb_uio");
  off.file("etc/modprobe.d/espgate.conf", "options igb_uio wc_activate=0\n");
  EXPECT_THAT(brief(Doctor(off.host(), &config).write_combining()),
              StartsWith("✗ write-combining: nothing says"));

  MadeUpHost booted;
  ec2(booted, "igb_uio", "igb_uio");
  booted.file("proc/cmdline", "root=/dev/nvme0n1p1 igb_uio.wc_activate=1\n");
  EXPECT_THAT(brief(Doctor(booted.host(), &config).write_combining()),
              StartsWith("✓ write-combining: the kernel's command line says wc_activate=1;"));
}

TEST(DoctorWriteCombining, IsWhatVfioLacksAndOtherCardsDoNotNeed) {
  MadeUpHost host;
  host.pci(outside, amazon, "vfio-pci").pci(inside, "0x8086", "vfio-pci");
  const auto config = pci_config();
  EXPECT_EQ(brief(Doctor(host.host(), &config).write_combining()),
            "✗ write-combining: vfio-pci maps 0000:00:06.0 without it, which costs cycles for every packet "
            "sent → use igb_uio "
            "with wc_activate=1\n"
            "– write-combining: 0000:00:07.0 is no ENA device\n");
}

TEST(DoctorIommu, VfioWithoutOneNeedsItsModeForThat) {
  const auto config = pci_config();
  MadeUpHost without;
  ec2(without, "vfio-pci", "vfio-pci");
  EXPECT_THAT(brief(Doctor(without.host(), &config).iommu()),
              StartsWith("✗! IOMMU: there is none, and vfio-pci needs one → bind to igb_uio (this kernel's "
                         "vfio has no mode"));
  without.file("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N\n");
  EXPECT_THAT(brief(Doctor(without.host(), &config).iommu()),
              HasSubstr("→ echo 1 > /sys/module/vfio/parameters/"));
  without.file("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n");
  EXPECT_EQ(brief(Doctor(without.host(), &config).iommu()),
            "✓ IOMMU: there is none, and vfio is in its mode without one\n");
}

TEST(DoctorIommu, IgbUioBesideOneNeedsItsPassThrough) {
  const auto config = pci_config();
  MadeUpHost host;
  ec2(host, "igb_uio", "igb_uio");
  EXPECT_EQ(brief(Doctor(host.host(), &config).iommu()),
            "– IOMMU: none, as in virtual machines: igb_uio fits\n");
  host.folder("sys/class/iommu/dmar0");
  EXPECT_EQ(
      brief(Doctor(host.host(), &config).iommu()),
      "✗ IOMMU: the IOMMU is on and igb_uio does not program it → bind to vfio-pci, or boot with iommu=pt\n");
  host.file("proc/cmdline", "iommu=pt\n");
  EXPECT_EQ(brief(Doctor(host.host(), &config).iommu()), "– IOMMU: present: vfio-pci fits\n");
}

TEST(DoctorInterfaces, AreThereUpAndWideEnough) {
  MadeUpHost host;
  host.interface("s0", 1500).interface("s1", 9000, 4).default_route("eth0");
  const auto config = config_of(good_ports);
  EXPECT_EQ(brief(Doctor(host.host(), &config).interfaces()),
            "✓ interface: s0 is there for [outside]\n"
            "✓ MTU: 1500 of s0, 1500 in the configuration\n"
            "✓ queues: s0 has 1 for receiving, the gateway opens 1 for 1 workers\n"
            "✓ interface: s1 is there for [inside]\n"
            "✓ MTU: 9000 of s1, 1500 in the configuration\n"
            "✓ queues: s1 has 4 for receiving, the gateway opens 1 for 1 workers\n");
}

TEST(DoctorInterfaces, AMissingOneIsFatal) {
  MadeUpHost host;
  host.interface("s1", 1500);
  const auto config = config_of(good_ports);
  EXPECT_THAT(
      brief(Doctor(host.host(), &config).interfaces()),
      StartsWith(
          "✗! interface: there is no interface s0 for [outside] → ip -br link lists them\n✓ interface: s1"));
}

TEST(DoctorInterfaces, TheOneOfTheDefaultRouteIsRefused) {
  MadeUpHost host;
  host.interface("s0", 1500).interface("s1", 1500).default_route("s0");
  const auto config = config_of(good_ports);
  EXPECT_THAT(
      brief(Doctor(host.host(), &config).interfaces()),
      StartsWith(
          "✗! interface: s0 of [outside] carries the default route: the gateway must not share it with the "
          "kernel → name another interface in the configuration\n✓ interface: s1"));
}

TEST(DoctorInterfaces, OneThatIsDownOrNarrowHasACommandThatMendsIt) {
  MadeUpHost host;
  host.interface("s0", 1400, 1, "0x1002").interface("s1", 1500);
  const auto config = config_of(good_ports);
  EXPECT_THAT(brief(Doctor(host.host(), &config).interfaces()),
              StartsWith("✗ interface: s0 of [outside] is down → ip link set dev s0 up\n"
                         "✗ MTU: 1400 of s0, 1500 in the configuration → ip link set dev s0 mtu 1500\n"));
}

TEST(DoctorInterfaces, TheGatewaysAddressMustNotBeTheKernelsToo) {
  MadeUpHost host;
  host.interface("s0", 1500).interface("s1", 1500);
  host.file("proc/net/fib_trie",
            "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.20.0.1\n        /32 link UNICAST\n     |-- "
            "10.30.0.1\n        /32 host "
            "LOCAL\n     |-- 110.20.0.10\n        /32 host LOCAL\n");
  const auto config = config_of(good_ports);
  const std::string text = brief(Doctor(host.host(), &config).interfaces());
  EXPECT_THAT(
      text,
      HasSubstr("✗ address: the kernel has 10.30.0.1 too, and answers beside the gateway → ip address del "
                "10.30.0.1/24 dev s1\n"));
  EXPECT_THAT(text, Not(HasSubstr("has 10.20.0.10 too")));
}

TEST(DoctorInterfaces, FewerQueuesThanWorkersAreWorthAWord) {
  MadeUpHost host;
  host.interface("s0", 1500, 4).interface("s1", 1500);
  const auto config =
      config_of(with(good_ports, "interface = \"s0\"", "device = \"net_af_packet0,iface=s0\"") +
                "[workers]\ncount = 2\n");
  const std::string text = brief(Doctor(host.host(), &config).interfaces());
  EXPECT_THAT(
      text,
      HasSubstr(
          "✗ queues: s0 has 4 for receiving, the gateway opens 1 for 2 workers → write interface = \"s0\" "
          "instead of device, or add ,qpairs=2\n"));
  EXPECT_THAT(text, HasSubstr("✓ queues: s1 has 1 for receiving, the gateway opens 2 for 2 workers\n"));
}

}  // namespace
}  // namespace espgate::cli
