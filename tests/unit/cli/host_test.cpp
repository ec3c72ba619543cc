// SPDX-License-Identifier: Apache-2.0
#include "cli/host.h"

#include "tests/unit/cli/made_up_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Host, ReadsFilesWithoutTheBlanksAtTheirEnd) {
  MadeUpHost made_up;
  const Host host =
      made_up.file("sys/a", "one\ntwo \n\n").file("sys/n", "1500\n").file("sys/word", "many\n").host();
  EXPECT_EQ(host.read("sys/a"), "one\ntwo");
  EXPECT_THAT(host.lines("sys/a"), ElementsAre("one", "two"));
  EXPECT_EQ(host.number("sys/n"), 1500U);
  EXPECT_EQ(host.number("sys/word"), std::nullopt);
  EXPECT_EQ(host.read("sys/nothing"), std::nullopt);
  EXPECT_THAT(host.lines("sys/nothing"), IsEmpty());
  EXPECT_THAT(host.list("sys/nothing"), IsEmpty());
  EXPECT_THAT(host.list("sys"), ElementsAre("a", "n", "word"));
}

TEST(Host, ReadsListsOfCpus) {
  MadeUpHost made_up;
  const Host host =
      made_up.file("some", "0-2,5,8-9\n").file("none", "\n").file("odd", "3-,x,7,99999999999\n").host();
  EXPECT_THAT(*host.cpus("some"), ElementsAre(0, 1, 2, 5, 8, 9));
  EXPECT_THAT(*host.cpus("none"), IsEmpty());
  EXPECT_THAT(*host.cpus("odd"), ElementsAre(7));
  EXPECT_EQ(host.cpus("missing"), std::nullopt);
}

TEST(Host, TakesOnlyARouteToEverywhereForTheDefaultRoute) {
  MadeUpHost made_up;
  EXPECT_THAT(made_up.default_route("eth0").host().default_route_interfaces(), ElementsAre("eth0"));
  made_up.file("proc/net/route",
               "Iface Destination Gateway Flags RefCnt Use Metric Mask\ntun0 00000000 0 1 0 0 0 00000080\n");
  EXPECT_THAT(made_up.host().default_route_interfaces(), IsEmpty()) << "0.0.0.0/1 is not everywhere";
}

TEST(Host, FindsInterfacesOfPciDevicesAndOfVirtioBehindThem) {
  MadeUpHost made_up;
  made_up.folder("sys/bus/pci/devices/0000:00:05.0/net/ens5")
      .folder("sys/bus/pci/devices/0000:00:03.0/virtio0/net/eth0");
  EXPECT_THAT(made_up.host().interfaces_of_pci("0000:00:05.0"), ElementsAre("ens5"));
  EXPECT_THAT(made_up.host().interfaces_of_pci("0000:00:03.0"), ElementsAre("eth0"));
  EXPECT_THAT(made_up.host().interfaces_of_pci("0000:00:09.0"), IsEmpty());
}

}  // namespace
}  // namespace espgate::cli
