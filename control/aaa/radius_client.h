// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/descriptor.h"
#include "config/config.h"
#include "control/aaa/radius_nas.h"

#include <memory>
#include <string>
#include <vector>

namespace espgate::control::radius {

// The servers of [radius], asked by UDP from this host's own network (not by the data plane). Nothing in here
// waits: what comes back makes descriptor() readable. No file is opened, no name looked up, no thread
// started. One thread.
class Client {
 public:
  // Error: the system has no descriptors left. A server that can't be reached yet is none. `config.radius`
  // has to be enabled.
  [[nodiscard]] static Expected<std::unique_ptr<Client>> create(const config::Config& config);

  // See Nas::ask() and Nas::account(). With accounting off in the file, account() does nothing.
  [[nodiscard]] Expected<void> ask(AccessRequest request);
  void account(AccountingRecord record);

  // See Nas::close().
  void close() { nas_.close(); }

  // Readable when a server has said something, or time is up: step() then, and fetch what there is.
  [[nodiscard]] int descriptor() const { return epoll_.get(); }
  void step();
  [[nodiscard]] std::vector<AccessAnswer> take_answers() { return nas_.take_answers(); }
  [[nodiscard]] std::vector<ppp::Report> take_reports() { return nas_.take_reports(); }
  [[nodiscard]] Status status() const;

 private:
  // Connected to one server's port, so that the system takes datagrams from there only.
  struct Socket {
    Service service;
    std::size_t server;
    wire::IpAddress address;
    std::uint16_t port;
    channel::Descriptor descriptor;  // none: it could not be opened, as there was no route
  };

  Client(const config::Config& config, channel::Descriptor epoll, channel::Descriptor timer);
  [[nodiscard]] bool open(Socket& socket) const;
  void receive(Socket& socket);
  void send(const Nas::Datagram& datagram);
  // Sends what there is to send, and sets the timer.
  void flush();
  void set_timer() const;

  bool accounting_;
  channel::Descriptor epoll_;
  channel::Descriptor timer_;
  std::vector<Socket> sockets_;
  Nas nas_;
};

// What [radius] comes to.
[[nodiscard]] Settings settings_of(const config::Config& config);

}  // namespace espgate::control::radius
