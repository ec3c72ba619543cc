// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/control_end.h"
#include "config/config.h"
#include "control/dh_pool.h"
#include "control/event_log.h"
#include "control/gateway/gateway.h"
#include "control/ike/negotiator.h"
#include "control/key_log.h"
#include "control/state/state_segment.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

namespace espgate::control {

// Joins the negotiator to the world: packets of the channel, the gateway's SAs, threads for Diffie-Hellman,
// the state of the next process, the log. One thread.
class IkeService {
 public:
  struct Environment {
    Gateway& gateway;
    // Null: no data plane is connected.
    std::function<channel::ControlEnd*()> dataplane;
    // Writes a record of the state segment, or erases it (null).
    std::function<void(std::uint64_t id, const std::span<const std::byte>* record)> save;
    std::filesystem::path save_keys;  // empty: not
    EventLog& log;
    // Before a peer is taken out of the gateway: what it has dialled ends.
    std::function<void(std::uint32_t peer_id)> peer_gone = [](std::uint32_t) {};
  };
  IkeService(const config::Config& config, Environment environment);

  // Readable when step() has something to do.
  [[nodiscard]] int descriptor() const { return pool_.descriptor(); }
  void step();
  // Several times a second.
  void tick();

  // Records of the process before us, before the gateway hears of the data plane.
  void restore(const StateRecords& records);
  void connected(std::uint32_t slots);
  void on_packet(const channel::PacketRecord& packet);
  void on_event(const channel::Event& event);
  // What the gateway says of a pair; acted on by the next run().
  void on_installed(std::uint32_t slot, bool installed, const std::string& problem);
  // Does what is to be done: after everything that came in.
  void run();

  [[nodiscard]] const ike::Negotiator& negotiator() const { return negotiator_; }
  // Where others add what they know of a client.
  [[nodiscard]] ike::Journal& journal() { return negotiator_.journal(); }
  // Deletes all SAs of a peer. False: there is none of that id.
  bool disconnect(std::uint32_t peer_id);

  // Ids of records in the state segment are those of peers; below are others'.
  static constexpr std::uint64_t first_record = 0x10000, last_record = 0xffff'ffff;

 private:
  struct Installation {
    std::uint32_t slot;
    bool installed;
    std::string problem;
  };
  void perform(const ike::Action& action);
  void install(const ike::Peer& peer, const ike::SaPair& pair);
  void log(const ike::Report& report);
  void transmit(const ike::SendDatagram& datagram);
  void save_changes();

  Environment environment_;
  DhPool pool_;
  KeyLog key_log_;
  ike::Negotiator negotiator_;
  std::vector<Installation> installations_;
  std::uint64_t unsent_ = 0;  // packets for which the channel had no room
};

}  // namespace espgate::control
