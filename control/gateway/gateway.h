// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "control/gateway/dump.h"
#include "control/gateway/installer.h"
#include "control/gateway/peer.h"
#include "control/state/gateway_state.h"
#include "control/state/sequences.h"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace espgate::control {

// What the data plane is to have, and how it gets it. Peers come from the configuration and from IKE; this
// compares them with what is installed, removes what is too much, adds what is missing, and
// nothing twice. Keeps the sequence numbers of static SAs ahead of what they send. No I/O but the sequence
// file; one thread.
class Gateway {
 public:
  using Progress = std::span<const channel::SaProgress>;
  struct Options {
    // Writes state() to where the next control process finds it; called before commands that depend on it.
    std::function<void()> save_state = [] {};
    std::function<Sequences::TimePoint()> clock = std::chrono::system_clock::now;
    // Both SAs of a pair that was put are installed, or why they are not.
    std::function<void(std::uint32_t slot, bool installed, const std::string& problem)> pair_installed =
        [](auto&&...) {};
    // The same of a session that was put.
    std::function<void(const SessionKey& key, bool installed, const std::string& problem)> session_installed =
        [](auto&&...) {};
  };

  Gateway(Sequences sequences, Options options)
      : sequences_(std::move(sequences)), options_(std::move(options)) {}

  // Before the first connection.
  void want(std::unique_ptr<Peer> peer);

  // Peers that have dialled in, at any time; with ids of the caller's, 0x10000 and above. An SA pair is in
  // one slot; putting the first makes the peer.
  void put_pair(const channel::PeerUpdate& where, const std::string& name, std::unique_ptr<WantedSa> inbound,
                std::unique_ptr<WantedSa> outbound);
  void remove_outbound(std::uint32_t peer_id, std::uint32_t slot);
  void remove_pair(std::uint32_t peer_id, std::uint32_t slot);
  // Adds a session of a peer that has dialled in, or replaces what is known of it (same tunnel and session).
  // Without such a peer nothing happens.
  void put_session(const channel::SessionUpdate& session);
  void remove_session(const SessionKey& key);
  // With all that it has.
  void remove_peer(std::uint32_t peer_id);
  // The peer's sessions send on this pair from now on.
  void use_outbound(std::uint32_t peer_id, std::uint32_t slot);

  // A data plane is there; asks it what it has. `predecessor`: what the control process before us left, if it
  // did; looked at only the first time.
  void connected(std::uint32_t slots, Installer::Send send, const std::optional<GatewayState>& predecessor);
  // It is gone; `last` are its counters.
  void disconnected(Progress last);
  void on_event(const channel::Event& event);
  // Once a second, and soon after soft_life: reads the counters, reserves numbers, tries again what has
  // failed.
  void tick(Progress progress);
  // Reads the counters and writes what they say. The last thing before we end; the data plane goes on.
  void save_numbers(Progress progress);
  // True once after a soft_life: tick() should come now.
  [[nodiscard]] bool take_urgent() { return std::exchange(urgent_, false); }

  [[nodiscard]] GatewayState state() const;
  // True once after something in state() has changed.
  [[nodiscard]] bool take_state_changed() { return std::exchange(state_changed_, false); }

  // Of the configuration, and dialled in.
  [[nodiscard]] const std::vector<std::shared_ptr<Peer>>& peers() const { return peers_; }
  [[nodiscard]] const std::unordered_map<std::uint32_t, std::shared_ptr<Peer>>& dialled() const {
    return dialled_;
  }
  // Null: none has this id.
  [[nodiscard]] const Peer* find_peer(std::uint32_t peer_id) const;
  // The data plane has said what it has, and has been told what it lacked.
  [[nodiscard]] bool is_reconciled() const { return reconciled_; }
  [[nodiscard]] std::size_t pending_commands() const { return installer_.pending(); }

 private:
  // gateway_dialled.cpp
  void remove_sas(Peer& peer, std::uint32_t slot, bool outbound_only);
  void push_unfinished();
  void tell_installed(Peer& peer);
  void tell_sessions(Peer& peer);
  void learn_dialled(Progress progress);
  [[nodiscard]] static Expected<void> prepare_dialled(WantedSa& sa);

  // gateway_reconcile.cpp
  void reconcile();
  void assign_ids();
  void adopt(Peer& peer);
  void adopt(WantedSa& sa) const;
  void remove_excess();
  [[nodiscard]] bool was_pushed(const Fingerprint& contents) const;

  // gateway_numbers.cpp
  [[nodiscard]] Expected<void> prepare(WantedSa& sa);
  [[nodiscard]] Expected<void> prepare_outbound(WantedSa& sa);
  void learn(Progress progress);
  void learn(WantedSa& sa, const channel::SaProgress& progress);
  void extend();
  [[nodiscard]] bool reserve_ahead(const Peer& peer, WantedSa& sa);

  void push_missing();
  [[nodiscard]] Expected<void> prepare(Peer& peer);
  void push(const std::shared_ptr<Peer>& peer);
  static void refuse(Peer& peer, const std::string& why);
  void log(const channel::Event& event) const;
  void move(const channel::Event& event);

  Sequences sequences_;
  Options options_;
  std::vector<std::shared_ptr<Peer>> peers_;
  std::unordered_map<std::uint32_t, std::shared_ptr<Peer>> dialled_;  // by id
  std::set<std::uint32_t> unfinished_;  // dialled peers of which something is not installed
  Installer installer_;
  std::uint32_t slots_ = 0;
  bool first_connection_ = true;
  bool reconciled_ = false;
  bool urgent_ = false;
  bool state_changed_ = false;
  bool commit_failed_ = false;
  std::optional<GatewayState> predecessor_;  // until the first reconcile()
  Dump dump_;
};

}  // namespace espgate::control
