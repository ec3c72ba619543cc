// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "control/gateway/dump.h"
#include "control/gateway/peer.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace espgate::control {

// Sends commands to the data plane and keeps track of what became of them: each object says whether it is
// installed, each peer why not. Errors are logged with the peer's name and a remedy.
class Installer {
 public:
  // Queues the command, wipes it and returns its number.
  using Send = std::function<std::uint64_t(channel::Command&)>;

  void connect(Send send) { send_ = std::move(send); }
  // Completions that have not come never will.
  void disconnect();
  [[nodiscard]] bool is_connected() const { return static_cast<bool>(send_); }

  void dump();
  void add_peer(const std::shared_ptr<Peer>& peer);
  // With the numbers that are in `sa`.
  void add_sa(const std::shared_ptr<Peer>& peer, WantedSa& sa);
  // Raises its last number to what is in `sa`.
  void update_sa(const std::shared_ptr<Peer>& peer, WantedSa& sa);
  void set_session(const std::shared_ptr<Peer>& peer, WantedSession& session);
  // What nobody wants.
  void remove_session(const SessionKey& key);
  void remove_sa(const SaKey& key);
  void remove_peer(std::uint32_t peer_id);

  // Whose command it was; null: of something that nobody wants, or unknown.
  std::shared_ptr<Peer> complete(const channel::Event& completion);
  // `target` goes: a completion that is still to come finds nothing to change.
  void forget(const Installed& target);
  // Commands that are not completed yet.
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

 private:
  struct Pending {
    std::string what;             // "outbound SA 0x00001234"
    std::shared_ptr<Peer> peer;   // null: of something that nobody wants
    Installed* target = nullptr;  // inside `peer`; null: stays as it is
  };
  void send(channel::Command& command, Pending pending);

  Send send_;
  std::map<std::uint64_t, Pending> pending_;
};

}  // namespace espgate::control
