// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/endpoint.h"
#include "client/error.h"
#include "client/file_descriptor.h"
#include "client/packet_buffers.h"
#include "dataplane/packet.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <netinet/in.h>
#include <sys/socket.h>

namespace espgate::client {

// The UDP socket towards the gateway: ESP in UDP (RFC 3948), with the kernel's IP and UDP around it.
// Connected, so that nobody else's datagrams come. One thread.
class GatewaySocket {
 public:
  // Any port of ours will do: the gateway answers where packets came from, as behind a NAT. Error: no such
  // address here, port in use, no route.
  static constexpr int usual_buffer_bytes = 4 << 20;
  // `buffer_bytes`: of the kernel, each way; 0: as the system has it.
  static Expected<GatewaySocket> open(const Endpoint& local, const Endpoint& gateway,
                                      int buffer_bytes = usual_buffer_bytes);

  // Talks to that end from now on, from the same port. Error: no route.
  [[nodiscard]] Expected<void> talk_to(const Endpoint& gateway);
  // One datagram; what the kernel does not take is lost. Never blocks.
  void send(std::span<const std::byte> datagram);

  // Starts `burst` with up to 64 datagrams that wait; never blocks. Datagrams that no buffer holds are
  // dropped.
  void receive(dataplane::Burst& burst, PacketBuffers& buffers);
  // Sends each live packet as a datagram; what the kernel does not take is dropped. Never blocks.
  void send(dataplane::Burst& burst);
  // One datagram of one byte (RFC 3948 §2.3).
  void send_keepalive();

  // The kernel's answers that the gateway can't be reached: ICMP, or no route. A gateway that is being
  // started has some.
  [[nodiscard]] std::uint64_t unreachable() const { return unreachable_; }
  [[nodiscard]] int last_error() const { return last_error_; }  // errno of the last of them; 0: none
  [[nodiscard]] int descriptor() const { return file_.get(); }
  // Our end, as the kernel has chosen it.
  [[nodiscard]] const Endpoint& local() const { return local_; }

 private:
  // What the system calls for bursts take.
  struct Messages {
    std::array<mmsghdr, dataplane::max_burst> headers{};
    std::array<iovec, dataplane::max_burst> vectors{};
    std::array<const dataplane::Packet*, dataplane::max_burst> packets{};
    unsigned count = 0;

    void add(void* data, std::size_t length, const dataplane::Packet* packet);
  };

  explicit GatewaySocket(FileDescriptor file) : file_(std::move(file)) {}
  // One for all sockets of a thread: nothing is kept in it between calls.
  static Messages& messages();
  // Of `count` messages from `first` on, how many the kernel took; it may have taken none for an error of an
  // earlier datagram, which it tells once.
  unsigned send_some(unsigned first);
  void note(int number);

  FileDescriptor file_;
  Endpoint local_;
  std::uint64_t unreachable_ = 0;
  int last_error_ = 0;
};

// The address that packets to `gateway` would leave from by the routes there are now; nullopt: no route.
[[nodiscard]] std::optional<std::uint32_t> source_towards(const Endpoint& gateway);

}  // namespace espgate::client
