// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path.h"

#include "dataplane/run_stage.h"
#include "dataplane/stages/classify.h"
#include "dataplane/stages/esp_decrypt.h"
#include "dataplane/stages/esp_encrypt.h"
#include "dataplane/stages/esp_push.h"
#include "dataplane/stages/esp_verify.h"
#include "dataplane/stages/ip_input.h"
#include "dataplane/stages/l2tp_pull.h"
#include "dataplane/stages/link_pull.h"
#include "dataplane/stages/outer_push.h"
#include "dataplane/stages/ppp_l2tp_push.h"
#include "dataplane/stages/ppp_pull.h"
#include "dataplane/stages/replay_check.h"
#include "dataplane/stages/sa_lookup.h"
#include "dataplane/stages/session_lookup.h"

namespace espgate::dataplane {

void InboundPath::run(Burst& burst) {
  run_stage(Stage::link_pull, burst, context_.stats, [&] {
    prefetch_packets(burst);
    link_pull(burst);
  });
  run_esp(burst);
}

void InboundPath::run_from_network_layer(Burst& burst) {
  prefetch_packets(burst);
  run_esp(burst);
}

void InboundPath::run_esp(Burst& burst) {
  WorkerStats& stats = context_.stats;
  const ClassifyContext classification{&context_.sas, context_.reassembler, context_.both_directions};
  run_stage(Stage::classify, burst, stats, [&] { classify(burst, classification); });
  run_stage(Stage::sa_lookup, burst, stats, [&] { sa_lookup(burst, context_.sas); });
  run_stage(Stage::replay_check, burst, stats, [&] { replay_check(burst); });
  run_stage(Stage::esp_decrypt, burst, stats, [&] { esp_decrypt(burst, jobs_, context_.engine); });
  run_stage(Stage::esp_verify, burst, stats, [&] { esp_verify(burst, jobs_); });
  run_stage(Stage::l2tp_pull, burst, stats, [&] { l2tp_pull(burst); });
  run_stage(Stage::ppp_pull, burst, stats, [&] { ppp_pull(burst); });
  run_stage(Stage::ip_input, burst, stats, [&] { ip_input(burst); });
  stats.count_exits(burst);
}

void OutboundPath::run(Burst& burst) {
  WorkerStats& stats = context_.stats;
  if (context_.sessions != nullptr)
    run_stage(Stage::session_lookup, burst, stats, [&] { session_lookup(burst, *context_.sessions); });
  run_stage(Stage::ppp_l2tp_push, burst, stats, [&] { ppp_l2tp_push(burst); });
  run_stage(Stage::esp_push, burst, stats, [&] { esp_push(burst); });
  run_stage(Stage::esp_encrypt, burst, stats, [&] { esp_encrypt(burst, jobs_, context_.engine); });
  run_stage(Stage::outer_push, burst, stats, [&] { outer_push(burst); });
  stats.count_exits(burst);
}

}  // namespace espgate::dataplane
