// SPDX-License-Identifier: Apache-2.0
#include "dataplane/gateway_path.h"

#include "dataplane/cycle_clock.h"
#include "dataplane/run_stage.h"
#include "dataplane/stages/classify.h"
#include "dataplane/stages/control_push.h"
#include "dataplane/stages/esp_decrypt.h"
#include "dataplane/stages/esp_encrypt.h"
#include "dataplane/stages/esp_push.h"
#include "dataplane/stages/esp_verify.h"
#include "dataplane/stages/inside_input.h"
#include "dataplane/stages/ip_forward.h"
#include "dataplane/stages/ip_input.h"
#include "dataplane/stages/ip_local.h"
#include "dataplane/stages/l2tp_pull.h"
#include "dataplane/stages/link_filter.h"
#include "dataplane/stages/link_pull.h"
#include "dataplane/stages/link_push.h"
#include "dataplane/stages/mss_clamp.h"
#include "dataplane/stages/mtu_check.h"
#include "dataplane/stages/outer_push.h"
#include "dataplane/stages/outer_route.h"
#include "dataplane/stages/own_route.h"
#include "dataplane/stages/owner_check.h"
#include "dataplane/stages/ppp_l2tp_push.h"
#include "dataplane/stages/ppp_pull.h"
#include "dataplane/stages/rate_limit.h"
#include "dataplane/stages/replay_check.h"
#include "dataplane/stages/sa_lookup.h"
#include "dataplane/stages/session_lookup.h"
#include "dataplane/stages/side_split.h"
#include "dataplane/stages/ttl_decrement.h"

namespace espgate::dataplane {

void GatewayPath::from_outside(Burst& burst) {
  WorkerStats& stats = context_.stats;
  run_stage(Stage::link_pull, burst, stats, [&] {
    prefetch_packets(burst);
    link_filter(burst, context_.outside_mac);
    link_pull(burst);
  });
  if (!context_.inside_prefixes.empty()) {
    const SideSplitContext sides{context_.own, context_.inside_prefixes, &context_.clients};
    run_stage(Stage::side_split, burst, stats, [&] { side_split(burst, sides); });
  }
  const ClassifyContext classification{&context_.sas, context_.reassembler, false, context_.own.outside};
  run_stage(Stage::classify, burst, stats, [&] { classify(burst, classification); });
  run_stage(Stage::sa_lookup, burst, stats, [&] { sa_lookup(burst, context_.sas); });
  if (!context_.alone)
    run_stage(Stage::owner_check, burst, stats, [&] { owner_check_inbound(burst, context_.worker); });
  esp(burst);
}

void GatewayPath::from_handover(Burst& burst) {
  run_stage(Stage::sa_lookup, burst, context_.stats, [&] { sa_lookup(burst, context_.sas); });
  esp(burst);
}

void GatewayPath::esp(Burst& burst) {
  WorkerStats& stats = context_.stats;
  run_stage(Stage::replay_check, burst, stats, [&] { replay_check(burst); });
  run_stage(Stage::esp_decrypt, burst, stats, [&] { esp_decrypt(burst, jobs_, context_.engine); });
  run_stage(Stage::esp_verify, burst, stats, [&] { esp_verify(burst, jobs_); });
  run_stage(Stage::peer_track, burst, stats, [&] { peer_track(burst, context_.track); });
  run_stage(Stage::l2tp_pull, burst, stats, [&] { l2tp_pull(burst); });
  run_stage(Stage::ppp_pull, burst, stats, [&] { ppp_pull(burst); });
  run_stage(Stage::ip_input, burst, stats, [&] { ip_input(burst); });
  if (limits_rates()) [[unlikely]]
    run_stage(Stage::rate_limit, burst, stats, [&] { rate_limit_from_client(burst, read_cycles()); });
  forward(burst);
}

void GatewayPath::forward(Burst& burst) {
  WorkerStats& stats = context_.stats;
  const ForwardContext forwarding{context_.routes, &context_.clients, context_.client_to_client,
                                  context_.side};
  run_stage(Stage::ip_local, burst, stats, [&] { ip_local(burst, context_.own); });
  run_stage(Stage::ip_forward, burst, stats, [&] { ip_forward(burst, forwarding); });
  run_stage(Stage::mss_clamp, burst, stats, [&] { mss_clamp(burst); });
  run_stage(Stage::mtu_check, burst, stats, [&] { mtu_check_to_link(burst, context_.hops); });
  run_stage(Stage::link_push, burst, stats, [&] { link_push(burst, context_.hops); });
}

void GatewayPath::from_inside(Burst& burst) {
  run_stage(Stage::link_pull, burst, context_.stats, [&] {
    prefetch_packets(burst);
    link_filter(burst, context_.inside_mac);
    link_pull(burst);
  });
  from_inside_packet(burst);
}

void GatewayPath::from_inside_packet(Burst& burst) {
  run_stage(Stage::inside_input, burst, context_.stats, [&] {
    inside_input(burst, context_.own);
    ttl_decrement(burst);
  });
  to_clients(burst);
}

void GatewayPath::to_clients(Burst& burst) {
  WorkerStats& stats = context_.stats;
  run_stage(Stage::session_lookup, burst, stats, [&] { session_lookup(burst, context_.clients); });
  if (!context_.alone)
    run_stage(Stage::owner_check, burst, stats, [&] { owner_check_outbound(burst, context_.worker); });
  run_stage(Stage::mss_clamp, burst, stats, [&] { mss_clamp(burst); });
  run_stage(Stage::mtu_check, burst, stats, [&] { mtu_check_to_client(burst); });
  if (limits_rates()) [[unlikely]]
    run_stage(Stage::rate_limit, burst, stats, [&] { rate_limit_to_client(burst, read_cycles()); });
  run_stage(Stage::ppp_l2tp_push, burst, stats, [&] { ppp_l2tp_push(burst); });
  protect(burst);
}

void GatewayPath::from_control(Burst& burst) {
  run_stage(Stage::control_push, burst, context_.stats, [&] { control_push(burst, *context_.outbound); });
  protect(burst);
}

// From the UDP header inside ESP to the frame.
void GatewayPath::protect(Burst& burst) {
  WorkerStats& stats = context_.stats;
  run_stage(Stage::esp_push, burst, stats, [&] { esp_push(burst, context_.track.progress); });
  run_stage(Stage::esp_encrypt, burst, stats, [&] { esp_encrypt(burst, jobs_, context_.engine); });
  run_stage(Stage::outer_push, burst, stats, [&] { outer_push(burst); });
  run_stage(Stage::outer_route, burst, stats, [&] { outer_route(burst, {context_.routes, context_.hops}); });
  run_stage(Stage::link_push, burst, stats, [&] { link_push(burst, context_.hops); });
}

void GatewayPath::own_packets(Burst& burst) {
  WorkerStats& stats = context_.stats;
  run_stage(Stage::ip_forward, burst, stats, [&] { own_route(burst, context_.routes); });
  run_stage(Stage::mtu_check, burst, stats, [&] { mtu_check_to_link(burst, context_.hops); });
  run_stage(Stage::link_push, burst, stats, [&] { link_push(burst, context_.hops); });
}

}  // namespace espgate::dataplane
