// SPDX-License-Identifier: Apache-2.0
#include "control/dial/dial_service.h"

#include "control/dial/dial_settings.h"
#include "control/dial/levels.h"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/rand.h>

namespace espgate::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds meter_interval{5};

void fill(std::span<std::byte> bytes) {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("the system gives no random numbers");
}

}  // namespace

DialService::DialService(const config::Config& config, Environment environment)
    : l2tp_(l2tp_settings(config)),
      ppp_(ppp_settings(config)),
      called_station_(
          wire::IpAddress::v4(config.public_address.value_or(config.outside.address.address)).to_string()),
      environment_(std::move(environment)),
      logins_(config, environment_.users,
              config.users.source == config::UserSource::radius ? environment_.radius : nullptr),
      wheel_(Clock::now()) {
  std::copy_n(config.ppp.dns.begin(), std::min<std::size_t>(2, config.ppp.dns.size()), dns_.begin());
  std::copy_n(config.ppp.nbns.begin(), std::min<std::size_t>(2, config.ppp.nbns.size()), nbns_.begin());
}

DialService::~DialService() = default;

std::function<void(std::span<std::byte>)> DialService::random_source() { return fill; }

Caller& DialService::caller(std::uint32_t peer_id) {
  Caller& made = callers_[peer_id];
  if (made.lns) return made;
  made.peer_id = peer_id;
  made.heard = Clock::now();
  made.lns = std::make_unique<l2tp::Lns>(
      l2tp_, l2tp::Lns::Environment{.random = random_source(), .last_heard = [this, peer_id] {
                                      return last_heard(callers_.at(peer_id));
                                    }});
  return made;
}

void DialService::on_packet(const channel::PacketRecord& packet) {
  if (environment_.negotiator.find_peer(packet.peer_id) == nullptr) return;
  const auto bytes = std::span(packet.bytes).first(packet.length);
  const auto now = Clock::now();
  if (packet.kind == channel::PacketKind::l2tp_control) {
    caller(packet.peer_id).lns->on_message(packet.slot, packet.remote_port, bytes, now);
  } else if (packet.kind == channel::PacketKind::ppp_control) {
    const auto found = callers_.find(packet.peer_id);
    if (found == callers_.end()) return;
    // The ICCN may have come in the same batch, and has yet to make the line.
    if (busy_.contains(packet.peer_id)) act(found->second);
    const auto line = found->second.lines.find(packet.session);
    if (line == found->second.lines.end() || line->second.ids.tunnel != packet.tunnel || !line->second.ppp)
      return;
    line->second.ppp->on_frame(bytes, now);
  } else {
    return;
  }
  busy_.insert(packet.peer_id);
}

void DialService::on_peer_gone(std::uint32_t peer_id) {
  const auto found = callers_.find(peer_id);
  if (found == callers_.end()) return;
  found->second.lns->abandon("the client's SAs are gone");
  act(found->second);
  for (auto& [session, line] : found->second.lines) {
    line.cause = radius::TerminateCause::lost_carrier;
    settle(found->second, line);
  }
  environment_.save(record_flag | peer_id, nullptr);
  busy_.erase(peer_id);
  callers_.erase(found);
}

void DialService::on_session_installed(const SessionKey& key, bool installed, const std::string& problem) {
  if (!installed) {
    if (const auto found = callers_.find(key.peer_id); found != callers_.end())
      log(found->second, spdlog::level::warn, Area::l2tp,
          fmt::format("the data plane does not take the session: {}", problem));
  }
  installations_.push_back({key, installed});
}

void DialService::run() {
  const auto now = Clock::now();
  for (;;) {
    for (const auto& [key, installed] : std::exchange(installations_, {})) {
      const auto found = callers_.find(key.peer_id);
      if (found == callers_.end()) continue;
      busy_.insert(key.peer_id);
      const auto line = found->second.lines.find(key.session);
      if (line != found->second.lines.end() && line->second.ppp) {
        if (const auto question = std::exchange(line->second.opening, std::nullopt)) {
          line->second.open = installed;
          line->second.ppp->on_opened(*question, installed, now);
        }
      } else {
        found->second.lns->on_session_installed(key.session, installed, now);
      }
    }
    for (const LoginAnswer& answer : logins_.take(now)) take(answer);
    if (busy_.empty() && installations_.empty() && !logins_.has_due(now)) return;
    for (const std::uint32_t id : std::exchange(busy_, {})) {
      const auto found = callers_.find(id);
      if (found == callers_.end()) continue;
      act(found->second);
      save(found->second);
      if (found->second.lns->done() && found->second.lines.empty()) {
        environment_.save(record_flag | id, nullptr);
        callers_.erase(found);
      } else {
        arm(found->second);
      }
    }
  }
}

void DialService::act(Caller& caller) {
  while (act_once(caller)) continue;
}

// Each action may cause others, of L2TP or of any line's PPP.
bool DialService::act_once(Caller& caller) {
  bool any = false;
  for (const l2tp::Action& action : caller.lns->take_actions()) {
    any = true;
    perform(caller, action);
  }
  std::vector<std::uint16_t> sessions;
  sessions.reserve(caller.lines.size());
  for (const auto& [session, line] : caller.lines) sessions.push_back(session);
  for (const std::uint16_t session : sessions) {
    const auto at = caller.lines.find(session);
    if (at == caller.lines.end() || !at->second.ppp) continue;
    for (ppp::SessionAction& action : at->second.ppp->take_actions()) {
      any = true;
      const auto still = caller.lines.find(session);
      if (still == caller.lines.end() || !still->second.ppp) break;
      perform(caller, still->second, action);
    }
  }
  return any;
}

void DialService::perform(Caller& caller, const l2tp::Action& action) {
  if (const auto* message = std::get_if<l2tp::SendControl>(&action)) {
    send_l2tp(caller, *message);
  } else if (const auto* starting = std::get_if<l2tp::SessionStarting>(&action)) {
    start_session(caller, *starting);
  } else if (const auto* up = std::get_if<l2tp::SessionUp>(&action)) {
    Line& line = caller.lines[up->ids.session];
    line.client_host = up->client_host;
    line.sequencing = up->sequencing_required;
    const std::uint32_t peer_id = caller.peer_id;
    line.ppp = std::make_unique<ppp::PppSession>(
        ppp_, ppp::PppSession::Environment{.random = random_source(), .last_heard = [this, peer_id] {
                                             return last_heard(callers_.at(peer_id));
                                           }});
    if (line.sequencing) put_session(caller, line, false);
    line.ppp->start(Clock::now());
  } else if (const auto* down = std::get_if<l2tp::SessionDown>(&action)) {
    end_session(caller, down->ids.session, down->reason);
  } else if (const auto* tunnel = std::get_if<l2tp::TunnelDown>(&action)) {
    log(caller, spdlog::level::info, Area::l2tp,
        fmt::format("tunnel {} is gone: {}", tunnel->tunnel, tunnel->reason));
  } else if (const auto* report = std::get_if<l2tp::Report>(&action)) {
    log(caller, level_of(report->level), Area::l2tp, report->text);
    if (report->level == l2tp::Level::warning) note(caller, false, "L2TP", report->text);
  }
}

void DialService::tick() {
  if (const auto now = Clock::now(); now >= read_meters_) {
    read_meters_ = now + meter_interval;
    count_traffic();
  }
  for (const TimerWheel::Due& due : wheel_.advance(Clock::now())) {
    const auto found = callers_.find(static_cast<std::uint32_t>(due.owner));
    if (found == callers_.end() || found->second.armed != due.when) continue;
    found->second.armed = ppp::TimePoint::max();
    service(found->second);
    busy_.insert(found->first);
  }
  run();
}

bool DialService::hang_up(std::uint32_t peer_id, std::uint16_t session, std::string_view why) {
  const auto found = callers_.find(peer_id);
  if (found == callers_.end()) return false;
  const auto line = found->second.lines.find(session);
  if (line == found->second.lines.end()) return false;
  close(found->second, line->second, radius::TerminateCause::admin_reset, why);
  run();
  return true;
}

}  // namespace espgate::control
