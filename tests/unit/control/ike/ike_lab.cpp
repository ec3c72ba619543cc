// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/control/ike/ike_lab.h"

namespace espgate::test {

IkeLab::IkeLab(ike::Settings settings) : gateway(std::move(settings)) {}

IkeLab::Client& IkeLab::add_client(ike::Settings settings, std::string_view nat, std::uint16_t first_port) {
  const ike::Endpoint inside = {settings.local, 500};
  auto& client = *clients.emplace_back(
      std::make_unique<Client>(std::move(settings), 1000 + clients.size(), gateway.now));
  client.inside = inside;
  const wire::IpAddress seen = nat.empty() ? inside.address : address(nat);
  client.outside[500] = {seen, first_port == 0 ? std::uint16_t{500} : first_port};
  client.outside[4500] = {seen,
                          first_port == 0 ? std::uint16_t{4500} : static_cast<std::uint16_t>(first_port + 1)};
  client.path = {inside, endpoint(elastic_ip, 500), false};
  return client;
}

void IkeLab::post(std::size_t index, bool from_gateway, std::vector<ike::SendDatagram> sent) {
  for (ike::SendDatagram& each : sent) {
    Datagram datagram = {!from_gateway, index, {}, std::move(each.bytes)};
    if (from_gateway) {
      // To whom it goes, the translators know.
      bool known = false;
      for (std::size_t i = 0; i < clients.size() && !known; ++i) {
        for (const auto& [port, outside] : clients[i]->outside) {
          if (outside != each.path.remote) continue;
          datagram.client = i;
          datagram.path = {
              {clients[i]->inside.address, port}, endpoint(elastic_ip, each.path.local.port), each.path.natt};
          known = true;
        }
      }
      if (!known) continue;
    } else {
      datagram.path = {endpoint(gateway_private, each.path.remote.port),
                       clients[index]->outside.at(each.path.local.port), each.path.natt};
    }
    log.push_back(datagram);
    queue.push_back(std::move(datagram));
  }
}

void IkeLab::deliver(const Datagram& datagram) {
  if (datagram.to_gateway)
    post(datagram.client, true, gateway.give(datagram.path, datagram.bytes));
  else
    post(datagram.client, false, clients[datagram.client]->node.give(datagram.path, datagram.bytes));
}

void IkeLab::collect() {
  post(0, true, gateway.settle());
  for (std::size_t i = 0; i < clients.size(); ++i) post(i, false, clients[i]->node.settle());
}

void IkeLab::run() {
  collect();
  for (unsigned steps = 0; !queue.empty() && steps < 10000; ++steps) {
    Datagram datagram = std::move(queue.front());
    queue.pop_front();
    if (!on_wire || on_wire(datagram)) deliver(datagram);
  }
}

void IkeLab::connect(Client& client) {
  client.node.core.connect(client.path, client.node.now);
  run();
}

void IkeLab::connect_and_quick(Client& client) {
  connect(client);
  if (client.node.peer() == nullptr) return;
  client.node.core.begin_quick_mode(client.node.peer()->id, client.node.now);
  run();
}

void IkeLab::pass(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds step{250};
  for (auto gone = step; gone <= time; gone += step) {
    post(0, true, gateway.pass(step));
    for (std::size_t i = 0; i < clients.size(); ++i) post(i, false, clients[i]->node.pass(step));
    run();
  }
}

IkeClient::Options client_options(std::string_view inside) {
  IkeClient::Options options;
  options.inside = endpoint(inside, 500);
  options.gateway = endpoint(elastic_ip, 500);
  options.vendor_ids = IkeClient::vendor_ids({wire::IsakmpVendor::rfc3947, wire::IsakmpVendor::dpd});
  options.suites = {
      {crypto::IkeCipher::aes_cbc, 256, crypto::IkeHash::sha2_256, crypto::DhGroup::curve25519}};
  return options;
}

Dialled::Dialled(IkeNode& to, IkeClient::Options options, std::string_view from, std::uint16_t port,
                 std::uint16_t natt_port)
    : gateway(&to),
      client(std::move(options)),
      path{endpoint(gateway_private, 500), endpoint(from, port), false},
      natt{endpoint(gateway_private, 4500), endpoint(from, natt_port), true} {}

std::vector<std::byte> Dialled::say(wire::Bytes message) {
  answers = gateway->give(path, message);
  return answers.empty() ? std::vector<std::byte>() : answers.front().bytes;
}

bool Dialled::main_mode() {
  messages[0] = client.first();
  messages[1] = say(messages[0]);
  if (messages[1].empty()) return false;
  messages[2] = client.third(messages[1]);
  if (messages[2].empty()) return false;
  messages[3] = say(messages[2]);
  if (messages[3].empty()) return false;
  messages[4] = client.fifth(messages[3]);
  if (messages[4].empty()) return false;
  if (float_to_natt && client.sa.kind.nat_traversal != ike::NatTraversal::none) path = natt;
  say(messages[4]);
  for (const auto& answer : answers) {
    messages[5] = answer.bytes;
    if (client.finish(answer.bytes)) return true;
  }
  return false;
}

bool Dialled::quick_mode(IkeClient::Quick& quick) {
  const auto second = say(client.quick_first(quick));
  if (second.empty()) {
    client.problem = "no answer to quick mode";
    return false;
  }
  const auto third = client.quick_third(quick, second);
  if (third.empty()) return false;
  say(third);
  return true;
}

std::optional<IkeClient::Informational> Dialled::heard() const {
  for (auto at = answers.rbegin(); at != answers.rend(); ++at)
    if (auto read = client.read_informational(at->bytes)) return read;
  return std::nullopt;
}

const ike::Peer* Dialled::peer() const {
  for (const auto& [id, each] : gateway->core.peers())
    for (const auto& sa : each->ike_sas)
      if (sa->cookies == client.sa.cookies) return each.get();
  return nullptr;
}

}  // namespace espgate::test
