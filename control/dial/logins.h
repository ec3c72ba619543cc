// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "control/aaa/radius_client.h"
#include "control/aaa/user_database.h"
#include "control/dial/admission.h"
#include "control/dial/password_brake.h"
#include "control/ppp/settings.h"
#include "crypto/secret.h"
#include "wire/ip_address.h"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace espgate::control {

// Whether users are who they say, and on which terms they are here: by the file of users, or by RADIUS. Wrong
// passwords are answered late, later each time; a right one after some wrong ones too, for that time tells
// nothing then. One thread.
class Logins {
 public:
  // Both outlive this. `radius` null: by the file.
  Logins(const config::Config& config, const UserDatabase& users, radius::Client* radius);

  struct Login {
    std::uint32_t peer_id = 0;
    std::uint16_t session = 0;
    wire::IpAddress client;  // outside
    ppp::Authenticate question;
    radius::SessionIdentity identity;
  };
  // Answered by take(), now or later.
  void ask(Login login, ppp::TimePoint now);
  [[nodiscard]] bool asks_radius() const { return radius_ != nullptr; }
  // Answers whose time has come, in that order.
  [[nodiscard]] std::vector<LoginAnswer> take(ppp::TimePoint now);
  [[nodiscard]] bool has_due(ppp::TimePoint now) const {
    return !answers_.empty() && answers_.begin()->first <= now;
  }

 private:
  struct Asked {
    wire::IpAddress client;
    LoginAnswer answer;  // without what the server says
  };
  [[nodiscard]] LoginAnswer check(const ppp::Authenticate& question, LoginAnswer answer) const;
  void ask_radius(Login login, LoginAnswer answer, ppp::TimePoint now);
  void take_radius(ppp::TimePoint now);
  void admit(const radius::AccessAnswer& said, Admission& admission) const;
  // `decided`: it counts as a right or a wrong password.
  void hold(const wire::IpAddress& client, LoginAnswer answer, bool decided, ppp::TimePoint now);
  [[nodiscard]] const config::UserTerms& terms_of(const std::string& user) const;

  const UserDatabase& users_;
  radius::Client* radius_;
  std::string server_;
  unsigned interim_seconds_;
  config::UserTerms terms_;
  std::vector<config::Group> groups_;
  std::map<std::string, std::size_t, std::less<>> group_by_user_;
  crypto::SecretBytes nobodys_secret_{32};  // random: what unknown users are measured by
  PasswordBrake brake_;
  std::multimap<ppp::TimePoint, LoginAnswer> answers_;
  std::unordered_map<std::uint64_t, Asked> asked_;  // of RADIUS, by our id
  std::uint64_t last_id_ = 0;
};

}  // namespace espgate::control
