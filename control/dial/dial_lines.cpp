// SPDX-License-Identifier: Apache-2.0
// What becomes of a line: who it is, which address, how long.
#include "control/dial/dial_service.h"
#include "control/dial/levels.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include <fmt/format.h>

namespace espgate::control {
namespace {

using Clock = std::chrono::steady_clock;

std::string text(std::uint32_t address) { return wire::IpAddress::v4(address).to_string(); }

}  // namespace

void DialService::start_session(Caller& caller, const l2tp::SessionStarting& starting) {
  Line& line = caller.lines[starting.ids.session];
  line.ids = starting.ids;
  line.remote_port = starting.remote_port;
  if (line.accounting_id.empty()) {
    std::array<std::byte, sizeof(std::uint64_t)> random;
    random_source()(random);
    line.accounting_id = fmt::format("{:016X}", std::bit_cast<std::uint64_t>(random));
  }
  put_session(caller, line, false);
}

void DialService::end_session(Caller& caller, std::uint16_t session, std::string_view reason) {
  const auto at = caller.lines.find(session);
  if (at == caller.lines.end()) return;
  Line& line = at->second;
  // A client that is told to go may be first to hang up.
  tell_end(caller, line, line.why.empty() ? reason : line.why);
  settle(caller, line);
  environment_.gateway.remove_session({caller.peer_id, line.ids.tunnel, line.ids.session});
  caller.lines.erase(at);
}

void DialService::tell_end(const Caller& caller, Line& line, std::string_view reason) {
  if (std::exchange(line.told, true)) return;
  const std::string user = ppp::printable(line.link.user);
  if (!line.link.user.empty()) {
    log(caller, spdlog::level::info, Area::ppp,
        fmt::format("{} {}{}: {}", user, line.why.empty() ? "has hung up" : "is disconnected",
                    line.address == 0 ? "" : ", " + text(line.address), reason));
  }
  if (line.since != ppp::TimePoint{})
    note(caller, true, "session", fmt::format("ended: {}", reason), line.link.user);
  else
    note(caller, false, "session", fmt::format("ended before it had an address: {}", reason), line.link.user);
}

void DialService::close(Caller& caller, Line& line, radius::TerminateCause cause, std::string_view why) {
  if (!line.why.empty()) return;
  line.cause = cause;
  line.why = why;
  if (line.ppp)
    line.ppp->close(why, Clock::now());
  else
    (void)caller.lns->close_session(line.ids.session, why, Clock::now());
  busy_.insert(caller.peer_id);
}

void DialService::perform(Caller& caller, Line& line, ppp::SessionAction& action) {
  const auto now = Clock::now();
  if (const auto* frame = std::get_if<ppp::SendFrame>(&action)) {
    send_ppp(caller, line, frame->bytes);
  } else if (auto* question = std::get_if<ppp::Authenticate>(&action)) {
    logins_.ask({.peer_id = caller.peer_id,
                 .session = line.ids.session,
                 .client = address_of(caller),
                 .question = std::move(*question),
                 .identity = identity_of(caller, line)},
                now);
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
    on_ip_up(caller, line, up->address);
  } else if (std::holds_alternative<ppp::IpDown>(action)) {
    line.open = false;
    put_session(caller, line, false);
  } else if (const auto* down = std::get_if<ppp::Down>(&action)) {
    on_down(caller, line, down->reason);
    const std::uint16_t session = line.ids.session;
    if (!caller.lns->close_session(session, down->reason, now)) end_session(caller, session, down->reason);
  } else if (const auto* report = std::get_if<ppp::Report>(&action)) {
    log(caller, level_of(report->level), Area::ppp, report->text);
  }
}

void DialService::take(const LoginAnswer& answer) {
  const auto found = callers_.find(answer.peer_id);
  if (found == callers_.end()) return;
  Caller& caller = found->second;
  const auto line = caller.lines.find(answer.session);
  if (line == caller.lines.end() || !line->second.ppp) return;
  for (const std::string& warning : answer.warnings) log(caller, spdlog::level::warn, Area::ppp, warning);
  if (answer.result.accepted) {
    line->second.admission = answer.admission;
  } else {
    log(caller, spdlog::level::warn, Area::ppp, answer.problem);
    note(caller, false, "login",
         answer.remedy.empty() ? answer.problem : answer.problem + "; " + answer.remedy, answer.user);
  }
  line->second.ppp->on_authenticated(answer.question, answer.result, Clock::now());
  busy_.insert(answer.peer_id);
}

void DialService::on_ip_up(Caller& caller, Line& line, std::uint32_t address) {
  const std::string text_of_user = ppp::printable(line.link.user);
  log(caller, spdlog::level::info, Area::ppp,
      fmt::format("{} is connected as {}", text_of_user, text(address)));
  note(caller, true, "login", fmt::format("{} is connected as {}", text_of_user, text(address)),
       line.link.user);
  if (line.since != ppp::TimePoint{}) return;  // IPCP was only renegotiated
  line.since = Clock::now();
  read_meter(caller);
  line.before = caller.meter.total();
  account(caller, line, radius::AccountingRecord::Kind::start);
  if (line.admission.interim_seconds != 0)
    line.next_interim = line.since + std::chrono::seconds(line.admission.interim_seconds);
}

// Before IP has come up, the reason is what the client's owner wants to know.
void DialService::on_down(const Caller& caller, Line& line, const std::string& reason) {
  log(caller, spdlog::level::info, Area::ppp, fmt::format("PPP has ended: {}", reason));
  if (line.since != ppp::TimePoint{} || std::exchange(line.told, true)) return;
  note(caller, false, "PPP", reason, line.link.user);
}

void DialService::give_address(Caller& caller, Line& line, const ppp::NeedAddress& need) {
  const std::string& user = need.user;
  const auto refuse = [&](const std::string& why) {
    log(caller, spdlog::level::warn, Area::ppp,
        fmt::format("no address for {}: {}", ppp::printable(user), why));
    note(caller, false, "address", fmt::format("no address for {}: {}", ppp::printable(user), why), user);
    line.ppp->on_address(need.question, std::nullopt, why, Clock::now());
  };
  const Admission& admission = line.admission;
  if (!admission.may_have_address)
    return refuse("the user's line in the file has no address column; put * there for one of the pool");
  if (admission.terms.sessions == config::Sessions::one && is_connected(user, line))
    return refuse("the user is connected already, and his \"sessions\" is \"one\"");
  if (admission.terms.sessions == config::Sessions::replace) replace_other_lines(caller, line, user);
  const auto address = environment_.pools.allocate(user, admission.address, admission.pool);
  if (!address) return refuse(address.error());
  line.address = *address;
  const std::array<std::uint32_t, 2> none{};
  line.ppp->on_address(need.question,
                       ppp::Assigned{.address = *address,
                                     .dns = admission.dns == none ? dns_ : admission.dns,
                                     .nbns = admission.nbns == none ? nbns_ : admission.nbns},
                       {}, Clock::now());
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
      constexpr std::string_view why = "the user has dialled in from elsewhere";
      close(other, each, radius::TerminateCause::port_preempted, why);
      if (each.address != 0) {
        tell_end(other, each, why);
        // Freed at once, so that the user gets the same address again; over for accounting too, which names
        // it.
        settle(other, each);
        put_session(other, each, false);
      }
    }
  }
}

void DialService::arm(Caller& caller) {
  ppp::TimePoint due = caller.lns->next_due().value_or(ppp::TimePoint::max());
  for (const auto& [session, line] : caller.lines) {
    if (line.ppp) due = std::min(due, line.ppp->next_due().value_or(ppp::TimePoint::max()));
    if (line.since == ppp::TimePoint{}) continue;
    const config::UserTerms& terms = line.admission.terms;
    if (terms.session_limit_seconds != 0)
      due = std::min(due, line.since + std::chrono::seconds(terms.session_limit_seconds));
    if (terms.idle_limit_seconds != 0) {
      due = std::min(due, std::max(last_heard(caller) + std::chrono::seconds(terms.idle_limit_seconds),
                                   Clock::now() + TimerWheel::tick));
    }
  }
  if (due >= caller.armed) return;
  caller.armed = due;
  wheel_.add(due, caller.peer_id);
}

void DialService::service(Caller& caller) {
  const auto now = Clock::now();
  if (const auto due = caller.lns->next_due(); due && *due <= now) caller.lns->on_timer(now);
  for (auto& [session, line] : caller.lines) {
    if (!line.ppp) continue;
    if (const auto due = line.ppp->next_due(); due && *due <= now) line.ppp->on_timer(now);
    if (line.since == ppp::TimePoint{}) continue;
    const auto limit = std::chrono::seconds(line.admission.terms.session_limit_seconds);
    const auto idle = std::chrono::seconds(line.admission.terms.idle_limit_seconds);
    if (limit.count() != 0 && line.since + limit <= now)
      close(caller, line, radius::TerminateCause::session_timeout, "the session's time is over");
    if (idle.count() != 0 && last_heard(caller) + idle <= now)
      close(caller, line, radius::TerminateCause::idle_timeout, "nothing came for too long");
  }
}

}  // namespace espgate::control
