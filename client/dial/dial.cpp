// SPDX-License-Identifier: Apache-2.0
#include "client/dial/dial.h"

#include <algorithm>

namespace espgate::client::dial {
namespace {

template <typename Exit, typename Source>
void pass_on(std::vector<Action>& actions, Source& source) {
  if (auto* action = std::get_if<Exit>(&source)) actions.emplace_back(std::move(*action));
}

constexpr std::string_view goodbye = "the user hangs up";

}  // namespace

std::string_view to_string(Step step) {
  constexpr std::array<std::string_view, step_count> names = {"ike", "esp", "l2tp", "lcp", "user", "ip"};
  return names.at(static_cast<std::size_t>(step));
}

Dial::Dial(const Settings& settings, const ppp::Credentials& credentials, const Environment& environment,
           const wire::IpAddress& local)
    : ike_(settings.ike, environment.ike, local),
      lac_({environment.ike.random, environment.last_heard}, settings.host_name, settings.hello),
      ppp_(settings.ppp, credentials, environment.ike.random) {}

void Dial::start(TimePoint now) {
  ike_.dial(now);
  follow(now);
}

void Dial::on_ike(wire::Bytes message, TimePoint now) {
  ike_.on_message(message, now);
  follow(now);
}

void Dial::on_control(wire::Bytes message, TimePoint now) {
  lac_.on_message(message, now);
  follow(now);
}

void Dial::on_ppp(wire::Bytes frame, TimePoint now) {
  ppp_.on_frame(frame, now);
  follow(now);
}

std::optional<TimePoint> Dial::next_due() const {
  if (ended_) return std::nullopt;
  std::optional<TimePoint> next;
  for (const auto& due : {ike_.next_due(), lac_.next_due(), ppp_.next_due()})
    if (due && (!next || *due < *next)) next = due;
  return next;
}

void Dial::on_timer(TimePoint now) {
  if (ended_) return;
  ike_.on_timer(now);
  lac_.on_timer(now);
  ppp_.on_timer(now);
  follow(now);
}

void Dial::hang_up(TimePoint now) {
  if (ended_) return;
  if (ending_) ike_.close();
  begin_end(std::nullopt);
  follow(now);
}

void Dial::reached(Step step, std::string detail) {
  if (!std::exchange(reached_.at(static_cast<std::size_t>(step)), true))
    actions_.emplace_back(Reached{step, std::move(detail)});
}

void Dial::begin_end(std::optional<Failure> failure) {
  if (!ending_) failure_ = std::move(failure);
  ending_ = true;
}

// What one layer says may make another one speak.
void Dial::follow(TimePoint now) {
  while (!ended_) {
    const bool ike = follow_ike(now), lac = follow_lac(now), ppp = follow_ppp(now);
    if (ending_) go_on_ending(now);
    if (!ike && !lac && !ppp) break;
  }
}

bool Dial::follow_ike(TimePoint now) {
  auto all = ike_.take_actions();
  for (auto& action : all) {
    if (auto* done = std::get_if<ike::Authenticated>(&action)) {
      reached(Step::ike, done->proposal + ", " + done->identity);
    } else if (auto* failed = std::get_if<ike::Failed>(&action)) {
      begin_end(std::move(failed->failure));
    } else if (const auto* use = std::get_if<ike::UsePair>(&action)) {
      actions_.emplace_back(*use);
      if (!reached_.at(static_cast<std::size_t>(Step::esp)) && !ending_) lac_.start(now);
      reached(Step::esp);
    } else {
      pass_on<ike::SendIke>(actions_, action);
      pass_on<ike::AddPair>(actions_, action);
      pass_on<ike::RemovePair>(actions_, action);
      pass_on<ike::Note>(actions_, action);
    }
  }
  return !all.empty();
}

bool Dial::follow_lac(TimePoint now) {
  auto all = lac_.take_actions();
  for (auto& action : all) {
    pass_on<l2tp::SendControl>(actions_, action);
    if (const auto* up = std::get_if<l2tp::SessionUp>(&action)) {
      actions_.emplace_back(OpenSession{*up});
      reached(Step::l2tp, lac_.server_name());
      if (!ending_) ppp_.start(now);
    }
    if (auto* down = std::get_if<l2tp::Down>(&action)) begin_end(std::move(down->failure));
  }
  return !all.empty();
}

bool Dial::follow_ppp(TimePoint /*now*/) {
  auto all = ppp_.take_actions();
  for (auto& action : all) {
    if (auto* frame = std::get_if<ppp::SendFrame>(&action)) {
      actions_.emplace_back(SendPpp{std::move(frame->bytes)});
    } else if (const auto* link = std::get_if<ppp::LinkUp>(&action)) {
      reached(Step::lcp,
              link->method ? std::string(control::ppp::to_string(*link->method)) : "no password asked");
    } else if (std::holds_alternative<ppp::UserAccepted>(action)) {
      reached(Step::user);
    } else if (const auto* ip = std::get_if<ppp::IpUp>(&action)) {
      reached(Step::user);
      actions_.emplace_back(*ip);
      reached(Step::ip);
    } else if (auto* down = std::get_if<ppp::Down>(&action)) {
      begin_end(std::move(down->failure));
    }
  }
  return !all.empty();
}

// Each layer has its say before the one that carries it goes.
void Dial::go_on_ending(TimePoint now) {
  if (!ike_.is_over() && !lac_.is_over()) {
    if (!ppp_.is_over()) ppp_.close(goodbye, now);
    (void)follow_ppp(now);
    if (!ppp_.is_over()) return;
    lac_.close(goodbye, now);
    (void)follow_lac(now);
    if (!lac_.is_over()) return;
  }
  ike_.close();
  (void)follow_ike(now);
  ended_ = true;
  actions_.emplace_back(Ended{std::move(failure_)});
}

}  // namespace espgate::client::dial
