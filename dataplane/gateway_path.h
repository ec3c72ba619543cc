// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/job_batch.h"
#include "dataplane/next_hop_table.h"
#include "dataplane/outbound_table.h"
#include "dataplane/own_addresses.h"
#include "dataplane/private_side.h"
#include "dataplane/reassembler.h"
#include "dataplane/route_table.h"
#include "dataplane/sa_table.h"
#include "dataplane/session_table.h"
#include "dataplane/stages/peer_track.h"
#include "dataplane/worker_stats.h"
#include "wire/ipv4_prefix.h"

#include <atomic>
#include <span>

namespace espgate::dataplane {

// The stages of a gateway on the wire, in order, for one worker. What is live behind a function of this class
// is an Ethernet frame for the port of its next hop; what is not was dropped or punted, and is the caller's
// to count and to deal with. Everything referred to must outlive it. Nothing here allocates, locks, logs,
// calls the system or throws.
class GatewayPath {
 public:
  struct Context {
    const SaTable& sas;
    const SessionTable& clients;
    const RouteTable& routes;
    const NextHopTable& hops;
    crypto::Engine& engine;
    WorkerStats& stats;
    Reassembler* reassembler = nullptr;
    OwnAddresses own;
    wire::MacAddress outside_mac;
    wire::MacAddress inside_mac;
    // Only with one port for both sides: the networks whose clear packets are taken.
    std::span<const wire::Ipv4Prefix> inside_prefixes;
    bool client_to_client = false;
    // Where clients' packets may leave; its default hop is known once the manager has its routes.
    const PrivateSide* side = nullptr;
    std::uint8_t worker = 0;
    bool alone = true;                        // no other worker: every SA is ours
    const OutboundTable* outbound = nullptr;  // for from_control()
    PeerTrackContext track;
    const std::atomic<bool>* rates_in_use = nullptr;  // whether any session has a rate
  };

  explicit GatewayPath(const Context& context) : context_(context) {}

  // Frames of the outside port.
  void from_outside(Burst& burst);
  // What another worker handed over on its way in: `data` at the ESP header, `outer` set.
  void from_handover(Burst& burst);
  // Frames of the inside port.
  void from_inside(Burst& burst);
  // Packets of the private side that came by the only port: `data` at the IP header.
  void from_inside_packet(Burst& burst);
  // Inner packets for clients, their time to live already counted: `data` at the IP header, ether_type set.
  void to_clients(Burst& burst);
  // What control says inside SAs that are ours: `data` as control_push wants it.
  void from_control(Burst& burst);
  // IP packets of our own making: `data` at the IP header; next_hop 0: look it up.
  void own_packets(Burst& burst);

 private:
  void esp(Burst& burst);
  void forward(Burst& burst);
  void protect(Burst& burst);
  [[nodiscard]] bool limits_rates() const {
    return context_.rates_in_use != nullptr && context_.rates_in_use->load(std::memory_order_relaxed);
  }

  Context context_;
  JobBatch jobs_;
};

}  // namespace espgate::dataplane
