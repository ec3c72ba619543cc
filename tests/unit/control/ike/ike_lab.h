// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/unit/control/ike/ike_client.h"
#include "tests/unit/control/ike/ike_node.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace espgate::test {

// Gateway behind an Elastic IP, clients with or without NAT before them, all with our own negotiator:
//
//   client 10.10.1.2 ── NAT 198.51.100.2 ── network ── 203.0.113.10 : 10.20.0.10 gateway
//
// Datagrams wait in a queue; `on_wire` may lose, change, keep and multiply them.
class IkeLab {
 public:
  struct Client {
    Client(ike::Settings settings, std::uint64_t seed, TimePoint start)
        : node(std::move(settings), seed, start) {}
    IkeNode node;
    ike::Endpoint inside;                            // port 500
    std::map<std::uint16_t, ike::Endpoint> outside;  // what each of its ports looks like from the gateway
    ike::Path path;                                  // to dial by
  };
  struct Datagram {
    bool to_gateway = false;
    std::size_t client = 0;
    ike::Path path;  // as the receiver will see it
    std::vector<std::byte> bytes;
  };

  explicit IkeLab(ike::Settings settings = gateway_settings());

  // Ports 500 and 4500 become `first_port` and the one after behind `nat`; 0: they stay. No NAT address:
  // none.
  Client& add_client(ike::Settings settings, std::string_view nat, std::uint16_t first_port = 0);

  // Dials, and delivers until nothing more happens.
  void connect(Client& client);
  void connect_and_quick(Client& client);
  // Gives what a node has to send to the network.
  void post(std::size_t client, bool from_gateway, std::vector<ike::SendDatagram> sent);
  void run();
  // Lets time pass for all, in steps, delivering on the way.
  void pass(std::chrono::milliseconds time);
  void deliver(const Datagram& datagram);

  IkeNode gateway;
  std::deque<std::unique_ptr<Client>> clients;
  std::deque<Datagram> queue;
  std::vector<Datagram> log;  // everything that was posted, in order, before on_wire
  // false: the datagram is lost.
  std::function<bool(Datagram&)> on_wire;

 private:
  void collect();
};

// A scripted client with a gateway and the path between them.
struct Dialled {
  explicit Dialled(IkeNode& gateway, IkeClient::Options options, std::string_view from = nat_public,
                   std::uint16_t port = 500, std::uint16_t natt_port = 4500);

  // Whole exchanges; false: it came to nothing, client.problem says why.
  [[nodiscard]] bool main_mode();
  [[nodiscard]] bool quick_mode(IkeClient::Quick& quick);
  // One message, and the first datagram that comes back (empty: none).
  std::vector<std::byte> say(wire::Bytes message);
  // What the gateway said under protection last, if it did.
  [[nodiscard]] std::optional<IkeClient::Informational> heard() const;
  [[nodiscard]] const ike::Peer* peer() const;

  IkeNode* gateway;
  IkeClient client;
  ike::Path path;                          // now
  ike::Path natt;                          // from the fifth message on, with NAT traversal
  std::vector<ike::SendDatagram> answers;  // to the last message
  std::vector<std::byte> messages[6];      // of main mode
  bool float_to_natt = true;
};

[[nodiscard]] IkeClient::Options client_options(std::string_view inside = client_private);

}  // namespace espgate::test
