// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/error.h"
#include "client/file_descriptor.h"
#include "client/packet_buffers.h"
#include "dataplane/packet.h"
#include "wire/ipv4_prefix.h"

#include <cstdint>
#include <string>

namespace espgate::client {

// A TUN interface: IP packets that the kernel routes to it are read, what is written comes in on it. It goes,
// with its address and routes, when this goes. One thread.
class TunDevice {
 public:
  // `name` may hold %d, for which the kernel puts the first free number. Error: no TUN driver, no permission,
  // in use.
  static Expected<TunDevice> open(const std::string& name);

  // Gives it the address, alone, and the MTU, and sets it up.
  [[nodiscard]] Expected<void> configure(std::uint32_t address, std::uint16_t mtu);
  // Sends `network` through it; the device is up.
  [[nodiscard]] Expected<void> add_route(const wire::Ipv4Prefix& network);

  // Starts `burst` with up to 64 packets that wait; never blocks. IPv6 packets, which an L2TP session of ours
  // does not carry, are counted and left out. Error: the device is gone.
  [[nodiscard]] Expected<void> receive(dataplane::Burst& burst, PacketBuffers& buffers);
  // Hands the live packets to the kernel; what it does not take is dropped.
  void send(dataplane::Burst& burst);

  [[nodiscard]] int descriptor() const { return file_.get(); }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t ipv6_packets() const { return ipv6_packets_; }

 private:
  TunDevice(FileDescriptor file, FileDescriptor control, std::string name)
      : file_(std::move(file)), control_(std::move(control)), name_(std::move(name)) {}

  FileDescriptor file_;
  FileDescriptor control_;  // any socket: the ioctls of interfaces want one
  std::string name_;
  std::uint64_t ipv6_packets_ = 0;
};

}  // namespace espgate::client
