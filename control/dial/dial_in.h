// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/dial/dial_service.h"
#include "control/pool/lease_file.h"
#include "control/state/state_segment.h"

#include <optional>

namespace espgate::control {

// All that dialling in needs: users, addresses with their leases on disk, L2TP and PPP. One thread.
class DialIn {
 public:
  struct Environment {
    Gateway& gateway;
    const ike::Negotiator& negotiator;
    std::function<channel::ControlEnd*()> dataplane;
    std::function<void(std::uint64_t id, const std::span<const std::byte>* record)> save;
    EventLog& log;
    ike::Journal& journal;
  };
  // Reads users and leases; what is wrong with them is logged, and goes on without.
  DialIn(const config::Config& config, const Environment& environment);

  [[nodiscard]] DialService& service() { return service_; }
  // Readable when RADIUS has something for step(); -1: there is none.
  [[nodiscard]] int descriptor() const { return radius_ ? radius_->descriptor() : -1; }
  void step();
  // We end: what RADIUS was not told yet goes to the log.
  void close();
  // Several times a second: also looks whether the file of users has changed.
  void tick();
  // Reads the users again, changed or not. Error: as UserDatabase::load(); or they are not in a file.
  [[nodiscard]] Expected<void> reload_users();
  [[nodiscard]] const UserDatabase& users() const { return users_; }
  void restore(const StateRecords& records);

 private:
  void load_users();
  void reserve_addresses();
  void tell_problems() const;
  void save_leases();
  void tell_radius_reports();

  UserDatabase users_;
  AddressPools pools_;
  std::optional<LeaseFile> leases_;
  std::unique_ptr<radius::Client> radius_;
  DialService service_;
  ike::TimePoint look_again_{};
};

}  // namespace espgate::control
