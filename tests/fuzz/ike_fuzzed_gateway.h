// SPDX-License-Identifier: Apache-2.0
// A responder with what surrounds it, for fuzzing, and what must hold of it whatever comes.
#pragma once

#include "control/ike/negotiator.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace espgate::fuzz {

using namespace control::ike;
using namespace std::chrono_literals;

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

inline wire::IpAddress v4(std::uint32_t address) { return wire::IpAddress::v4(address); }

inline constexpr std::uint32_t gateway_address = 0xcb00710a, client_address = 0xc6336402;

inline Settings make_settings() {
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
inline std::shared_ptr<crypto::DhKeyPair> key_pair(crypto::DhGroup group) {
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
inline std::uint64_t digest(const Negotiator& core) {
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

inline void require_bounds(const Negotiator& core) {
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

inline Path path_of(std::uint8_t client, bool natt) {
  Path path;
  path.local = {v4(0x0a14000a), static_cast<std::uint16_t>(natt ? 4500 : 500)};
  path.remote = {v4(client_address + (client >> 4U)),
                 static_cast<std::uint16_t>((natt ? 4500 : 500) + (client & 15U))};
  path.natt = natt;
  return path;
}

}  // namespace espgate::fuzz
