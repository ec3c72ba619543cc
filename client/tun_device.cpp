// SPDX-License-Identifier: Apache-2.0
#include "client/tun_device.h"

#include "wire/ethernet.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace espgate::client {
namespace {

constexpr const char* clone_device = "/dev/net/tun";
constexpr const char* needs_privilege = "run it as root, or with CAP_NET_ADMIN";

using dataplane::DropReason;

ifreq request_for(const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

sockaddr ipv4(std::uint32_t host_order) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host_order);
  sockaddr general{};
  static_assert(sizeof general == sizeof address);
  std::memcpy(&general, &address, sizeof general);
  return general;
}

tl::unexpected<Error> open_failure(int number) {
  const bool missing = number == ENOENT || number == ENODEV || number == ENXIO;
  return system_failure(clone_device, "open", number,
                        missing ? "load the driver with `modprobe tun`; a container must be given the device"
                                : needs_privilege);
}

tl::unexpected<Error> attach_failure(const std::string& name, int number) {
  const char* hint = "";
  if (number == EPERM) hint = needs_privilege;
  if (number == EBUSY) hint = "another program has it; choose another --tun";
  if (number == EINVAL) hint = "an interface of that name is no TUN device; choose another --tun";
  return system_failure(name, "make a TUN device", number, hint);
}

// Why the kernel did not take a packet.
DropReason write_failure(int number) {
  return number == EAGAIN || number == ENOBUFS || number == ENOMEM ? DropReason::tx_full
                                                                   : DropReason::port_down;
}

}  // namespace

Expected<TunDevice> TunDevice::open(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ)
    return fail({.what = "the name of an interface has 1 to " + std::to_string(IFNAMSIZ - 1) + " characters",
                 .where = "--tun",
                 .hint = {},
                 .kind = ErrorKind::usage});
  FileDescriptor file(::open(clone_device, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open()) return open_failure(errno);
  ifreq request = request_for(name);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(file.get(), TUNSETIFF, &request) != 0) return attach_failure(name, errno);
  FileDescriptor control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!control.is_open()) return system_failure(name, "open a socket to set it up with", errno);
  return TunDevice(std::move(file), std::move(control), request.ifr_name);
}

Expected<void> TunDevice::configure(std::uint32_t address, std::uint16_t mtu) {
  ifreq request = request_for(name_);
  request.ifr_mtu = mtu;
  if (::ioctl(control_.get(), SIOCSIFMTU, &request) != 0)
    return system_failure(name_, "set the MTU " + std::to_string(mtu), errno);
  request = request_for(name_);
  request.ifr_addr = ipv4(address);  // a point-to-point interface's prefix has 32 bits
  if (::ioctl(control_.get(), SIOCSIFADDR, &request) != 0)
    return system_failure(name_, "set the address", errno);
  request = request_for(name_);
  if (::ioctl(control_.get(), SIOCGIFFLAGS, &request) != 0)
    return system_failure(name_, "read its flags", errno);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
  if (::ioctl(control_.get(), SIOCSIFFLAGS, &request) != 0) return system_failure(name_, "set it up", errno);
  return {};
}

Expected<void> TunDevice::add_route(const wire::Ipv4Prefix& network) {
  rtentry route{};
  std::string device = name_;  // the kernel's interface wants it writable
  route.rt_dst = ipv4(network.address);
  route.rt_genmask = ipv4(network.mask());
  route.rt_flags = static_cast<unsigned short>(RTF_UP | (network.length == 32 ? RTF_HOST : 0));
  route.rt_dev = device.data();
  if (::ioctl(control_.get(), SIOCADDRT, &route) == 0) return {};
  const int number = errno;
  return system_failure("--route", "route " + network.to_string() + " through " + name_, number,
                        number == EEXIST ? "such a route is there already" : "");
}

Expected<void> TunDevice::receive(dataplane::Burst& burst, PacketBuffers& buffers) {
  unsigned count = 0;
  for (unsigned i = 0; i < dataplane::max_burst; ++i) {
    const ssize_t length = ::read(file_.get(), buffers.start(count), PacketBuffers::room);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (length <= 0)
      return system_failure(name_, "read packets", length == 0 ? ENODEV : errno, "is it deleted?");
    if (std::to_integer<unsigned>(*buffers.start(count)) >> 4 != 4) {
      ++ipv6_packets_;
      continue;
    }
    buffers.attach(burst, count++, static_cast<std::size_t>(length), wire::ether_type_ipv4);
  }
  burst.reset(count);
  return {};
}

void TunDevice::send(dataplane::Burst& burst) {
  for (const dataplane::Packet& packet : burst.live())
    if (::write(file_.get(), packet.data, packet.length) < 0) burst.drop(packet, write_failure(errno));
}

}  // namespace espgate::client
