// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "control/ike/actions.h"
#include "control/ike/fragments.h"
#include "control/ike/half_open.h"
#include "control/ike/ike_sa.h"
#include "control/ike/journal.h"
#include "control/ike/main_mode.h"
#include "control/ike/peer.h"
#include "control/ike/quick_mode.h"
#include "control/ike/settings.h"
#include "control/ike/spi_allocator.h"
#include "control/timer_wheel.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace espgate::control::ike {

// IKEv1 (RFC 2407, 2408, 2409, 3947, 3706) with all its peers: datagrams, answers of the data plane and the
// time in; actions out, by take_actions(). Opens no socket, reads no clock, starts no thread. One thread.
//
// Before a datagram of an action leaves, changed_peers() are to be saved, so that a process that comes after
// this one knows all that was promised.
class Negotiator {
 public:
  struct Environment {
    std::function<void(std::span<std::byte>)> random;
    // The highest sequence number that was accepted on the inbound SA of a slot.
    std::function<std::uint64_t(std::uint32_t slot)> inbound_highest;
    bool save_keys = false;  // SaveKey actions are made
  };
  Negotiator(Settings settings, Environment environment, TimePoint now);
  ~Negotiator();

  // A data plane is there with so many slots; `taken` are not ours to use.
  void set_slots(std::uint32_t slots, const std::set<std::uint32_t>& taken);

  // An IKE message without non-ESP marker.
  void on_datagram(const Path& path, wire::Bytes datagram, TimePoint now);
  void on_diffie_hellman(DiffieHellmanResult result, TimePoint now);
  // Both SAs of a pair are in the data plane, or why not.
  void on_installed(std::uint32_t slot, bool installed, std::string_view problem, TimePoint now);
  // soft_life, hard_life, first_packet, nat_mapping; others are not ours.
  void on_event(const channel::Event& event, TimePoint now);
  // Several times a second.
  void advance(TimePoint now);

  // As initiator: begins main mode with a gateway. Used by clients and load generators; a gateway begins with
  // peers that it knows.
  void connect(const Path& path, TimePoint now);
  // Begins quick mode with a peer that has an IKE SA. False: it has none, or no slot is free.
  bool begin_quick_mode(std::uint32_t peer_id, TimePoint now);
  // Deletes all SAs of a peer and tells it. False: there is none.
  bool disconnect(std::uint32_t peer_id, std::string_view why, TimePoint now);

  // Whether each message that comes or goes is reported.
  void set_debug(bool debug) { debug_ = debug; }

  // In the order in which they are to be done.
  [[nodiscard]] std::vector<Action> take_actions() { return std::exchange(actions_, {}); }
  // Peers that have changed or gone since the last call.
  [[nodiscard]] std::set<std::uint32_t> take_changed_peers() { return std::exchange(changed_, {}); }

  // A peer as the process before us left it. Before the first datagram.
  void restore(std::unique_ptr<Peer> peer, TimePoint now);

  [[nodiscard]] const Peer* find_peer(std::uint32_t peer_id) const;
  [[nodiscard]] const std::unordered_map<std::uint32_t, std::unique_ptr<Peer>>& peers() const {
    return peers_;
  }
  [[nodiscard]] const Journal& journal() const { return journal_; }
  [[nodiscard]] Journal& journal() { return journal_; }
  [[nodiscard]] const RefusalCounters& refusals() const { return refusals_; }
  [[nodiscard]] std::size_t half_open() const { return half_open_.size(); }
  [[nodiscard]] std::size_t negotiating() const { return negotiating_.size(); }
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  // negotiator.cpp
  void take_message(const Path& path, wire::Bytes datagram, const wire::IsakmpMessage& message,
                    TimePoint now);
  [[nodiscard]] IkeSa* find(const Cookies& cookies) const;
  void send(const Path& path, std::vector<std::byte> bytes);
  void send(const IkeSa& sa, std::vector<std::byte> message);
  void report_message(std::string_view verb, const Path& path, wire::Bytes message);
  void report(Level level, const Endpoint& remote, std::uint32_t peer_id, std::string text);
  void note(const Endpoint& remote, bool good, std::string_view exchange, std::string text, TimePoint now);
  void count(Reason reason) { ++refusals_.at(static_cast<std::size_t>(reason)); }
  void fail(const Endpoint& remote, std::string_view exchange, const Refusal& refusal, TimePoint now);
  [[nodiscard]] std::vector<std::byte> random_bytes(std::size_t size) const;
  [[nodiscard]] std::uint32_t random_number() const;
  [[nodiscard]] std::uint32_t new_message_id(const IkeSa& sa) const;
  [[nodiscard]] std::uint64_t responder_cookie(const Path& path, std::uint64_t cky_i, wire::Bytes sa_body,
                                               wire::Bytes secret) const;

  // negotiator_phase1.cpp: as responder
  void on_main_mode(const Path& path, wire::Bytes datagram, const wire::IsakmpMessage& message,
                    TimePoint now);
  void on_first(const Path& path, wire::Bytes datagram, const wire::IsakmpMessage& message, TimePoint now);
  void refuse_first(const Path& path, const wire::IsakmpMessage& message, const Refusal& refusal,
                    TimePoint now);
  void on_third(const HalfOpen& half_open, const Path& path, wire::Bytes datagram,
                const wire::IsakmpMessage& message, TimePoint now);
  void send_fourth(IkeSa& sa, DiffieHellmanResult result, TimePoint now);
  void on_fifth(IkeSa& sa, const Path& path, wire::Bytes datagram, const wire::IsakmpMessage& message,
                TimePoint now);
  [[nodiscard]] Expected<void> start_key_exchange(IkeSa& sa, ComputeDiffieHellman job,
                                                  std::uint32_t message_id);
  void abandon(IkeSa& sa);

  // negotiator_aggressive.cpp
  void on_aggressive_first(const Path& path, wire::Bytes datagram, const wire::IsakmpMessage& message,
                           TimePoint now);
  void send_aggressive_second(IkeSa& sa, DiffieHellmanResult result, TimePoint now);
  void on_aggressive_third(IkeSa& sa, const Path& path, wire::Bytes datagram,
                           const wire::IsakmpMessage& message, TimePoint now);

  // negotiator_initiator.cpp
  void begin_main_mode(const Path& path, std::uint32_t peer_id, TimePoint now);
  void on_second(IkeSa& sa, const wire::IsakmpMessage& message, TimePoint now);
  void send_third(IkeSa& sa, DiffieHellmanResult result, TimePoint now);
  void on_fourth(IkeSa& sa, const wire::IsakmpMessage& message, TimePoint now);
  void send_fifth(IkeSa& sa, DiffieHellmanResult result, TimePoint now);
  void on_sixth(IkeSa& sa, const wire::IsakmpMessage& message, TimePoint now);
  void send_again(IkeSa& sa, TimePoint now);

  // negotiator_peers.cpp
  Peer& establish(IkeSa& sa, const AuthMessage& auth, TimePoint now);
  [[nodiscard]] Peer* find_joinable(const IkeSa& sa, const AuthMessage& auth, TimePoint now);
  void heard(Peer& peer, const Path& path, TimePoint now);
  void remove_peer(Peer& peer, std::string_view why, bool tell, TimePoint now);
  void remove_ike_sa(Peer& peer, const IkeSa& sa);
  void remove_if_empty(Peer& peer, TimePoint now);
  void remove_pair(Peer& peer, std::uint32_t slot);
  void leave(Peer& peer, SaPair& pair, TimePoint now);
  void confirm(Peer& peer, SaPair& pair, TimePoint now);
  void arm(Peer& peer, TimePoint when);

  // negotiator_quick.cpp
  void on_quick_mode(IkeSa& sa, const Path& path, wire::Bytes datagram, const wire::IsakmpMessage& message,
                     TimePoint now);
  void on_quick_first(IkeSa& sa, const Path& path, wire::Bytes datagram, const wire::IsakmpMessage& message,
                      TimePoint now);
  void install(IkeSa& sa, Exchange& exchange, TimePoint now);
  void on_quick_third(IkeSa& sa, Exchange& exchange, const wire::IsakmpMessage& message, TimePoint now);
  void on_quick_second(IkeSa& sa, Exchange& exchange, wire::Bytes datagram,
                       const wire::IsakmpMessage& message, TimePoint now);
  void on_quick_keys(IkeSa& sa, Exchange& exchange, DiffieHellmanResult result, TimePoint now);
  bool begin_quick_mode(Peer& peer, IkeSa& sa, const SaPair* replaced, TimePoint now);
  void send_quick_first(IkeSa& sa, Exchange& exchange, TimePoint now);
  void refuse_quick(IkeSa& sa, Exchange* exchange, std::uint32_t message_id, const Refusal& refusal,
                    TimePoint now);
  void save_keys(const IkeSa& sa, const SaPair& pair, const Path& path);

  // negotiator_informational.cpp
  void on_informational(IkeSa& sa, const Path& path, const wire::IsakmpMessage& message, TimePoint now);
  void on_notification(IkeSa& sa, Peer& peer, const Path& path, const wire::IsakmpNotification& notification,
                       TimePoint now);
  void on_dpd(IkeSa& sa, Peer& peer, const Path& path, bool question, std::uint32_t sequence, TimePoint now);
  void on_delete(IkeSa& sa, Peer& peer, const wire::IsakmpDelete& deletion, TimePoint now);
  void send_informational(const IkeSa& sa, wire::IsakmpPayloadType type, const std::vector<std::byte>& body);
  void send_dpd(IkeSa& sa, wire::IsakmpNotifyType type, std::uint32_t sequence);
  void send_delete(const IkeSa& sa, const SaPair& pair);
  void send_delete(const IkeSa& sa);

  // negotiator_timers.cpp
  void service(Peer& peer, TimePoint now);
  void service_pairs(Peer& peer, TimePoint now);
  void service_ike_sas(Peer& peer, TimePoint now);
  void service_exchanges(Peer& peer, IkeSa& sa, TimePoint now);
  void renew_later(Peer& peer, TimePoint now);
  [[nodiscard]] bool probe(Peer& peer, TimePoint now);
  [[nodiscard]] TimePoint next_due(const Peer& peer) const;
  void service_negotiating(TimePoint now);
  void rotate_secret(TimePoint now);

  struct Job {
    Cookies cookies;
    std::uint32_t message_id = 0;  // 0: phase 1
  };

  Settings settings_;
  Environment environment_;
  std::vector<Action> actions_;
  std::set<std::uint32_t> changed_;
  Journal journal_;
  RefusalCounters refusals_{};
  HalfOpenTable half_open_;
  Fragments fragments_;
  SpiAllocator spis_;
  TimerWheel wheel_;
  std::unordered_map<Cookies, std::unique_ptr<IkeSa>, CookiesHash> negotiating_;  // not authenticated yet
  std::size_t aggressive_ = 0;                                   // of them in aggressive mode
  std::unordered_map<Cookies, IkeSa*, CookiesHash> by_cookies_;  // all
  std::unordered_map<std::uint32_t, std::unique_ptr<Peer>> peers_;
  std::unordered_map<Endpoint, std::uint32_t, EndpointHash> by_endpoint_;  // where a peer was heard last
  std::unordered_map<std::uint32_t, std::uint32_t> peer_of_slot_;
  std::unordered_map<std::uint64_t, Job> jobs_;
  std::uint64_t next_job_ = 1;
  std::uint32_t next_peer_id_;
  std::vector<std::byte> secret_, old_secret_;  // responder cookies
  TimePoint secret_since_{};
  static constexpr unsigned notifies_a_second = 100;
  unsigned notifies_left_ = notifies_a_second;  // refusals of first messages that may be answered this second
  TimePoint last_second_{};
  bool debug_ = false;
};

}  // namespace espgate::control::ike
