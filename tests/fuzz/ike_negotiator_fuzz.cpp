// SPDX-License-Identifier: Apache-2.0
// The whole responder as a state machine. The first byte says how the rest is read:
//
//   even: datagrams as they are: port (1) | length (2) | bytes …, one after the other;
//   odd: a script for clients that know the key: one operation a byte, with operands behind it. Their
//   messages
//        are valid, or spoilt before they are encrypted, or after; come twice, late, from elsewhere, in
//        pieces.
//
// A message that nobody with the key has made changes nothing that a peer has, and all tables stay bounded.
#include "control/ike/negotiator.h"
#include "tests/fuzz/invariant.h"
#include "tests/unit/control/ike/ike_client.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace {

using namespace espgate;
using namespace espgate::control::ike;
using namespace std::chrono_literals;
using fuzz::require;
using test::IkeClient;

class Input {
 public:
  explicit Input(wire::Bytes bytes) : rest_(bytes) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = std::to_integer<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
  }
  std::uint16_t word() { return static_cast<std::uint16_t>(byte() << 8 | byte()); }
  wire::Bytes take(std::size_t size) {
    const auto taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

 private:
  wire::Bytes rest_;
};

wire::IpAddress v4(std::uint32_t address) { return wire::IpAddress::v4(address); }

constexpr std::uint32_t gateway_address = 0xcb00710a, client_address = 0xc6336402;

Settings make_settings() {
  Settings settings;
  settings.local = v4(0x0a14000a);
  settings.public_address = v4(gateway_address);
  const std::array key = {std::byte{'k'}, std::byte{'e'}, std::byte{'y'}};
  settings.psks.push_back({crypto::SecretBytes(key), {}, "gateway.toml:1:1"});
  settings.aggressive_mode = true;
  settings.rekey = true;
  settings.lifetime = 600s;
  settings.sa_lifetime = 400s;
  settings.keepalive = 20s;
  settings.most_half_open = 8;
  settings.most_half_open_per_address = 4;
  settings.most_half_open_per_network = 6;
  settings.most_waiting_for_dh = 4;
  settings.fragment_bytes = 200;
  return settings;
}

// A key pair is always the same, so that a run costs little and repeats exactly.
std::shared_ptr<crypto::DhKeyPair> key_pair(crypto::DhGroup group) {
  std::vector<std::byte> secret(group == crypto::DhGroup::ecp521 ? 66 : crypto::shared_bytes(group),
                                std::byte{0});
  secret.back() = std::byte{9};
  secret.front() = group == crypto::DhGroup::curve25519 ? std::byte{0x48} : std::byte{0};
  auto made = crypto::DhKeyPair::from_private(group, secret);
  return made ? std::make_shared<crypto::DhKeyPair>(std::move(*made))
              : std::make_shared<crypto::DhKeyPair>(crypto::DhKeyPair::generate(group));
}

struct Gateway {
  Gateway()
      : core(make_settings(),
             {.random =
                  [this](std::span<std::byte> bytes) {
                    for (std::byte& byte : bytes) {
                      random = random * 6364136223846793005U + 1442695040888963407U;
                      byte = static_cast<std::byte>(random >> 56U);
                    }
                  },
              .inbound_highest = [this](std::uint32_t slot) { return highest[slot % highest.size()]; },
              .save_keys = true},
             now) {
    core.set_slots(24, {3});
    core.advance(now);
  }

  // What is to be done, in order. Diffie-Hellman and installation may be held back, or fail.
  void settle() {
    for (auto actions = core.take_actions(); !actions.empty(); actions = core.take_actions()) {
      for (Action& action : actions) {
        if (auto* datagram = std::get_if<SendDatagram>(&action)) {
          require(!datagram->bytes.empty());
          sent.push_back(std::move(*datagram));
          if (sent.size() > 64) sent.erase(sent.begin());
        } else if (auto* job = std::get_if<ComputeDiffieHellman>(&action)) {
          jobs.push_back(std::move(*job));
        } else if (const auto* install = std::get_if<InstallPair>(&action)) {
          const Peer* peer = core.find_peer(install->peer_id);
          // One that went at once is told of by a RemovePair behind it.
          if (peer != nullptr && peer->find_pair(install->slot) != nullptr) installs.push_back(*install);
        } else if (const auto* remove = std::get_if<RemovePair>(&action)) {
          require(SpiAllocator::slot_of(remove->spi_in) == remove->slot);
        }
      }
      if (!hold) work(false);
    }
  }

  void work(bool fails) {
    for (auto& job : std::exchange(jobs, {})) {
      DiffieHellmanResult result = {.job = job.job, .key_pair = job.key_pair, .shared = {}, .error = {}};
      if (!result.key_pair) result.key_pair = key_pair(job.group);
      if (!job.peer_public.empty()) {
        auto shared = result.key_pair->shared(job.peer_public);
        if (shared)
          result.shared = std::move(*shared);
        else
          result.error = shared.error();
      }
      core.on_diffie_hellman(std::move(result), now);
    }
    for (const auto& each : std::exchange(installs, {}))
      core.on_installed(each.slot, !fails, "table full", now);
  }

  TimePoint now{1h};
  std::uint64_t random = 1;
  std::array<std::uint64_t, 32> highest{};
  std::vector<SendDatagram> sent;
  std::vector<ComputeDiffieHellman> jobs;
  std::vector<InstallPair> installs;
  bool hold = false;
  Negotiator core;
};

// What of all peers an unauthenticated message must leave alone.
std::uint64_t digest(const Negotiator& core) {
  std::uint64_t sum = 0;
  for (const auto& [id, peer] : core.peers()) {
    std::uint64_t one = 0;
    const auto add = [&](std::uint64_t value) { one = (one ^ value) * 0x9e3779b97f4a7c15U; };
    add(id);
    add(EndpointHash()(peer->path.remote));
    add(static_cast<std::uint64_t>(peer->heard.time_since_epoch().count()));
    for (const auto& sa : peer->ike_sas) {
      add(sa->cookies.initiator);
      add(EndpointHash()(sa->path.remote));
      add(sa->exchanges.size());
      add(sa->used_message_ids.size());
      add(sa->dpd_heard.value_or(0));
      add(sa->dpd_answered);
    }
    for (const auto& pair : peer->pairs) {
      add(pair->spi_in);
      add(static_cast<std::uint64_t>(pair->state));
      add(static_cast<std::uint64_t>(pair->remove_at.time_since_epoch().count()));
    }
    sum += one;
  }
  return sum;
}

void require_bounds(const Negotiator& core) {
  require(core.half_open() <= 8);
  require(core.negotiating() <= 8 + core.peers().size());
  for (const auto& [id, peer] : core.peers()) {
    require(peer->id == id);
    require(peer->ike_sas.size() <= Peer::most_ike_sas);
    require(peer->pairs.size() <= Peer::most_pairs);
    require(!peer->ike_sas.empty() || !peer->pairs.empty());
    for (const auto& sa : peer->ike_sas) {
      require(sa->peer_id == id && sa->is_established());
      require(sa->exchanges.size() <= IkeSa::most_exchanges);
    }
    for (const auto& pair : peer->pairs) {
      require(pair->spi_in >= 256 && SpiAllocator::slot_of(pair->spi_in) == pair->slot);
      require(pair->slot != 0 && pair->slot < 24 && pair->slot != 3);
      require(!pair->key_in.empty());
    }
  }
}

Path path_of(std::uint8_t client, bool natt) {
  Path path;
  path.local = {v4(0x0a14000a), static_cast<std::uint16_t>(natt ? 4500 : 500)};
  path.remote = {v4(client_address + (client >> 4U)),
                 static_cast<std::uint16_t>((natt ? 4500 : 500) + (client & 15U))};
  path.natt = natt;
  return path;
}

// --- datagrams as they are

void raw(Input input) {
  Gateway gateway;
  while (!input.empty()) {
    const std::uint8_t port = input.byte();
    if ((port & 0x40U) != 0) {
      gateway.now += std::chrono::milliseconds(input.word() * 10);
      gateway.core.advance(gateway.now);
    }
    const auto datagram = input.take(input.word() % 2048);
    gateway.core.on_datagram(path_of(port & 3U, (port & 0x80U) != 0), datagram, gateway.now);
    gateway.settle();
    require_bounds(gateway.core);
    require(gateway.core.peers().empty());  // nobody has the key
  }
}

// --- clients with the key

struct Client {
  Client(std::uint8_t place, std::uint8_t kind) : number(place), client(options(place, kind)) {}

  static IkeClient::Options options(std::uint8_t place, std::uint8_t kind) {
    IkeClient::Options made;
    using wire::IsakmpVendor;
    const crypto::IkeHash hash = (kind & 1U) != 0 ? crypto::IkeHash::sha1 : crypto::IkeHash::sha2_256;
    made.suites = {{crypto::IkeCipher::aes_cbc, 128, hash, crypto::DhGroup::curve25519}};
    made.psk = (kind & 2U) != 0 && (kind & 4U) != 0 ? "not the key" : "key";
    made.inside = {v4(0x0a0a0102), 500};
    made.gateway = {v4(gateway_address), 500};
    made.initial_contact = (kind & 8U) != 0;
    if ((kind & 16U) != 0)
      made.vendor_ids = IkeClient::microsoft_vendor_ids();
    else if ((kind & 32U) == 0)
      made.vendor_ids =
          IkeClient::vendor_ids({IsakmpVendor::rfc3947, IsakmpVendor::dpd, IsakmpVendor::fragmentation});
    made.seed = place + 256U * (kind >> 6U);
    return made;
  }

  std::uint8_t number;
  IkeClient client;
  IkeClient::Quick quick;
  bool natt = false, authenticated = false;
};

class Script {
 public:
  explicit Script(Input input) : input_(input) {}

  void run() {
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

 private:
  Client& client() {
    if (clients_.empty()) clients_.push_back(std::make_unique<Client>(std::uint8_t{0}, std::uint8_t{0}));
    return *clients_[current_ % clients_.size()];
  }

  // The newest answer that went where this client is.
  std::vector<std::byte> answer(const Client& to) const {
    const Path path = path_of(to.number, to.natt);
    for (auto at = gateway_.sent.rbegin(); at != gateway_.sent.rend(); ++at)
      if (at->path.remote == path.remote && at->bytes.size() > 1) return at->bytes;
    return {};
  }

  void send(Client& from, wire::Bytes message) {
    history_.emplace_back(path_of(from.number, from.natt), std::vector(message.begin(), message.end()));
    if (history_.size() > 64) history_.erase(history_.begin());
    gateway_.core.on_datagram(history_.back().first, message, gateway_.now);
    gateway_.settle();
  }

  void step(std::uint8_t operation) {
    Client& now = client();
    switch (operation % 24) {
      case 0:
        if (clients_.size() < 12) clients_.push_back(std::make_unique<Client>(input_.byte(), input_.byte()));
        current_ = clients_.size() - 1;
        break;
      case 1:
        current_ = input_.byte();
        break;
      case 2:  // main mode, step by step
        now.client.key_pair.reset();
        now.natt = false;
        now.authenticated = false;
        send(now, now.client.first());
        break;
      case 3: {
        if (!now.client.key_pair) {
          const std::array<std::byte, 32> secret = {std::byte{0x40}, std::byte{now.number}, std::byte{3}};
          if (auto made = crypto::DhKeyPair::from_private(crypto::DhGroup::curve25519, secret))
            now.client.key_pair = std::move(*made);
        }
        const auto third = now.client.third(answer(now));
        if (!third.empty()) send(now, third);
        break;
      }
      case 4: {
        const auto fourth = answer(now);
        if (!now.client.key_pair) break;
        const auto fifth = now.client.fifth(fourth);
        if (fifth.empty()) break;
        now.natt = !now.client.heard_nat_d.empty();
        send(now, fifth);
        break;
      }
      case 5:
        now.authenticated = now.client.finish(answer(now)) || now.authenticated;
        break;
      case 6:  // everything at once
        for (std::uint8_t each = 2; each <= 5; ++each) step(each);
        break;
      case 7: {  // quick mode
        if (!now.authenticated) break;
        now.quick = {};
        const std::uint8_t kind = input_.byte();
        now.quick.spi = 0x1000U + kind;
        now.quick.nat_oa = (kind & 1U) != 0;
        if ((kind & 2U) != 0) now.quick.group = crypto::DhGroup::curve25519;
        now.quick.encapsulation_mode = now.natt ? 4 : 2;
        now.quick.lifetime_seconds = kind * 4U;
        send(now, now.client.quick_first(now.quick));
        break;
      }
      case 8:
        if (!now.authenticated || now.quick.message_id == 0) break;
        if (const auto third = now.client.quick_third(now.quick, answer(now)); !third.empty())
          send(now, third);
        break;
      case 9:  // spoilt before encryption: authenticated, whatever it says
        spoil(now);
        break;
      case 10:  // spoilt on the way
        forged();
        break;
      case 11:  // an old one again, from where it came
        if (history_.empty()) break;
        {
          const auto old = history_[input_.byte() % history_.size()];
          gateway_.core.on_datagram(old.first, old.second, gateway_.now);
        }
        break;
      case 12:
        replay_from_elsewhere();
        break;
      case 13:
        gateway_.now += std::chrono::milliseconds(input_.word());
        gateway_.core.advance(gateway_.now);
        break;
      case 14:
        gateway_.now += std::chrono::seconds(input_.byte());
        gateway_.core.advance(gateway_.now);
        break;
      case 15:
        event();
        break;
      case 16:
        gateway_.hold = !gateway_.hold;
        break;
      case 17:
        gateway_.work(true);
        break;
      case 18:
        if (now.authenticated)
          send(now, now.client.dpd((input_.byte() & 1U) != 0 ? wire::IsakmpNotifyType::r_u_there
                                                             : wire::IsakmpNotifyType::r_u_there_ack,
                                   input_.byte()));
        break;
      case 19:
        if (now.authenticated) send(now, now.client.delete_esp(0x1000U + input_.byte()));
        break;
      case 20:
        if (now.authenticated) send(now, now.client.delete_ike_sa(now.client.sa.cookies));
        break;
      case 21:  // from another place
        now.number = input_.byte();
        break;
      case 22:
        in_pieces(now);
        break;
      case 23: {
        const auto& peers = gateway_.core.peers();
        if (peers.empty()) break;
        const std::uint32_t id = peers.begin()->first;
        if ((input_.byte() & 1U) != 0)
          gateway_.core.begin_quick_mode(id, gateway_.now);
        else
          gateway_.core.disconnect(id, "a fuzzer said so", gateway_.now);
        break;
      }
      default:
        break;
    }
  }

  void spoil(Client& now) {
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
    send(now, now.client.informational(wire::IsakmpPayloadType{static_cast<std::uint8_t>(11 + (count & 1U))},
                                       body));
  }

  // Nothing that the network makes of a message changes what a peer has: the hashes do not allow it. A copy
  // whose changed bits no hash covers (padding, the header's flags) would be the message itself.
  void forged() {
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

  // What was accepted once moves no peer when somebody else says it again.
  void replay_from_elsewhere() {
    if (history_.empty()) return;
    const auto& old = history_[input_.byte() % history_.size()];
    Path evil = old.first;
    evil.remote.address = v4(0xc0000242);
    gateway_.core.on_datagram(evil, old.second, gateway_.now);
    gateway_.settle();
  }

  void event() {
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

  void in_pieces(Client& now) {
    if (history_.empty()) return;
    const auto whole = history_[input_.byte() % history_.size()].second;
    if (whole.size() < 28) return;
    auto pieces = cut_into_fragments(whole, 40 + input_.byte(), input_.word());
    for (unsigned i = 0; i < 3 && !pieces.empty(); ++i)
      std::swap(pieces[input_.byte() % pieces.size()], pieces[input_.byte() % pieces.size()]);
    const Path path = path_of(now.number, now.natt);
    for (const auto& piece : pieces) gateway_.core.on_datagram(path, piece, gateway_.now);
  }

  Input input_;
  Gateway gateway_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::size_t current_ = 0;
  std::vector<std::pair<Path, std::vector<std::byte>>> history_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(fuzz::as_bytes(data, size));
  if ((input.byte() & 1U) == 0)
    raw(input);
  else
    Script(input).run();
  return 0;
}
