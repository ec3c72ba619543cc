// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/host.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <unistd.h>

namespace espgate::cli {

// A machine made of files: /proc, /sys and /etc below a folder of its own, gone at the end of the test.
//
//   MadeUpHost host;
//   host.file("proc/meminfo", "…").pci("0000:00:06.0", "0x1d0f", "ena").interface("s0", 1500);
class MadeUpHost {
 public:
  MadeUpHost() {
    static int count = 0;
    root_ = testing::TempDir() + "espgate-host-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
    std::filesystem::create_directories(root_);
  }
  MadeUpHost(const MadeUpHost&) = delete;
  MadeUpHost& operator=(const MadeUpHost&) = delete;
  ~MadeUpHost() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  [[nodiscard]] Host host() const { return Host(root_); }
  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

  MadeUpHost& file(const std::string& path, std::string_view content) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << content;
    return *this;
  }
  MadeUpHost& folder(const std::string& path) {
    std::filesystem::create_directories(root_ / path);
    return *this;
  }
  // A network device of that vendor; an empty driver: none.
  MadeUpHost& pci(const std::string& address, const std::string& vendor, const std::string& driver = "") {
    const std::string device = "sys/bus/pci/devices/" + address;
    file(device + "/vendor", vendor + "\n").file(device + "/class", "0x020000\n");
    if (driver.empty()) return *this;
    folder("sys/bus/pci/drivers/" + driver);
    std::filesystem::create_directory_symlink("../../drivers/" + driver, root_ / device / "driver");
    return *this;
  }
  MadeUpHost& interface(const std::string& name, unsigned mtu, unsigned queues = 1,
                        std::string_view flags = "0x1003") {
    const std::string net = "sys/class/net/" + name;
    file(net + "/mtu", std::to_string(mtu) + "\n").file(net + "/flags", std::string(flags) + "\n");
    for (unsigned queue = 0; queue < queues; ++queue) {
      folder(net + "/queues/rx-" + std::to_string(queue));
      folder(net + "/queues/tx-" + std::to_string(queue));
    }
    return *this;
  }
  MadeUpHost& default_route(const std::string& interface) {
    return file("proc/net/route",
                "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n" +
                    interface + "\t00000000\t0101140A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n" + interface +
                    "\t0001140A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
  }
  MadeUpHost& hugepages(unsigned total, unsigned free_pages) {
    return file("proc/meminfo",
                "MemTotal:        8000000 kB\nHugePages_Total:     " + std::to_string(total) +
                    "\nHugePages_Free:      " + std::to_string(free_pages) +
                    "\nHugePages_Rsvd:        0\nHugepagesize:       2048 kB\nHugetlb:  0 kB\n");
  }
  MadeUpHost& cpu_flags(std::string_view flags) {
    return file("proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: " +
                                    std::string(flags) + "\nbugs\t\t:\n");
  }

 private:
  std::filesystem::path root_;
};

}  // namespace espgate::cli
