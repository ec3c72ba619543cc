// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/live/installation.h"
#include "tests/unit/live/installed.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

// An installation with two workers that do not run, and meters that tell how many there are.
namespace espgate::dataplane::live {

using channel::Command;
using channel::CommandType;
using channel::Event;
using channel::EventType;
using channel::Result;
using test::client_address;
using test::pool_start;

inline Command peer(std::uint32_t id) { return test::peer_command(id); }
inline Command sa(std::uint32_t peer_id, std::uint32_t slot, channel::Direction direction,
                  std::string_view suite) {
  return test::sa_command(peer_id, slot, direction, suite);
}
inline Command session(std::uint32_t peer_id, std::uint16_t tunnel, std::uint32_t address,
                       std::uint32_t slot) {
  return test::session_command(peer_id, tunnel, address, slot);
}

class InstallationTest : public testing::Test {
 protected:
  InstallationTest()
      : engine(*crypto::make_engine(crypto::EngineChoice::automatic)),
        installation(
            {.sas = sas,
             .clients = clients,
             .outbound = outbound,
             .engine = *engine,
             .progress = progress,
             .workers = 2,
             .synchronize =
                 [this] {
                   ++grace_periods;
                   if (in_grace_period) in_grace_period();
                 },
             .make_meter = [this](std::uint32_t kbit) { return std::make_unique<Meter>(kbit, meters); },
             .rates_in_use = &rates_in_use}) {}

  // A meter that lets nothing pass, and knows how many there are.
  class Meter final : public RateMeter {
   public:
    Meter(std::uint32_t kbit, std::vector<std::uint32_t>& all) : kbit_(kbit), all_(all) {
      all_.push_back(kbit);
    }
    ~Meter() override { all_.erase(std::ranges::find(all_, kbit_)); }
    bool pass(std::uint32_t, std::uint64_t) noexcept override { return false; }

   private:
    std::uint32_t kbit_;
    std::vector<std::uint32_t>& all_;
  };
  using Meters = std::vector<std::uint32_t>;

  void set_rates(std::uint32_t from_client_kbit, std::uint32_t to_client_kbit) {
    Command command = session(1, 3, pool_start + 9, 5);
    command.session_update.rate_from_client_kbit = from_client_kbit;
    command.session_update.rate_to_client_kbit = to_client_kbit;
    ASSERT_EQ(installation.apply(command), Result::ok);
  }

  // Peer 1 with the pair of slot 5 and a session for 10.40.0.9.
  void install() {
    for (const Command& command :
         {peer(1), sa(1, 5, channel::Direction::outbound, "aes256-sha256"),
          sa(1, 5, channel::Direction::inbound, "aes256-sha256"), session(1, 3, pool_start + 9, 5)})
      ASSERT_EQ(installation.apply(command), Result::ok);
  }
  std::vector<Event> events_of_limits(std::uint64_t now = 0) {
    std::vector<Event> events;
    installation.check_limits(now, [&](const Event& event) { events.push_back(event); });
    return events;
  }

  SaTable sas{64};
  SessionTable clients{pool_start, 256};
  OutboundTable outbound{64};
  std::unique_ptr<crypto::Engine> engine;
  std::vector<channel::SaProgress> progress = std::vector<channel::SaProgress>(64);
  unsigned grace_periods = 0;
  std::function<void()> in_grace_period;
  Meters meters;  // the rates of those that there are
  std::atomic<bool> rates_in_use = false;
  Installation installation;
};

}  // namespace espgate::dataplane::live
