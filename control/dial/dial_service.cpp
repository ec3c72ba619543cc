// SPDX-License-Identifier: Apache-2.0
#include "control/dial/dial_service.h"

#include "control/state/encoding.h"

#include <algorithm>

#include <fmt/format.h>
#include <openssl/rand.h>

namespace espgate::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t l2tp_port = 1701;

void fill(std::span<std::byte> bytes) {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("the system gives no random numbers");
}

std::string text(std::uint32_t address) { return wire::IpAddress::v4(address).to_string(); }

template <typename Level>
spdlog::level::level_enum level_of(Level level) {
  return level == Level::debug  ? spdlog::level::debug
         : level == Level::info ? spdlog::level::info
                                : spdlog::level::warn;
}

ppp::Method method_of(config::AuthMethod method) {
  switch (method) {
    case config::AuthMethod::pap:
      return ppp::Method::pap;
    case config::AuthMethod::chap_md5:
      return ppp::Method::chap_md5;
    case config::AuthMethod::mschapv2:
      break;
  }
  return ppp::Method::mschapv2;
}

l2tp::Settings make_l2tp(const config::Config& config) {
  l2tp::Settings settings;
  settings.host_name = config.l2tp.host_name;
  settings.secret = config.l2tp.secret.clone();
  settings.require_challenge = config.l2tp.require_challenge;
  settings.hello = std::chrono::seconds(config.l2tp.hello_seconds);
  // For PPP 0 is never, for a tunnel at once.
  const bool forever = config.ppp.dead_after_seconds == 0;
  settings.dormant =
      forever ? std::chrono::hours(24 * 365) : std::chrono::seconds(config.ppp.dead_after_seconds);
  return settings;
}

ppp::Settings make_ppp(const config::Config& config) {
  ppp::Settings settings;
  settings.methods.clear();
  for (const config::AuthMethod method : config.ppp.auth) settings.methods.push_back(method_of(method));
  settings.mru = config.ppp.mru;
  settings.gateway_address = config.gateway_address();
  settings.dhcp.domain = config.ppp.domain;
  for (const wire::Ipv4Prefix& route : config.ppp.routes)
    settings.dhcp.routes.push_back({.destination = route, .router = settings.gateway_address});
  settings.echo_interval = std::chrono::seconds(config.ppp.echo_interval_seconds);
  settings.echo_failures = config.ppp.echo_failures;
  settings.dead_after = std::chrono::seconds(config.ppp.dead_after_seconds);
  return settings;
}

}  // namespace

DialService::DialService(const config::Config& config, Environment environment)
    : users_settings_(config.users),
      l2tp_(make_l2tp(config)),
      ppp_(make_ppp(config)),
      environment_(std::move(environment)),
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
  for (const auto& [session, line] : found->second.lines)
    if (line.address != 0) environment_.pools.release(line.address);
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
    if (busy_.empty() && installations_.empty()) return;
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
    const std::uint32_t peer_id = caller.peer_id;
    line.ppp = std::make_unique<ppp::PppSession>(
        ppp_, ppp::PppSession::Environment{.random = random_source(), .last_heard = [this, peer_id] {
                                             return last_heard(callers_.at(peer_id));
                                           }});
    line.ppp->start(Clock::now());
  } else if (const auto* down = std::get_if<l2tp::SessionDown>(&action)) {
    end_session(caller, down->ids.session, down->reason);
  } else if (const auto* tunnel = std::get_if<l2tp::TunnelDown>(&action)) {
    log(caller, spdlog::level::info, Area::l2tp,
        fmt::format("tunnel {} is gone: {}", tunnel->tunnel, tunnel->reason));
  } else if (const auto* report = std::get_if<l2tp::Report>(&action)) {
    log(caller, level_of(report->level), Area::l2tp, report->text);
  }
}

void DialService::start_session(Caller& caller, const l2tp::SessionStarting& starting) {
  Line& line = caller.lines[starting.ids.session];
  line.ids = starting.ids;
  line.remote_port = starting.remote_port;
  put_session(caller, line, false);
}

void DialService::end_session(Caller& caller, std::uint16_t session, std::string_view reason) {
  const auto at = caller.lines.find(session);
  if (at == caller.lines.end()) return;
  const Line& line = at->second;
  if (!line.link.user.empty()) {
    log(caller, spdlog::level::info, Area::ppp,
        fmt::format("{} has hung up{}: {}", ppp::printable(line.link.user),
                    line.address == 0 ? "" : ", " + text(line.address), reason));
  }
  if (line.address != 0) environment_.pools.release(line.address);
  environment_.gateway.remove_session({caller.peer_id, line.ids.tunnel, line.ids.session});
  caller.lines.erase(at);
}

void DialService::perform(Caller& caller, Line& line, ppp::SessionAction& action) {
  const auto now = Clock::now();
  if (const auto* frame = std::get_if<ppp::SendFrame>(&action)) {
    send_ppp(caller, line, frame->bytes);
  } else if (auto* question = std::get_if<ppp::Authenticate>(&action)) {
    authenticate(caller, line, *question);
  } else if (const auto* need = std::get_if<ppp::NeedAddress>(&action)) {
    give_address(caller, line, *need);
  } else if (const auto* link = std::get_if<ppp::LinkUp>(&action)) {
    line.link = *link;
    log(caller, spdlog::level::info, Area::ppp, fmt::format("authenticated: {}", ppp::printable(link->user)));
  } else if (const auto* opening = std::get_if<ppp::IpOpening>(&action)) {
    line.address = opening->address;
    line.opening = opening->question;
    put_session(caller, line, true);
  } else if (const auto* up = std::get_if<ppp::IpUp>(&action)) {
    line.since = now;
    log(caller, spdlog::level::info, Area::ppp,
        fmt::format("{} is connected as {}", ppp::printable(line.link.user), text(up->address)));
  } else if (std::holds_alternative<ppp::IpDown>(action)) {
    line.open = false;
    put_session(caller, line, false);
  } else if (const auto* down = std::get_if<ppp::Down>(&action)) {
    log(caller, spdlog::level::info, Area::ppp, fmt::format("PPP has ended: {}", down->reason));
    const std::uint16_t session = line.ids.session;
    if (!caller.lns->close_session(session, down->reason, now)) end_session(caller, session, down->reason);
  } else if (const auto* report = std::get_if<ppp::Report>(&action)) {
    log(caller, level_of(report->level), Area::ppp, report->text);
  }
}

// A wrong password is answered late, later each time; a right one after some wrong ones too, for that time
// tells nothing then.
void DialService::authenticate(Caller& caller, Line& line, ppp::Authenticate& question) {
  const auto now = Clock::now();
  const ike::Peer* peer = environment_.negotiator.find_peer(caller.peer_id);
  const wire::IpAddress client = peer == nullptr ? wire::IpAddress() : peer->path.remote.address;
  const User* user = environment_.users.find(question.user, users_settings_.server);
  ppp::AuthenticationResult result;
  if (user != nullptr) {
    result = ppp::authenticate(question, user->secret.bytes());
  } else {
    result.message = "wrong user or password";
  }
  const auto delay = brake_.delay(client, question.user, now);
  if (result.accepted) {
    brake_.right(client, question.user);
  } else {
    brake_.wrong(client, question.user, now);
    log(caller, spdlog::level::warn, Area::ppp,
        fmt::format("{} {} by {}", user == nullptr ? "no user is called" : "wrong password of",
                    ppp::printable(question.user), ppp::to_string(question.method)));
  }
  if (delay.count() == 0) {
    line.ppp->on_authenticated(question.question, result, now);
    return;
  }
  line.answer = Line::HeldAnswer{now + delay, question.question, std::move(result)};
}

void DialService::give_address(Caller& caller, Line& line, const ppp::NeedAddress& need) {
  const std::string& user = need.user;
  const auto refuse = [&](const std::string& why) {
    log(caller, spdlog::level::warn, Area::ppp,
        fmt::format("no address for {}: {}", ppp::printable(user), why));
    line.ppp->on_address(need.question, std::nullopt, why, Clock::now());
  };
  const User* known = environment_.users.find(user, users_settings_.server);
  if (known == nullptr || !known->may_have_address)
    return refuse("the user's line in the file has no address column; put * there for one of the pool");
  if (users_settings_.sessions == config::Sessions::one && is_connected(user, line))
    return refuse("the user is connected already, and users.sessions is \"one\"");
  if (users_settings_.sessions == config::Sessions::replace) replace_other_lines(caller, line, user);
  const auto address = environment_.pools.allocate(user, known->address);
  if (!address) return refuse(address.error());
  line.address = *address;
  line.ppp->on_address(need.question, ppp::Assigned{.address = *address, .dns = dns_, .nbns = nbns_}, {},
                       Clock::now());
}

bool DialService::is_connected(const std::string& user, const Line& but) const {
  for (const auto& [peer_id, caller] : callers_) {
    for (const auto& [session, line] : caller.lines)
      if (&line != &but && line.link.user == user && line.address != 0) return true;
  }
  return false;
}

// One session a user: the new one replaces the old one.
void DialService::replace_other_lines(const Caller& caller, const Line& line, const std::string& user) {
  for (auto& [peer_id, other] : callers_) {
    for (auto& [session, each] : other.lines) {
      const bool same = peer_id == caller.peer_id && session == line.ids.session;
      if (same || each.link.user != user || !each.ppp) continue;
      log(other, spdlog::level::info, Area::ppp,
          fmt::format("{} dials in from elsewhere", ppp::printable(user)));
      if (each.address != 0) {
        // Freed at once, so that the user gets the same address again.
        environment_.pools.release(each.address);
        each.address = 0;
        put_session(other, each, false);
      }
      each.ppp->close("the user has dialled in from elsewhere", Clock::now());
      busy_.insert(peer_id);
    }
  }
}

void DialService::put_session(const Caller& caller, const Line& line, bool open) {
  channel::SessionUpdate update = {};
  update.peer_id = caller.peer_id;
  update.tunnel = line.ids.tunnel;
  update.session = line.ids.session;
  update.peer_tunnel = line.ids.peer_tunnel;
  update.peer_session = line.ids.peer_session;
  update.source_port = l2tp_port;
  update.destination_port = line.remote_port;
  if (open) update.inner = wire::IpAddress::v4(line.address).bytes();
  update.outbound_slot = outbound_slot(caller);
  update.mru = line.link.mru == 0 ? ppp_.mru : line.link.mru;
  update.open = open;
  update.address_control = !line.link.acfc;
  update.compress_protocol = line.link.pfc;
  update.length_field = false;
  environment_.gateway.put_session(update);
}

std::uint32_t DialService::outbound_slot(const Caller& caller) const {
  const ike::Peer* peer = environment_.negotiator.find_peer(caller.peer_id);
  const ike::SaPair* pair = peer == nullptr ? nullptr : peer->live_pair();
  if (pair != nullptr) return pair->slot;
  // The client may talk before its third message has come.
  return peer == nullptr || peer->pairs.empty() ? 0 : peer->pairs.back()->slot;
}

void DialService::send_l2tp(const Caller& caller, const l2tp::SendControl& message) {
  channel::ControlEnd* dataplane = environment_.dataplane();
  if (dataplane == nullptr) return;
  channel::PacketRecord header;
  header.kind = channel::PacketKind::l2tp_control;
  header.peer_id = caller.peer_id;
  const std::uint32_t newest = outbound_slot(caller);
  header.slot = newest == 0 ? message.slot : newest;
  header.remote_port = message.remote_port;
  // Lost like a packet on the wire: L2TP says it again.
  (void)dataplane->send_packet(header, message.bytes);
}

void DialService::send_ppp(const Caller& caller, const Line& line, std::span<const std::byte> frame) {
  channel::ControlEnd* dataplane = environment_.dataplane();
  if (dataplane == nullptr) return;
  channel::PacketRecord header;
  header.kind = channel::PacketKind::ppp_control;
  header.peer_id = caller.peer_id;
  header.slot = outbound_slot(caller);
  header.tunnel = line.ids.tunnel;
  header.session = line.ids.session;
  (void)dataplane->send_packet(header, frame);
}

void DialService::log(const Caller& caller, spdlog::level::level_enum level, Area area,
                      std::string_view text) const {
  const ike::Peer* peer = environment_.negotiator.find_peer(caller.peer_id);
  environment_.log.write({.area = area,
                          .level = level,
                          .remote = peer == nullptr ? ike::Endpoint{} : peer->path.remote,
                          .peer_id = caller.peer_id,
                          .text = text},
                         Clock::now());
}

// Traffic is life: the data plane's counters tell of it.
ppp::TimePoint DialService::last_heard(Caller& caller) const {
  const ike::Peer* peer = environment_.negotiator.find_peer(caller.peer_id);
  const channel::ControlEnd* dataplane = environment_.dataplane();
  if (peer == nullptr || dataplane == nullptr) return caller.heard;
  std::uint64_t counted = 0;
  for (const auto& pair : peer->pairs) {
    if (pair->slot < dataplane->progress().size())
      counted += dataplane->progress()[pair->slot].inbound_highest.load(std::memory_order_relaxed);
  }
  if (counted != caller.counted) caller.heard = Clock::now();
  caller.counted = counted;
  return std::max(caller.heard, peer->heard);
}

void DialService::arm(Caller& caller) {
  ppp::TimePoint due = caller.lns->next_due().value_or(ppp::TimePoint::max());
  for (const auto& [session, line] : caller.lines) {
    if (line.ppp) due = std::min(due, line.ppp->next_due().value_or(ppp::TimePoint::max()));
    if (line.answer) due = std::min(due, line.answer->when);
    if (line.since == ppp::TimePoint{}) continue;
    if (users_settings_.session_limit_seconds != 0)
      due = std::min(due, line.since + std::chrono::seconds(users_settings_.session_limit_seconds));
    if (users_settings_.idle_limit_seconds != 0) {
      due = std::min(due,
                     std::max(last_heard(caller) + std::chrono::seconds(users_settings_.idle_limit_seconds),
                              Clock::now() + TimerWheel::tick));
    }
  }
  if (due >= caller.armed) return;
  caller.armed = due;
  wheel_.add(due, caller.peer_id);
}

void DialService::tick() {
  for (const TimerWheel::Due& due : wheel_.advance(Clock::now())) {
    const auto found = callers_.find(static_cast<std::uint32_t>(due.owner));
    if (found == callers_.end() || found->second.armed != due.when) continue;
    found->second.armed = ppp::TimePoint::max();
    service(found->second);
    busy_.insert(found->first);
  }
  run();
}

void DialService::service(Caller& caller) {
  const auto now = Clock::now();
  if (const auto due = caller.lns->next_due(); due && *due <= now) caller.lns->on_timer(now);
  for (auto& [session, line] : caller.lines) {
    if (!line.ppp) continue;
    if (line.answer && line.answer->when <= now) {
      const Line::HeldAnswer answer = std::move(*line.answer);
      line.answer.reset();
      line.ppp->on_authenticated(answer.question, answer.result, now);
    }
    if (const auto due = line.ppp->next_due(); due && *due <= now) line.ppp->on_timer(now);
    if (line.since == ppp::TimePoint{}) continue;
    const auto limit = std::chrono::seconds(users_settings_.session_limit_seconds);
    const auto idle = std::chrono::seconds(users_settings_.idle_limit_seconds);
    if (limit.count() != 0 && line.since + limit <= now) line.ppp->close("the session's time is over", now);
    if (idle.count() != 0 && last_heard(caller) + idle <= now)
      line.ppp->close("nothing came for too long", now);
  }
}

bool DialService::hang_up(std::uint32_t peer_id, std::uint16_t session, std::string_view why) {
  const auto found = callers_.find(peer_id);
  if (found == callers_.end()) return false;
  const auto line = found->second.lines.find(session);
  if (line == found->second.lines.end()) return false;
  if (line->second.ppp) {
    line->second.ppp->close(why, Clock::now());
  } else {
    (void)found->second.lns->close_session(session, why, Clock::now());
  }
  busy_.insert(peer_id);
  run();
  return true;
}

}  // namespace espgate::control
