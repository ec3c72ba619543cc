// SPDX-License-Identifier: Apache-2.0
// What RADIUS is told of sessions.
#include "control/dial/dial_service.h"

namespace espgate::control {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = radius::AccountingRecord::Kind;

}  // namespace

radius::SessionIdentity DialService::identity_of(const Caller& caller, const Line& line) const {
  return {.session_id = line.accounting_id,
          .calling_station = address_of(caller).to_string(),
          .called_station = called_station_,
          .nas_port = line.ids.session};
}

void DialService::account(Caller& caller, const Line& line, Kind kind) {
  if (environment_.radius == nullptr) return;
  const auto now = Clock::now();
  const Traffic traffic = traffic_of(caller.peer_id, line);
  const Admission& admission = line.admission;
  environment_.radius->account(
      {.kind = kind,
       .session = identity_of(caller, line),
       .user = admission.accounting_name.empty() ? line.link.user : admission.accounting_name,
       .address = line.address,
       .classes = admission.classes,
       .by_radius = logins_.asks_radius(),
       .octets_in = traffic.bytes_in,
       .octets_out = traffic.bytes_out,
       .packets_in = traffic.packets_in,
       .packets_out = traffic.packets_out,
       .session_time = std::chrono::duration_cast<std::chrono::seconds>(now - line.since),
       .cause = line.cause,
       .happened = now});
}

void DialService::settle(Caller& caller, Line& line) {
  if (line.since != ppp::TimePoint{}) account(caller, line, Kind::stop);
  if (line.address != 0) environment_.pools.release(line.address);
  line.address = 0;
  line.since = {};
}

void DialService::count_traffic() {
  const auto now = Clock::now();
  for (auto& [peer_id, caller] : callers_) {
    read_meter(caller);
    for (auto& [session, line] : caller.lines) {
      if (now < line.next_interim) continue;
      line.next_interim = now + std::chrono::seconds(line.admission.interim_seconds);
      account(caller, line, Kind::interim);
    }
  }
}

}  // namespace espgate::control
