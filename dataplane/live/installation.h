// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "crypto/engine.h"
#include "dataplane/outbound_table.h"
#include "dataplane/path_mtu.h"
#include "dataplane/sa.h"
#include "dataplane/sa_table.h"
#include "dataplane/session.h"
#include "dataplane/session_state.h"
#include "dataplane/session_table.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace espgate::dataplane::live {

// What control has installed: peers, SAs and sessions, and the tables by which the workers find them. The
// manager's alone; workers look at what is published meanwhile, and nothing that one may still hold is freed
// before `synchronize`. Commands are idempotent: the same thing twice is there once.
class Installation {
 public:
  struct Options {
    SaTable& sas;
    SessionTable& clients;
    OutboundTable& outbound;
    crypto::Engine& engine;  // for making keys; workers use them with engines of the same name
    std::span<channel::SaProgress> progress;
    std::uint16_t outer_mtu = 1500;
    unsigned workers = 1;
    // Waits until no worker can hold what was unlinked before.
    std::function<void()> synchronize;
    // Makes the meter of a rate, which is not 0.
    std::function<std::unique_ptr<RateMeter>(std::uint32_t kbit)> make_meter = {};
    // Set while a session has a rate: only then workers ask. nullptr: nobody does.
    std::atomic<bool>* rates_in_use = nullptr;
  };

  struct Inbound {
    InboundSa* sa = nullptr;
    std::unique_ptr<crypto::Key> key;
    channel::SaAdd wanted{};  // with the keys wiped
    bool soft = false;        // the soft limit was told
    bool expired = false;     // a hard limit has passed: it is known, and takes nothing any more
    std::uint64_t added_nanoseconds = 0;
  };
  struct Outbound {
    std::unique_ptr<OutboundSa> sa;
    std::unique_ptr<crypto::Key> key;
    channel::SaAdd wanted{};
    std::uint64_t soft_sequence = 0;  // the last_sequence whose end was told of
    std::uint64_t first_sequence = 1;
    bool soft = false;
    bool expired = false;
    std::uint64_t path_mtu_until = 0;  // when a lowered MTU is tried again; 0: it is not lowered
    std::uint64_t added_nanoseconds = 0;
  };
  // Both directions of one SPI slot.
  struct Pair {
    std::uint32_t peer_id = 0;
    std::unique_ptr<Inbound> inbound;
    std::unique_ptr<Outbound> outbound;
  };
  struct SessionEntry {
    std::unique_ptr<Session> session;
    channel::SessionUpdate wanted{};
    std::unique_ptr<SessionState> state;  // from when it was first needed to the session's end
  };
  // What has passed by a peer's SAs, in bytes as SaCounters has them.
  struct Traffic {
    std::uint64_t packets_in = 0, bytes_in = 0, packets_out = 0, bytes_out = 0;
  };
  struct PeerEntry {
    Peer peer;
    std::uint8_t owner = 0;
    Traffic retired;  // by SAs that were deleted
    std::vector<std::uint32_t> slots;
    std::vector<SessionEntry> sessions;
  };

  explicit Installation(const Options& options) : options_(options) {}
  ~Installation() { clear(); }

  // `now_nanoseconds`, of the clock of check_limits(), is remembered as the age of what is added.
  channel::Result apply(const channel::Command& command, std::uint64_t now_nanoseconds = 0);
  void clear();
  // Everything as dump events, without dump_end.
  void dump(const std::function<void(const channel::Event&)>& send) const;
  // Tells of soft and hard limits that were reached since; `now_nanoseconds` is any clock that does not go
  // back.
  void check_limits(std::uint64_t now_nanoseconds, const std::function<void(const channel::Event&)>& send);
  // A router says that a client's packets are too big for the path. False: we have no such SA; nothing
  // changed.
  bool lower_path_mtu(const PathMtu& path, std::uint64_t now_nanoseconds);

  // How something gets to a peer by the outbound SA of `slot`; nullopt: that is not there, belongs to another
  // peer, or may send nothing any more.
  struct Sending {
    OutboundTicket ticket;
    unsigned owner = 0;                // the worker
    std::uint16_t peer_l2tp_port = 0;  // of the UDP inside
  };
  [[nodiscard]] std::optional<Sending> sending(std::uint32_t peer_id, std::uint32_t slot) const;
  // What control has said of a session (our ids), or nullptr. Until the next command.
  [[nodiscard]] const channel::SessionUpdate* find_session(std::uint32_t peer_id, std::uint16_t tunnel,
                                                           std::uint16_t session) const;

  // By the SAs that are there and those that were.
  [[nodiscard]] Traffic traffic_of(const PeerEntry& peer) const;
  [[nodiscard]] const std::map<std::uint32_t, std::unique_ptr<PeerEntry>>& peers() const { return peers_; }
  [[nodiscard]] const std::map<std::uint32_t, Pair>& pairs() const { return pairs_; }
  [[nodiscard]] std::span<const channel::SaProgress> progress() const { return options_.progress; }

 private:
  channel::Result add(const channel::SaAdd& wanted);
  channel::Result add_inbound(PeerEntry& peer, Pair& pair, const channel::SaAdd& wanted);
  channel::Result add_outbound(PeerEntry& peer, Pair& pair, const channel::SaAdd& wanted);
  channel::Result update(const channel::SaUpdate& wanted);
  channel::Result remove(const channel::SaDelete& wanted);
  channel::Result update(const channel::PeerUpdate& wanted);
  channel::Result remove(const channel::PeerDelete& wanted);
  channel::Result update(const channel::SessionUpdate& wanted);
  channel::Result remove(const channel::SessionDelete& wanted);

  [[nodiscard]] PeerEntry* find_peer(std::uint32_t id) const;
  void remove_inbound(PeerEntry& peer, Pair& pair);
  void remove_outbound(PeerEntry& peer, Pair& pair);
  void remove_pair_if_empty(std::uint32_t slot);
  void stop_sending(PeerEntry& peer, const OutboundSa& sa);
  void set_client(const Session& session, SessionTable::Entry entry);
  // The meters before, to be freed once no worker can hold them.
  struct OldMeters {
    std::unique_ptr<RateMeter> from_client, to_client;
  };
  [[nodiscard]] OldMeters set_rates(SessionEntry& entry, const channel::SessionUpdate& wanted);
  void count_rates(const channel::SessionUpdate& before, const channel::SessionUpdate& now);
  void retire(PeerEntry& peer, std::unique_ptr<Session> session, Session* successor);
  [[nodiscard]] OutboundSa* outbound_of(std::uint32_t slot);
  void set_limits(PeerEntry& peer, const Outbound& outbound);
  void check_inbound(Inbound& inbound, const std::function<void(const channel::Event&)>& send);
  void check_outbound(std::uint32_t slot, Outbound& outbound, std::uint64_t now,
                      const std::function<void(const channel::Event&)>& send);

  Options options_;
  std::uint64_t now_nanoseconds_ = 0;  // of the command at hand
  std::map<std::uint32_t, std::unique_ptr<PeerEntry>> peers_;
  std::map<std::uint32_t, Pair> pairs_;  // by slot
  std::size_t sessions_with_rates_ = 0;
};

}  // namespace espgate::dataplane::live
