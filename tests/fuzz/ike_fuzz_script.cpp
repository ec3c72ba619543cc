// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/ike_fuzz_script.h"

namespace espgate::fuzz {

void Script::run() {
  for (unsigned steps = 0; !input_.empty() && steps < 400; ++steps) {
    step(input_.byte());
    gateway_.settle();
    static_cast<void>(gateway_.core.take_changed_peers());
    require_bounds(gateway_.core);
  }
  // Whatever has happened: in the end, without anybody's doing, everything is gone.
  gateway_.hold = false;
  gateway_.work(false);
  gateway_.settle();
  for (unsigned i = 0; i < 60; ++i) {
    gateway_.now += 20s;
    gateway_.core.advance(gateway_.now);
    gateway_.settle();
  }
  require_bounds(gateway_.core);
  require(gateway_.core.peers().empty());
  require(gateway_.core.negotiating() == 0 && gateway_.core.half_open() == 0);
}

Client& Script::client() {
  if (clients_.empty()) clients_.push_back(std::make_unique<Client>(std::uint8_t{0}, std::uint8_t{0}));
  return *clients_[current_ % clients_.size()];
}

std::vector<std::byte> Script::answer(const Client& to) const {
  const Path path = path_of(to.number, to.natt);
  for (auto at = gateway_.sent.rbegin(); at != gateway_.sent.rend(); ++at)
    if (at->path.remote == path.remote && at->bytes.size() > 1) return at->bytes;
  return {};
}

void Script::send(Client& from, wire::Bytes message) {
  history_.emplace_back(path_of(from.number, from.natt), std::vector(message.begin(), message.end()));
  if (history_.size() > 64) history_.erase(history_.begin());
  gateway_.core.on_datagram(history_.back().first, message, gateway_.now);
  gateway_.settle();
}

void Script::step(std::uint8_t operation) {
  using Operation = void (Script::*)(Client&);
  // Their numbers are those that the corpus has: new ones go behind.
  static constexpr std::array<Operation, 26> operations = {&Script::add_client,
                                                           &Script::choose_client,
                                                           &Script::send_first,
                                                           &Script::send_third,
                                                           &Script::send_fifth,
                                                           &Script::finish,
                                                           &Script::main_mode,
                                                           &Script::quick_first,
                                                           &Script::quick_third,
                                                           &Script::spoil,
                                                           &Script::forge,
                                                           &Script::replay,
                                                           &Script::replay_from_elsewhere,
                                                           &Script::pass_milliseconds,
                                                           &Script::pass_seconds,
                                                           &Script::event,
                                                           &Script::hold,
                                                           &Script::fail_work,
                                                           &Script::dpd,
                                                           &Script::delete_esp,
                                                           &Script::delete_ike_sa,
                                                           &Script::move,
                                                           &Script::in_pieces,
                                                           &Script::order,
                                                           &Script::aggressive_first,
                                                           &Script::aggressive_third};
  (this->*operations.at(operation % operations.size()))(client());
}

void Script::add_client(Client&) {
  if (clients_.size() < 12) {
    // The order in which arguments are worked out is the compiler's own.
    const std::uint8_t place = input_.byte();
    clients_.push_back(std::make_unique<Client>(place, input_.byte()));
  }
  current_ = clients_.size() - 1;
}

void Script::choose_client(Client&) { current_ = input_.byte(); }

void Script::send_first(Client& now) {
  now.client.key_pair.reset();
  now.natt = false;
  now.authenticated = false;
  send(now, now.client.first());
}

void Script::new_key_pair(Client& now) {
  const std::array<std::byte, 32> secret = {std::byte{0x40}, std::byte{now.number}, std::byte{3}};
  if (auto made = crypto::DhKeyPair::from_private(crypto::DhGroup::curve25519, secret))
    now.client.key_pair = std::move(*made);
}

void Script::send_third(Client& now) {
  if (!now.client.key_pair) new_key_pair(now);
  const auto third = now.client.third(answer(now));
  if (!third.empty()) send(now, third);
}

void Script::send_fifth(Client& now) {
  const auto fourth = answer(now);
  if (!now.client.key_pair) return;
  const auto fifth = now.client.fifth(fourth);
  if (fifth.empty()) return;
  now.natt = !now.client.heard_nat_d.empty();
  send(now, fifth);
}

void Script::finish(Client& now) { now.authenticated = now.client.finish(answer(now)) || now.authenticated; }

void Script::main_mode(Client& now) {
  send_first(now);
  send_third(now);
  send_fifth(now);
  finish(now);
}

void Script::aggressive_first(Client& now) {
  new_key_pair(now);
  now.natt = false;
  now.authenticated = false;
  send(now, now.client.aggressive_first());
}

void Script::aggressive_third(Client& now) {
  const bool encrypted = (input_.byte() & 1U) == 0;
  const auto second = answer(now);
  if (!now.client.key_pair) return;
  now.client.problem.clear();
  const auto third = now.client.aggressive_third(second, encrypted);
  if (third.empty()) return;
  now.natt = !now.client.heard_nat_d.empty();
  now.authenticated = now.client.problem.empty();
  send(now, third);
}

void Script::quick_first(Client& now) {
  if (!now.authenticated) return;
  now.quick = {};
  const std::uint8_t kind = input_.byte();
  now.quick.spi = 0x1000U + kind;
  now.quick.nat_oa = (kind & 1U) != 0;
  if ((kind & 2U) != 0) now.quick.group = crypto::DhGroup::curve25519;
  now.quick.encapsulation_mode = now.natt ? 4 : 2;
  now.quick.lifetime_seconds = kind * 4U;
  send(now, now.client.quick_first(now.quick));
}

void Script::quick_third(Client& now) {
  if (!now.authenticated || now.quick.message_id == 0) return;
  if (const auto third = now.client.quick_third(now.quick, answer(now)); !third.empty()) send(now, third);
}

// Spoilt before encryption: authenticated, whatever it says.
void Script::spoil(Client& now) {
  if (!now.authenticated) return;
  const std::uint8_t count = input_.byte() % 4 + 1;
  now.client.spoil = [&](std::vector<std::byte>& plain) {
    for (unsigned i = 0; i < count && !plain.empty(); ++i)
      plain[input_.word() % plain.size()] = static_cast<std::byte>(input_.byte());
  };
  IkeClient::Quick quick;
  quick.encapsulation_mode = now.natt ? 4 : 2;
  send(now, now.client.quick_first(quick));
  now.client.spoil = nullptr;
  const auto body = input_.take(input_.byte());
  send(now,
       now.client.informational(wire::IsakmpPayloadType{static_cast<std::uint8_t>(11 + (count & 1U))}, body));
}

// Spoilt on the way. Nothing that the network makes of a message changes what a peer has: the hashes do not
// allow it. A copy whose changed bits no hash covers (padding, the header's flags) would be the message
// itself.
void Script::forge(Client&) {
  if (history_.empty()) return;
  auto [path, bytes] = history_[input_.byte() % history_.size()];
  const std::size_t at = input_.word() % bytes.size();
  const bool covered = at >= 28 && at + 16 < bytes.size();
  bytes[at] ^= static_cast<std::byte>(input_.byte() | 1U);
  const bool encrypted = bytes.size() > 28 && (bytes[19] & std::byte{1}) != std::byte{0};
  const std::uint64_t before = digest(gateway_.core);
  gateway_.core.on_datagram(path, bytes, gateway_.now);
  if (covered && encrypted) require(digest(gateway_.core) == before);
}

// An old one again, from where it came.
void Script::replay(Client&) {
  if (history_.empty()) return;
  const auto old = history_[input_.byte() % history_.size()];
  gateway_.core.on_datagram(old.first, old.second, gateway_.now);
}

// What was accepted once moves no peer when somebody else says it again.
void Script::replay_from_elsewhere(Client&) {
  if (history_.empty()) return;
  const auto& old = history_[input_.byte() % history_.size()];
  Path evil = old.first;
  evil.remote.address = v4(0xc0000242);
  gateway_.core.on_datagram(evil, old.second, gateway_.now);
  gateway_.settle();
}

void Script::pass_milliseconds(Client&) {
  gateway_.now += std::chrono::milliseconds(input_.word());
  gateway_.core.advance(gateway_.now);
}

void Script::pass_seconds(Client&) {
  gateway_.now += std::chrono::seconds(input_.byte());
  gateway_.core.advance(gateway_.now);
}

void Script::event(Client&) {
  channel::Event event;
  event.type = channel::EventType{static_cast<std::uint16_t>(input_.byte() % 12)};
  event.slot = input_.byte() % 24;
  gateway_.highest[event.slot] += 1;
  for (const auto& [id, peer] : gateway_.core.peers()) {
    const SaPair* pair = peer->find_pair(event.slot);
    if (pair == nullptr) continue;
    event.peer_id = id;
    event.spi = pair->spi_in;
  }
  event.remote = v4(client_address + input_.byte()).bytes();
  event.remote_port = input_.word();
  gateway_.core.on_event(event, gateway_.now);
}

void Script::hold(Client&) { gateway_.hold = !gateway_.hold; }

void Script::fail_work(Client&) { gateway_.work(true); }

void Script::dpd(Client& now) {
  if (!now.authenticated) return;
  using wire::IsakmpNotifyType;
  const auto type = (input_.byte() & 1U) != 0 ? IsakmpNotifyType::r_u_there : IsakmpNotifyType::r_u_there_ack;
  send(now, now.client.dpd(type, input_.byte()));
}

void Script::delete_esp(Client& now) {
  if (now.authenticated) send(now, now.client.delete_esp(0x1000U + input_.byte()));
}

void Script::delete_ike_sa(Client& now) {
  if (now.authenticated) send(now, now.client.delete_ike_sa(now.client.sa.cookies));
}

// To another place.
void Script::move(Client& now) { now.number = input_.byte(); }

void Script::in_pieces(Client& now) {
  if (history_.empty()) return;
  const auto whole = history_[input_.byte() % history_.size()].second;
  if (whole.size() < 28) return;
  auto pieces = cut_into_fragments(whole, 40 + input_.byte(), input_.word());
  for (unsigned i = 0; i < 3 && !pieces.empty(); ++i)
    std::swap(pieces[input_.byte() % pieces.size()], pieces[input_.byte() % pieces.size()]);
  const Path path = path_of(now.number, now.natt);
  for (const auto& piece : pieces) gateway_.core.on_datagram(path, piece, gateway_.now);
}

// What an operator may want of the oldest peer.
void Script::order(Client&) {
  const auto& peers = gateway_.core.peers();
  if (peers.empty()) return;
  const std::uint32_t id = peers.begin()->first;
  if ((input_.byte() & 1U) != 0)
    gateway_.core.begin_quick_mode(id, gateway_.now);
  else
    gateway_.core.disconnect(id, "a fuzzer said so", gateway_.now);
}

}  // namespace espgate::fuzz
