// SPDX-License-Identifier: Apache-2.0
#include "control/gateway/gateway.h"

#include "wire/ip_address.h"

#include <algorithm>

#include <spdlog/spdlog.h>

namespace espgate::control {
namespace {

using channel::Event;
using channel::EventType;

std::string endpoint(const Event& event) {
  return fmt::format("{}:{}", wire::IpAddress(event.remote).to_string(), event.remote_port);
}

bool has_pending(const Peer& peer) {
  const auto is_pending = [](Installed installed) { return installed == Installed::pending; };
  return is_pending(peer.installed) ||
         std::ranges::any_of(peer.sas, [&](const auto& sa) { return is_pending(sa->installed); }) ||
         std::ranges::any_of(peer.sessions,
                             [&](const auto& session) { return is_pending(session.installed); });
}

}  // namespace

void Gateway::want(std::unique_ptr<Peer> peer) { peers_.push_back(std::move(peer)); }

const Peer* Gateway::find_peer(std::uint32_t peer_id) const {
  if (const auto at = dialled_.find(peer_id); at != dialled_.end()) return at->second.get();
  const auto found = std::ranges::find_if(peers_, [&](const auto& peer) { return peer->id() == peer_id; });
  return peer_id == 0 || found == peers_.end() ? nullptr : found->get();
}

void Gateway::connected(std::uint32_t slots, Installer::Send send,
                        const std::optional<GatewayState>& predecessor) {
  if (std::exchange(first_connection_, false) && predecessor) {
    sequences_.restore(predecessor->sequences, predecessor->sequences_complete);
    predecessor_ = predecessor;
  }
  slots_ = slots;
  reconciled_ = false;
  dump_ = {};
  installer_.connect(std::move(send));
  installer_.dump();
}

void Gateway::disconnected(Progress last) {
  save_numbers(last);
  const auto forget = [](Peer& peer) {
    peer.installed = Installed::no;
    peer.retry_in_seconds = 0;
    for (auto& sa : peer.sas) sa->installed = Installed::no;
    for (WantedSession& session : peer.sessions) session.installed = Installed::no;
  };
  for (const auto& peer : peers_) forget(*peer);
  for (const auto& [id, peer] : dialled_) {
    forget(*peer);
    unfinished_.insert(id);
  }
  installer_.disconnect();
  reconciled_ = false;
}

void Gateway::on_event(const Event& event) {
  switch (event.type) {
    case EventType::completion:
      if (const auto peer = installer_.complete(event); peer != nullptr && peer->dialled) {
        tell_installed(*peer);
      } else {
        state_changed_ = true;
      }
      return;
    case EventType::dump_peer:
    case EventType::dump_sa:
    case EventType::dump_session:
    case EventType::dump_end:
      if (!reconciled_ && dump_.take(event)) reconcile();
      return;
    case EventType::nat_mapping:
      move(event);
      break;
    case EventType::soft_life:
      urgent_ = true;
      break;
    case EventType::hard_life:
    case EventType::first_packet:
    case EventType::unknown_spi:
    case EventType::port_state:
      break;
  }
  log(event);
}

// Where the client was last heard is where a data plane that comes back sends to.
void Gateway::move(const Event& event) {
  if (const auto at = dialled_.find(event.peer_id); at != dialled_.end()) {
    at->second->update.remote = event.remote;
    at->second->update.remote_port = event.remote_port;
    return;
  }
  const auto found =
      std::ranges::find_if(peers_, [&](const auto& peer) { return peer->id() == event.peer_id; });
  if (event.peer_id == 0 || found == peers_.end()) return;
  (*found)->update.remote = event.remote;
  (*found)->update.remote_port = event.remote_port;
  state_changed_ = true;
}

void Gateway::log(const Event& event) const {
  const Peer* peer = find_peer(event.peer_id);
  const std::string name =
      peer != nullptr ? fmt::format("\"{}\"", peer->name) : fmt::format("{}", event.peer_id);
  switch (event.type) {
    case EventType::nat_mapping:
      spdlog::info("peer {}: now at {}", name, endpoint(event));
      break;
    case EventType::soft_life:
      spdlog::debug("peer {}: SA {:#010x} nears its end", name, event.spi);
      break;
    case EventType::hard_life:
      spdlog::warn("peer {}: SA {:#010x} has reached its limit and passes nothing any more", name, event.spi);
      break;
    case EventType::first_packet:
      spdlog::info("peer {}: first packet on SA {:#010x}", name, event.spi);
      break;
    case EventType::unknown_spi:
      spdlog::debug("ESP from {} for SPI {:#010x}, which nobody has", endpoint(event), event.spi);
      break;
    case EventType::port_state:
      spdlog::log(event.value != 0 ? spdlog::level::info : spdlog::level::warn, "port {} is {}", event.slot,
                  event.value != 0 ? "up" : "down");
      break;
    default:
      break;
  }
}

void Gateway::refuse(Peer& peer, const std::string& why) {
  constexpr unsigned retry_seconds = 5;
  if (peer.problem != why) spdlog::error("peer \"{}\": {}", peer.name, why);
  peer.problem = why;
  peer.retry_in_seconds = retry_seconds;
}

// Numbers are reserved for all that is missing, then written once, and only then used.
void Gateway::push_missing() {
  std::vector<std::shared_ptr<Peer>> ready;
  for (const auto& peer : peers_) {
    if (peer->retry_in_seconds > 0 || peer->is_installed() || has_pending(*peer)) continue;
    if (const auto prepared = prepare(*peer)) {
      ready.push_back(peer);
    } else {
      refuse(*peer, prepared.error());
    }
  }
  if (ready.empty()) return;
  const auto committed = sequences_.commit();
  if (committed) options_.save_state();
  for (const auto& peer : ready) {
    if (committed) {
      push(peer);
    } else {
      refuse(*peer, committed.error());
    }
  }
  state_changed_ = true;
}

Expected<void> Gateway::prepare(Peer& peer) {
  for (auto& sa : peer.sas) {
    if (sa->installed == Installed::yes) continue;
    if (sa->add.slot >= slots_) {
      return tl::unexpected(
          fmt::format("inbound SPI: bits 10 to 27 are {}, and the data plane has only {} slots; choose "
                      "an SPI with a smaller number there",
                      sa->add.slot, slots_));
    }
    if (auto prepared = prepare(*sa); !prepared) return prepared;
  }
  return {};
}

void Gateway::push(const std::shared_ptr<Peer>& peer) {
  if (peer->installed == Installed::no) installer_.add_peer(peer);
  for (auto& sa : peer->sas) {
    if (sa->installed != Installed::no) continue;
    sa->last_pushed = sa->add.last_sequence;
    installer_.add_sa(peer, *sa);
  }
  for (WantedSession& session : peer->sessions) {
    if (session.installed == Installed::no) installer_.set_session(peer, session);
  }
}

void Gateway::tick(Progress progress) {
  for (const auto& peer : peers_) {
    if (peer->retry_in_seconds > 0) --peer->retry_in_seconds;
  }
  for (const std::uint32_t id : unfinished_) {
    if (Peer& peer = *dialled_.at(id); peer.retry_in_seconds > 0) --peer.retry_in_seconds;
  }
  if (!reconciled_) return;
  learn(progress);
  extend();
  push_missing();
  push_unfinished();
}

GatewayState Gateway::state() const {
  GatewayState state;
  state.sequences = sequences_.table();
  state.sequences_complete = sequences_.usable().has_value();
  const auto add = [&](Installed installed, const Fingerprint& contents) {
    if (installed != Installed::no) state.pushed.insert(contents);
  };
  for (const auto& peer : peers_) {
    if (peer->id() == 0) continue;
    state.peers.push_back({peer->name, peer->id(), peer->update.remote_port, peer->update.remote});
    add(peer->installed, peer->contents);
    for (const auto& sa : peer->sas) add(sa->installed, sa->contents);
    for (const WantedSession& session : peer->sessions) add(session.installed, session.contents);
  }
  return state;
}

}  // namespace espgate::control
