// SPDX-License-Identifier: Apache-2.0
#include "control/dial/logins.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/rand.h>

namespace espgate::control {
namespace {

unsigned seconds_of(const std::optional<std::chrono::seconds>& limit, unsigned otherwise) {
  return limit ? static_cast<unsigned>(limit->count()) : otherwise;
}

}  // namespace

Logins::Logins(const config::Config& config, const UserDatabase& users, radius::Client* radius)
    : users_(users),
      radius_(radius),
      server_(config.users.server),
      interim_seconds_(config.radius.interim_seconds),
      terms_(config.users),
      groups_(config.groups) {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(nobodys_secret_.bytes().data()),
                 static_cast<int>(nobodys_secret_.size())) != 1)
    throw std::runtime_error("the system gives no random numbers");
  for (std::size_t i = 0; i < groups_.size(); ++i)
    for (const std::string& user : groups_[i].users) group_by_user_.emplace(user, i);
}

const config::UserTerms& Logins::terms_of(const std::string& user) const {
  const auto found = group_by_user_.find(user);
  return found == group_by_user_.end() ? terms_ : groups_[found->second].terms;
}

void Logins::ask(Login login, ppp::TimePoint now) {
  LoginAnswer answer;
  answer.peer_id = login.peer_id;
  answer.session = login.session;
  answer.question = login.question.question;
  answer.user = login.question.user;
  answer.admission.terms = terms_of(answer.user);
  if (radius_ != nullptr) return ask_radius(std::move(login), std::move(answer), now);
  hold(login.client, check(login.question, std::move(answer)), true, now);
}

LoginAnswer Logins::check(const ppp::Authenticate& question, LoginAnswer answer) const {
  const std::string name = ppp::printable(question.user);
  const User* user = users_.find(question.user, server_);
  if (user == nullptr) {
    // The client hears what it would hear of a wrong password, as late.
    answer.result = ppp::authenticate(question, nobodys_secret_.bytes());
    answer.problem = fmt::format("no user is called {}", name);
    answer.remedy = fmt::format("give him a line in {}, or tell him his name", users_.path().string());
    return answer;
  }
  answer.result = ppp::authenticate(question, user->secret.bytes());
  if (!answer.result.accepted) {
    answer.problem = fmt::format("wrong password of {} by {}", name, ppp::to_string(question.method));
    answer.remedy = fmt::format("compare it with his line in {}", users_.path().string());
    return answer;
  }
  answer.admission.may_have_address = user->may_have_address;
  answer.admission.address = user->address;
  return answer;
}

void Logins::ask_radius(Login login, LoginAnswer answer, ppp::TimePoint now) {
  const std::uint64_t id = ++last_id_;
  const auto sent =
      radius_->ask({.id = id, .question = std::move(login.question), .session = std::move(login.identity)});
  if (sent) {
    asked_.emplace(id, Asked{login.client, std::move(answer)});
    return;
  }
  answer.problem = sent.error();
  hold(login.client, std::move(answer), false, now);
}

void Logins::take_radius(ppp::TimePoint now) {
  for (radius::AccessAnswer& said : radius_->take_answers()) {
    const auto found = asked_.find(said.id);
    if (found == asked_.end()) continue;
    auto [client, answer] = std::move(found->second);
    asked_.erase(found);
    const std::string name = ppp::printable(answer.user);
    if (said.result.accepted) admit(said, answer.admission);
    answer.result = std::move(said.result);
    answer.problem = std::move(said.problem);
    answer.warnings = std::move(said.warnings);
    if (!answer.result.accepted && answer.problem.empty())
      answer.problem = fmt::format("{} is refused by the RADIUS server {}", name, said.server);
    if (!said.routes.empty())
      answer.warnings.push_back(
          fmt::format("Framed-Route of {} is not followed: a session has one address", name));
    hold(client, std::move(answer), said.decided, now);
  }
}

// What a server says goes before what the file says of everybody; Filter-Id names a [[group]].
void Logins::admit(const radius::AccessAnswer& said, Admission& admission) const {
  const auto group = std::ranges::find(groups_, said.filter_id, &config::Group::name);
  if (!said.filter_id.empty() && group != groups_.end()) {
    admission.terms = group->terms;
    admission.pool = group->pool;
  }
  config::UserTerms& terms = admission.terms;
  terms.session_limit_seconds = seconds_of(said.session_timeout, terms.session_limit_seconds);
  terms.idle_limit_seconds = seconds_of(said.idle_timeout, terms.idle_limit_seconds);
  admission.address = said.address;
  if (!said.pool.empty()) admission.pool = said.pool;
  admission.dns = said.dns;
  admission.nbns = said.nbns;
  admission.classes = said.classes;
  admission.interim_seconds = seconds_of(said.interim_interval, interim_seconds_);
  admission.accounting_name = said.user;
}

void Logins::hold(const wire::IpAddress& client, LoginAnswer answer, bool decided, ppp::TimePoint now) {
  const auto delay = brake_.delay(client, answer.user, now);
  if (answer.result.accepted) {
    brake_.right(client, answer.user);
  } else if (decided) {
    brake_.wrong(client, answer.user, now);
  }
  answers_.emplace(now + delay, std::move(answer));
}

std::vector<LoginAnswer> Logins::take(ppp::TimePoint now) {
  if (radius_ != nullptr) take_radius(now);
  std::vector<LoginAnswer> due;
  while (has_due(now)) {
    due.push_back(std::move(answers_.begin()->second));
    answers_.erase(answers_.begin());
  }
  return due;
}

}  // namespace espgate::control
