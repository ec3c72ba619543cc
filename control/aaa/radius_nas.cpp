// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/radius_nas.h"

#include "control/aaa/radius_answer.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::radius {
namespace {

using std::chrono::seconds;

bool answers(Code code, Service service) {
  if (service == Service::accounting) return code == Code::accounting_response;
  return code == Code::access_accept || code == Code::access_reject || code == Code::access_challenge;
}

void count(Counters& counters, Code code) {
  switch (code) {
    case Code::access_accept:
      ++counters.accepted;
      return;
    case Code::access_reject:
      ++counters.rejected;
      return;
    case Code::access_challenge:
      ++counters.challenged;
      return;
    default:
      ++counters.acknowledged;
  }
}

}  // namespace

Nas::Nas(Settings settings, ppp::Random random, WallClock wall_clock)
    : settings_(std::move(settings)),
      random_(std::move(random)),
      wall_clock_(std::move(wall_clock)),
      records_(settings_.most_records) {
  for (const Service service : {Service::access, Service::accounting}) {
    for (std::size_t i = 0; i < settings_.servers.size(); ++i) {
      const Settings::Server& server = settings_.servers[i];
      channels_.push_back(std::make_unique<Channel>(
          service, i, service == Service::access ? server.access_name : server.accounting_name,
          server.secret.clone()));
    }
  }
}

std::size_t Nas::index_of(Service service, std::size_t server) const {
  return service == Service::access ? server : settings_.servers.size() + server;
}
Channel& Nas::channel(Service service, std::size_t server) { return *channels_[index_of(service, server)]; }
const Channel& Nas::channel(Service service, std::size_t server) const {
  return *channels_[index_of(service, server)];
}

Service Nas::service_of(const Exchange& exchange) {
  return std::holds_alternative<AccessRequest>(exchange.subject) ? Service::access : Service::accounting;
}

// Those that answer first, each kind in the order of the file.
std::vector<std::size_t> Nas::order(Service service, TimePoint now) const {
  std::vector<std::size_t> servers;
  for (const bool dead : {false, true})
    for (std::size_t i = 0; i < settings_.servers.size(); ++i)
      if (channel(service, i).is_dead(now) == dead) servers.push_back(i);
  return servers;
}

Expected<void> Nas::ask(AccessRequest request, TimePoint now) {
  std::string fault = fault_of(request).value_or("");
  if (fault.empty() && waiting_.size() >= settings_.most_waiting)
    fault = fmt::format("{} logins wait for the RADIUS servers already", waiting_.size());
  if (!fault.empty()) {
    ++refused_logins_;
    return tl::unexpected(std::move(fault));
  }
  waiting_.push_back({std::move(request), now});
  pump(now);
  return {};
}

void Nas::pump(TimePoint now) {
  pump_logins(now);
  pump_records(now);
}

void Nas::pump_logins(TimePoint now) {
  while (!waiting_.empty()) {
    const bool too_late = now - waiting_.front().since >= settings_.patience;
    auto servers = order(Service::access, now);
    if (!too_late && !channel(Service::access, servers.front()).next_identifier()) return;
    AccessRequest request = std::move(waiting_.front().request);
    waiting_.pop_front();
    if (too_late) {
      answers_.push_back(no_answer(request, fmt::format("the login waited {} s for others that the RADIUS "
                                                        "servers were asked about; they are too slow",
                                                        settings_.patience.count())));
      continue;
    }
    auto exchange = std::make_unique<Exchange>();
    exchange->subject = std::move(request);
    exchange->servers = std::move(servers);
    begin(std::move(exchange), now);
  }
}

// Asks the next server, and gives up behind the last.
void Nas::begin(std::unique_ptr<Exchange> exchange, TimePoint now) {
  if (exchange->servers.empty()) return give_up(std::move(exchange), now);
  Channel& to = channel(service_of(*exchange), exchange->servers.front());
  exchange->servers.erase(exchange->servers.begin());
  const auto identifier = to.next_identifier();
  if (!identifier) {
    exchange->problem += fmt::format("{}{} has {} requests to answer already",
                                     exchange->problem.empty() ? "" : "; ", to.name(), to.in_flight());
    return begin(std::move(exchange), now);
  }
  auto packet = packet_of(*exchange, to, *identifier, now);
  if (!packet) {
    if (const auto* taken = std::get_if<AccountingQueue::Taken>(&exchange->subject)) {
      accounted_.erase(taken->record.session.session_id);
      lose(taken->record, "RADIUS can't carry its names");
    } else {
      answers_.push_back(no_answer(std::get<AccessRequest>(exchange->subject),
                                   "RADIUS can't carry what is known of the session"));
    }
    return;
  }
  exchange->packet = std::move(*packet);
  exchange->tries_left = settings_.tries;
  exchange->unauthentic = exchange->refused = false;
  to.put(*identifier, std::move(exchange));
  ++to.counters.requests;
  send(to, *identifier, now);
}

std::optional<std::vector<std::byte>> Nas::packet_of(const Exchange& exchange, Channel& to,
                                                     std::uint8_t identifier, TimePoint now) {
  Envelope envelope{.identifier = identifier, .secret = to.secret()};
  random_(envelope.random);
  if (const auto* request = std::get_if<AccessRequest>(&exchange.subject))
    return access_packet(*request, settings_.nas, envelope);
  const auto& record = std::get<AccountingQueue::Taken>(exchange.subject).record;
  const auto delay = std::max(std::chrono::duration_cast<seconds>(now - record.happened), seconds(0));
  return accounting_packet(record, settings_.nas, envelope, delay, wall_clock_() - delay);
}

// The same bytes at every try: that is how a server knows a repetition (RFC 5080 §2.2.1).
void Nas::send(Channel& to, std::uint8_t identifier, TimePoint now) {
  Exchange& exchange = *to.find(identifier);
  --exchange.tries_left;
  exchange.due = now + settings_.timeout;
  due_.emplace(exchange.due, index_of(to.service(), to.server()), identifier);
  datagrams_.push_back({to.service(), to.server(), exchange.packet});
}

std::unique_ptr<Exchange> Nas::take(Channel& from, std::uint8_t identifier) {
  auto exchange = from.take(identifier);
  due_.erase({exchange->due, index_of(from.service(), from.server()), identifier});
  return exchange;
}

void Nas::on_timer(TimePoint now) {
  while (!due_.empty() && std::get<TimePoint>(*due_.begin()) <= now) {
    const auto [when, index, identifier] = *due_.begin();
    Channel& from = *channels_[index];
    if (from.find(identifier)->tries_left == 0) {
      give_server_up(from, identifier, now);
      continue;
    }
    due_.erase(due_.begin());
    ++from.counters.repetitions;
    send(from, identifier, now);
  }
  pump(now);
}

std::optional<TimePoint> Nas::next_due() const {
  std::optional<TimePoint> next;
  const auto consider = [&](TimePoint when) { next = next ? std::min(*next, when) : when; };
  if (!due_.empty()) consider(std::get<TimePoint>(*due_.begin()));
  if (!waiting_.empty()) consider(waiting_.front().since + settings_.patience);
  if (accounting_pause_ && records_.size() != 0 && accounted_.empty()) consider(*accounting_pause_);
  return next;
}

void Nas::give_server_up(Channel& from, std::uint8_t identifier, TimePoint now) {
  auto exchange = take(from, identifier);
  ++from.counters.unanswered;
  const std::string what = failure(from, *exchange);
  if (from.is_dead_until(now + settings_.dead_time))
    report(ppp::Level::warning,
           fmt::format("RADIUS: {}; for {} s it is asked last", what, settings_.dead_time.count()));
  exchange->problem += (exchange->problem.empty() ? "" : "; ") + what;
  begin(std::move(exchange), now);
}

std::string Nas::failure(const Channel& of, const Exchange& exchange) const {
  if (exchange.unauthentic)
    return fmt::format(
        "{} answers, but not as somebody does who knows the secret: is radius.server's secret "
        "the one that it has for this host, and does it send Message-Authenticator?",
        of.name());
  if (exchange.refused) return fmt::format("{} refuses: nothing listens there", of.name());
  return fmt::format(
      "{} does not answer ({} tries, {} s each): is it running, does it know this host, and by "
      "the same secret?",
      of.name(), settings_.tries, settings_.timeout.count());
}

void Nas::give_up(std::unique_ptr<Exchange> exchange, TimePoint now) {
  if (const auto* request = std::get_if<AccessRequest>(&exchange->subject)) {
    answers_.push_back(no_answer(*request, "no RADIUS server could be asked: " + exchange->problem));
    return;
  }
  put_back(*exchange, now);
}

void Nas::on_datagram(Service service, std::size_t server, Octets datagram, TimePoint now) {
  Channel& from = channel(service, server);
  const auto reply = Reply::parse(datagram);
  Exchange* exchange = reply && answers(reply->code(), service) ? from.find(reply->identifier()) : nullptr;
  if (exchange == nullptr) {
    ++from.counters.stray;
    return;
  }
  // Silently discarded (RFC 2865 §3): the server's own may still come.
  if (!from.believes(*reply, *exchange, settings_.require_message_authenticator)) {
    ++from.counters.unauthentic;
    exchange->unauthentic = true;
    return;
  }
  const auto done = take(from, reply->identifier());
  finish(from, *done, *reply, now);
  pump(now);
}

void Nas::finish(Channel& from, const Exchange& exchange, const Reply& reply, TimePoint now) {
  count(from.counters, reply.code());
  if (from.is_alive_now()) report(ppp::Level::info, fmt::format("RADIUS: {} answers again", from.name()));
  if (const auto* request = std::get_if<AccessRequest>(&exchange.subject)) {
    AccessAnswer& answer = answers_.emplace_back(understand(reply, *request));
    answer.server = from.name();
    return;
  }
  acknowledged(std::get<AccountingQueue::Taken>(exchange.subject).record, now);
}

// What has another server to go to goes there at once; the rest waits, as a server that restarts is back
// soon.
void Nas::on_refused(Service service, std::size_t server, TimePoint now) {
  Channel& from = channel(service, server);
  for (std::size_t i = 0; i < Channel::most_exchanges; ++i) {
    const auto identifier = static_cast<std::uint8_t>(i);
    Exchange* exchange = from.find(identifier);
    if (exchange == nullptr) continue;
    exchange->refused = true;
    if (!exchange->servers.empty()) give_server_up(from, identifier, now);
  }
  pump(now);
}

Status Nas::status(TimePoint now) const {
  Status status;
  for (const auto& each : channels_)
    status.servers.push_back(
        {each->name(), each->service(), each->is_dead(now), each->in_flight(), each->counters});
  status.waiting_logins = waiting_.size();
  status.refused_logins = refused_logins_;
  status.waiting_records = records_.size();
  status.lost_records = lost_records_;
  return status;
}

}  // namespace espgate::control::radius
