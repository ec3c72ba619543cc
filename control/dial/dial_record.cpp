// SPDX-License-Identifier: Apache-2.0
// What a user has dialled, for the next control process.
#include "control/dial/dial_service.h"
#include "control/state/encoding.h"

#include <spdlog/spdlog.h>

namespace espgate::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t record_version = 2;

void put(SecretEncoder& out, const Line& line) {
  for (const std::uint16_t id : {line.ids.tunnel, line.ids.session, line.ids.peer_tunnel,
                                 line.ids.peer_session, line.remote_port, line.link.mru})
    out.number(id);
  for (const bool flag : {line.link.acfc, line.link.pfc, line.open, line.sequencing, line.ppp != nullptr})
    out.number(static_cast<std::uint8_t>(flag));
  out.text(line.link.user);
  out.number(line.address);
  out.number(static_cast<std::uint64_t>(line.since.time_since_epoch() / std::chrono::nanoseconds(1)));
  out.text(line.client_host);
  encode(out, line.admission);
  encode(out, line.before);
  out.text(line.accounting_id);
  if (line.ppp) line.ppp->encode(out);
}

}  // namespace

void DialService::save(const Caller& caller) {
  SecretEncoder out;
  out.number(record_version);
  caller.lns->encode(out);
  out.number(static_cast<std::uint16_t>(caller.lines.size()));
  caller.meter.encode(out);
  for (const auto& [session, line] : caller.lines) put(out, line);
  const std::span<const std::byte> bytes = out.result();
  environment_.save(record_flag | caller.peer_id, &bytes);
}

void DialService::restore(std::uint64_t id, std::span<const std::byte> record) {
  const auto peer_id = static_cast<std::uint32_t>(id);
  if (environment_.negotiator.find_peer(peer_id) == nullptr) return;
  Decoder in(record);
  const bool known = in.number<std::uint16_t>() == record_version;
  Caller& made = callers_[peer_id];
  made.peer_id = peer_id;
  made.heard = Clock::now();
  const auto heard = [this, peer_id] { return last_heard(callers_.at(peer_id)); };
  made.lns = known ? l2tp::Lns::decode(in, l2tp_, {.random = random_source(), .last_heard = heard}) : nullptr;
  bool sound = made.lns != nullptr;
  auto left = sound ? in.number<std::uint16_t>() : std::uint16_t{0};
  if (sound) made.meter.decode(in);
  for (; left > 0 && sound; --left) {
    Line line;
    for (std::uint16_t* number : {&line.ids.tunnel, &line.ids.session, &line.ids.peer_tunnel,
                                  &line.ids.peer_session, &line.remote_port, &line.link.mru})
      *number = in.number<std::uint16_t>();
    bool has_ppp = false;
    for (bool* flag : {&line.link.acfc, &line.link.pfc, &line.open, &line.sequencing, &has_ppp})
      *flag = in.number<std::uint8_t>() != 0;
    line.link.user = in.text();
    line.address = in.number<std::uint32_t>();
    line.since =
        ppp::TimePoint(std::chrono::nanoseconds(static_cast<std::int64_t>(in.number<std::uint64_t>())));
    line.client_host = in.text();
    line.admission = decode_admission(in);
    line.before = decode_traffic(in);
    line.accounting_id = in.text();
    if (line.since != ppp::TimePoint{} && line.admission.interim_seconds != 0)
      line.next_interim = Clock::now() + std::chrono::seconds(line.admission.interim_seconds);
    if (has_ppp) {
      line.ppp =
          ppp::PppSession::decode(in, ppp_, {.random = random_source(), .last_heard = heard}, Clock::now());
      sound = line.ppp != nullptr;
    }
    sound = sound && in.ok();
    if (!sound) break;
    if (line.address != 0) {
      if (const auto adopted = environment_.pools.adopt(line.link.user, line.address); !adopted)
        spdlog::warn("peer {}: {}", peer_id, adopted.error());
    }
    const std::uint16_t session = line.ids.session;
    put_session(made, line, line.open);
    made.lines.emplace(session, std::move(line));
  }
  if (!sound) {
    spdlog::warn("the sessions of peer {} can't be restored; the client has to dial again", peer_id);
    callers_.erase(peer_id);
    return;
  }
  busy_.insert(peer_id);
}

}  // namespace espgate::control
