// SPDX-License-Identifier: Apache-2.0
#include "client/gateway_socket.h"

#include "client/keepalive.h"

#include <cerrno>

namespace espgate::client {
namespace {

using dataplane::DropReason;

sockaddr_in socket_address(const Endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(endpoint.address);
  address.sin_port = htons(endpoint.port);
  return address;
}

const sockaddr* general(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

// Beyond the system's limit where we may, up to it else.
void set_buffer(int socket, int bytes, int force, int otherwise) {
  if (::setsockopt(socket, SOL_SOCKET, force, &bytes, sizeof bytes) != 0)
    ::setsockopt(socket, SOL_SOCKET, otherwise, &bytes, sizeof bytes);
}

Endpoint own_end(int socket) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return {ntohl(address.sin_addr.s_addr), ntohs(address.sin_port)};
}

tl::unexpected<Error> bind_failure(const Endpoint& local, int number) {
  const char* hint = "";
  if (number == EADDRINUSE) hint = "another program has that UDP port; choose another, or 0 for any";
  if (number == EADDRNOTAVAIL) hint = "no interface has that address";
  if (number == EACCES) hint = "ports below 1024 are for root";
  return system_failure("--local", "bind to " + local.to_string(), number, hint);
}

}  // namespace

Expected<GatewaySocket> GatewaySocket::open(const Endpoint& local, const Endpoint& gateway,
                                            int buffer_bytes) {
  GatewaySocket socket(FileDescriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
  const int descriptor = socket.descriptor();
  if (descriptor < 0) return system_failure("", "open a UDP socket", errno);
  if (buffer_bytes != 0) {
    set_buffer(descriptor, buffer_bytes, SO_RCVBUFFORCE, SO_RCVBUF);
    set_buffer(descriptor, buffer_bytes, SO_SNDBUFFORCE, SO_SNDBUF);
  }
  const sockaddr_in here = socket_address(local);
  if (::bind(descriptor, general(here), sizeof here) != 0) return bind_failure(local, errno);
  if (auto connected = socket.talk_to(gateway); !connected) return fail(std::move(connected.error()));
  return socket;
}

Expected<void> GatewaySocket::talk_to(const Endpoint& gateway) {
  const sockaddr_in there = socket_address(gateway);
  if (::connect(file_.get(), general(there), sizeof there) != 0)
    return system_failure("", "reach " + gateway.to_string(), errno, "is there a route to it?");
  local_ = own_end(file_.get());
  return {};
}

void GatewaySocket::send(std::span<const std::byte> datagram) {
  const auto attempt = [&] { return ::send(file_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT); };
  if (attempt() >= 0) return;
  note(errno);
  if (errno == ECONNREFUSED && attempt() < 0) note(errno);  // an ICMP answer to an earlier one, told once
}

GatewaySocket::Messages& GatewaySocket::messages() {
  static thread_local Messages messages;
  return messages;
}

void GatewaySocket::Messages::add(void* data, std::size_t length, const dataplane::Packet* packet) {
  vectors[count] = {data, length};
  headers[count] = {};
  headers[count].msg_hdr.msg_iov = &vectors[count];
  headers[count].msg_hdr.msg_iovlen = 1;
  packets[count++] = packet;
}

void GatewaySocket::note(int number) {
  if (number == EAGAIN || number == EINTR) return;
  ++unreachable_;
  last_error_ = number;
}

void GatewaySocket::receive(dataplane::Burst& burst, PacketBuffers& buffers) {
  Messages& all = messages();
  all.count = 0;
  for (unsigned i = 0; i < dataplane::max_burst; ++i) all.add(buffers.start(i), PacketBuffers::room, nullptr);
  const int received = ::recvmmsg(file_.get(), all.headers.data(), all.count, MSG_DONTWAIT, nullptr);
  if (received < 0) note(errno);
  const unsigned count = received < 0 ? 0 : static_cast<unsigned>(received);
  burst.reset(count);
  for (unsigned i = 0; i < count; ++i) {
    buffers.attach(burst, i, all.headers[i].msg_len, 0);
    if ((all.headers[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) burst.drop(burst[i], DropReason::frame_cut);
  }
}

unsigned GatewaySocket::send_some(unsigned first) {
  const auto send = [&] {
    return ::sendmmsg(file_.get(), &messages().headers[first], messages().count - first, MSG_DONTWAIT);
  };
  int sent = send();
  if (sent < 0 && errno == ECONNREFUSED) {  // an ICMP answer to an earlier datagram, told once
    note(errno);
    sent = send();
  }
  if (sent < 0) note(errno);
  return sent < 0 ? 0 : static_cast<unsigned>(sent);
}

void GatewaySocket::send(dataplane::Burst& burst) {
  Messages& all = messages();
  all.count = 0;
  for (const dataplane::Packet& packet : burst.live()) all.add(packet.data, packet.length, &packet);
  for (unsigned next = 0; next < all.count;) {
    const unsigned sent = send_some(next);
    next += sent;
    if (sent == 0) burst.drop(*all.packets[next++], DropReason::tx_full);
  }
}

void GatewaySocket::send_keepalive() {
  std::byte payload = Keepalive::payload;
  messages().count = 0;
  messages().add(&payload, sizeof payload, nullptr);
  send_some(0);
}

std::optional<std::uint32_t> source_towards(const Endpoint& gateway) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_in there = socket_address(gateway);
  if (!socket.is_open() || ::connect(socket.get(), general(there), sizeof there) != 0) return std::nullopt;
  return own_end(socket.get()).address;
}

}  // namespace espgate::client
