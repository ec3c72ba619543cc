// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/control/ike/ike_node.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::test {
namespace {

std::string hex(wire::Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

// splitmix64
std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t value = state += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

std::string text_of(const ike::SaPair& pair) {
  return fmt::format(" pair {} {:x} {:x} {} {} {} {}", pair.slot, pair.spi_in, pair.spi_out,
                     static_cast<unsigned>(pair.state), hex(pair.key_in.bytes()), pair.selector,
                     pair.expires.time_since_epoch().count());
}

std::string text_of(const ike::IkeSa& sa) {
  return fmt::format(" sa {:x} {:x} {} {} {} {} {} {} {}", sa.cookies.initiator, sa.cookies.responder,
                     sa.path.remote.to_string(), hex(sa.keys.cipher_key.bytes()), sa.exchanges.size(),
                     sa.used_message_ids.size(), sa.dpd_heard.value_or(0), sa.dpd_sequence, sa.identity);
}

}  // namespace

wire::IpAddress address(std::string_view text) { return wire::IpAddress::from_string(text).value(); }

ike::Endpoint endpoint(std::string_view text, std::uint16_t port) { return {address(text), port}; }

std::vector<std::byte> copy(wire::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<std::byte> text_bytes(std::string_view text) { return copy(std::as_bytes(std::span(text))); }

ike::Psk psk(std::string_view key, const std::vector<std::string_view>& prefixes) {
  ike::Psk made = {crypto::SecretBytes(std::as_bytes(std::span(key))), {}, "gateway.toml:14:9"};
  for (const auto prefix : prefixes) made.from.push_back(wire::Ipv4Prefix::from_string(prefix).value());
  return made;
}

ike::Settings gateway_settings() {
  ike::Settings settings;
  settings.local = address(gateway_private);
  settings.public_address = address(elastic_ip);
  settings.psks.push_back(psk(group_psk));
  return settings;
}

ike::Settings client_settings(std::string_view inside) {
  ike::Settings settings;
  settings.local = settings.public_address = address(inside);
  settings.psks.push_back(psk(group_psk));
  settings.force_encapsulation = false;
  settings.node = 7;
  return settings;
}

std::vector<ike::Phase1Suite> every_suite(const std::vector<crypto::IkeHash>& hashes,
                                          const std::vector<crypto::DhGroup>& groups) {
  std::vector<ike::Phase1Suite> suites;
  for (const crypto::DhGroup group : groups) {
    for (const crypto::IkeHash hash : hashes) {
      for (const std::uint16_t bits : {std::uint16_t{128}, std::uint16_t{192}, std::uint16_t{256}})
        suites.push_back({crypto::IkeCipher::aes_cbc, bits, hash, group});
      suites.push_back({crypto::IkeCipher::des3_cbc, 192, hash, group});
    }
  }
  return suites;
}

IkeNode::IkeNode(ike::Settings settings, std::uint64_t seed, TimePoint start)
    : now(start),
      random_state_(seed),
      core(std::move(settings),
           {.random =
                [this](std::span<std::byte> bytes) {
                  for (std::byte& byte : bytes) byte = static_cast<std::byte>(next_random(random_state_));
                },
            .inbound_highest =
                [this](std::uint32_t slot) {
                  ++looks;
                  const auto found = highest.find(slot);
                  return found == highest.end() ? 0 : found->second;
                },
            .save_keys = true},
           start) {
  core.set_slots(1000, {});
  core.advance(now);
}

std::vector<ike::SendDatagram> IkeNode::give(const ike::Path& path, wire::Bytes datagram) {
  core.on_datagram(path, datagram, now);
  return settle();
}

// In steps, as the event loop does it.
std::vector<ike::SendDatagram> IkeNode::pass(std::chrono::milliseconds time) {
  std::vector<ike::SendDatagram> sent;
  const TimePoint until = now + time;
  while (now < until) {
    now = std::min(until, now + std::chrono::milliseconds(250));
    core.advance(now);
    for (auto& datagram : settle()) sent.push_back(std::move(datagram));
  }
  return sent;
}

std::vector<ike::SendDatagram> IkeNode::event(channel::EventType type, const InstalledPair& pair,
                                              const ike::Endpoint& remote) {
  channel::Event event;
  event.type = type;
  event.peer_id = pair.peer_id;
  event.slot = pair.slot;
  event.spi = pair.spi_in;
  event.remote = remote.address.bytes();
  event.remote_port = remote.port;
  core.on_event(event, now);
  return settle();
}

std::vector<ike::SendDatagram> IkeNode::settle() {
  std::vector<ike::SendDatagram> sent;
  for (auto actions = core.take_actions(); !actions.empty(); actions = core.take_actions()) {
    for (ike::Action& action : actions) {
      if (auto* datagram = std::get_if<ike::SendDatagram>(&action)) {
        sent.push_back(std::move(*datagram));
      } else if (auto* job = std::get_if<ike::ComputeDiffieHellman>(&action)) {
        if (hold_computations)
          computations.push_back(std::move(*job));
        else
          compute(std::move(*job));
      } else if (const auto* install = std::get_if<ike::InstallPair>(&action)) {
        ++install_count;
        remember(*install);
        if (hold_installs)
          installs.push_back(*install);
        else
          take(*install);
      } else if (const auto* remove = std::get_if<ike::RemovePair>(&action)) {
        const auto found = installed.find(remove->slot);
        if (found == installed.end()) continue;
        if (remove->outbound_only)
          found->second.outbound = false;
        else
          installed.erase(found);
      } else if (const auto* gone = std::get_if<ike::RemovePeer>(&action)) {
        removed_peers.push_back(gone->peer_id);
        outbound.erase(gone->peer_id);
      } else if (const auto* use = std::get_if<ike::UseOutbound>(&action)) {
        outbound[use->peer_id] = use->slot;
      } else if (auto* report = std::get_if<ike::Report>(&action)) {
        reports.push_back(std::move(*report));
      } else if (auto* key = std::get_if<ike::SaveKey>(&action)) {
        saved_keys.push_back(std::move(*key));
      }
    }
  }
  return sent;
}

void IkeNode::remember(const ike::InstallPair& install) {
  const ike::Peer* of = core.find_peer(install.peer_id);
  const ike::SaPair* pair = of == nullptr ? nullptr : of->find_pair(install.slot);
  if (pair == nullptr) return;
  installed[install.slot] = {install.peer_id,
                             install.slot,
                             pair->spi_in,
                             pair->spi_out,
                             hex(pair->key_in.bytes()),
                             hex(pair->key_out.bytes()),
                             pair->offer.suite,
                             pair->lifetime,
                             true};
}

void IkeNode::take(const ike::InstallPair& install) {
  core.on_installed(install.slot, install_problem.empty(), install_problem, now);
}

std::vector<ike::SendDatagram> IkeNode::install(std::string_view problem) {
  for (const ike::InstallPair& each : std::exchange(installs, {}))
    core.on_installed(each.slot, problem.empty(), problem, now);
  return settle();
}

std::vector<ike::SendDatagram> IkeNode::compute() {
  for (ike::ComputeDiffieHellman& job : std::exchange(computations, {})) compute(std::move(job));
  return settle();
}

void IkeNode::compute(ike::ComputeDiffieHellman job) {
  ++computed;
  ike::DiffieHellmanResult result = {.job = job.job, .key_pair = job.key_pair, .shared = {}, .error = {}};
  if (!result.key_pair)
    result.key_pair = std::make_shared<crypto::DhKeyPair>(crypto::DhKeyPair::generate(job.group));
  if (!job.peer_public.empty()) {
    auto shared = result.key_pair->shared(job.peer_public);
    if (shared)
      result.shared = std::move(*shared);
    else
      result.error = shared.error();
  }
  core.on_diffie_hellman(std::move(result), now);
}

const ike::Peer* IkeNode::peer() const {
  return core.peers().size() == 1 ? core.peers().begin()->second.get() : nullptr;
}

const InstalledPair* IkeNode::pair_with_spi_in(std::uint32_t spi) const {
  for (const auto& [slot, pair] : installed)
    if (pair.spi_in == spi) return &pair;
  return nullptr;
}

std::string IkeNode::journal(const wire::IpAddress& of) const {
  std::string text;
  for (const auto& entry : core.journal().of(of))
    text +=
        fmt::format("{} {} x{}: {}\n", entry.exchange, entry.good ? "good" : "bad", entry.count, entry.text);
  return text;
}

std::string IkeNode::all_reports() const {
  std::string text;
  for (const auto& report : reports) text += report.text + "\n";
  return text;
}

std::string IkeNode::digest() const {
  std::map<std::uint32_t, std::string> all;
  for (const auto& [id, each] : core.peers()) {
    std::string& text = all[id];
    text = fmt::format("peer {} {} {} {} {}", id, each->path.remote.to_string(), each->path.natt,
                       each->identity, each->heard.time_since_epoch().count());
    for (const auto& sa : each->ike_sas) text += text_of(*sa);
    for (const auto& pair : each->pairs) text += text_of(*pair);
  }
  std::string text;
  for (const auto& [id, each] : all) text += each + "\n";
  return text;
}

}  // namespace espgate::test
