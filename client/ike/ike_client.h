// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/failure.h"
#include "client/ike/main_mode.h"
#include "client/ike/quick_mode.h"
#include "client/ike/settings.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace espgate::client::ike {

struct SendIke {
  std::vector<std::byte> bytes;  // without marker
  bool natt = false;             // to port 4500, behind the non-ESP marker; else to 500
};
// Phase 1 is done; the first time, quick mode follows by itself.
struct Authenticated {
  std::string proposal;  // "aes256-sha256-modp2048"
  std::string identity;  // the server's
  bool again = false;    // it was there before, and was renewed
};
// From now on packets of its inbound SA are taken.
struct AddPair {
  Pair pair;
};
// From now on packets leave by that pair's outbound SA.
struct UsePair {
  std::uint32_t spi_in = 0;
};
struct RemovePair {
  std::uint32_t spi_in = 0;
};
// It is over, and nothing more is said.
struct Failed {
  Failure failure;
};
// For the log.
struct Note {
  std::string text;
};
using Action = std::variant<SendIke, Authenticated, AddPair, UsePair, RemovePair, Failed, Note>;

// IKEv1 with one server: begins phase 1 and quick mode, renews both in time, answers where the server does
// so, answers dead peer detection (RFC 3706), and says goodbye. Messages and the time in, actions out by
// take_actions(). Opens no socket, reads no clock. One thread.
class IkeClient {
 public:
  // Patience after each sending of a message, the last of which ends the attempt.
  static constexpr std::array<std::chrono::milliseconds, 6> patience = {
      std::chrono::milliseconds(1000), std::chrono::milliseconds(2000), std::chrono::milliseconds(4000),
      std::chrono::milliseconds(8000), std::chrono::milliseconds(8000), std::chrono::milliseconds(8000)};
  // For how long packets on their way may still come by a pair, or messages of an IKE SA, that was replaced.
  static constexpr std::chrono::seconds grace{10};

  // `settings` outlives this. `local`: our own address, as identity.
  IkeClient(const Settings& settings, Environment environment, const wire::IpAddress& local);
  IkeClient(const IkeClient&) = delete;
  IkeClient& operator=(const IkeClient&) = delete;

  void dial(TimePoint now);
  // An IKE message of the server's, without marker.
  void on_message(wire::Bytes bytes, TimePoint now);
  void on_timer(TimePoint now);
  // Deletes all SAs, and tells the server once; nothing is waited for.
  void close();

  // Nullopt: nothing to wait for.
  [[nodiscard]] std::optional<TimePoint> next_due() const;
  [[nodiscard]] std::vector<Action> take_actions() { return std::exchange(actions_, {}); }
  [[nodiscard]] bool is_over() const { return over_; }
  // How often pairs and phase 1 have been renewed, by whomever.
  [[nodiscard]] std::uint64_t rekeys() const { return rekeys_; }
  [[nodiscard]] std::uint64_t reauthentications() const { return reauthentications_; }

 private:
  // A message of ours that waits for its answer.
  struct Waiting {
    std::vector<std::byte> bytes;
    unsigned tries = 0;
    std::optional<TimePoint> due;
  };
  struct Phase1 {
    std::unique_ptr<MainMode> mode;
    Waiting waiting;
    std::optional<TimePoint> until;  // done: kept to repeat the last message; begun by the server: its time
    bool done = false;
  };
  struct Quick {
    std::unique_ptr<QuickMode> mode;
    Waiting waiting;
    std::optional<TimePoint> until;
    bool done = false;
  };
  struct Established {
    std::shared_ptr<IkeSa> sa;
    std::optional<TimePoint> renew, remove;
    // Of quick modes that the server has begun: one that was recorded and is played again is refused.
    std::set<std::uint32_t> message_ids;
  };
  struct Installed {
    std::uint32_t spi_in = 0, spi_out = 0;
    std::optional<TimePoint> renew, remove;
  };

  void begin_phase1(TimePoint now);
  void begin_quick_mode(TimePoint now);
  void on_phase1(const wire::IsakmpMessage& message, TimePoint now);
  void follow(Phase1& phase1, Reaction reaction, TimePoint now);
  void established(Phase1& phase1, TimePoint now);
  void on_quick_mode(Established& by, const wire::IsakmpMessage& message, TimePoint now);
  void follow(Quick& quick, Reaction reaction, TimePoint now);
  void take_pair(QuickMode& mode, TimePoint now);
  void on_informational(const std::shared_ptr<IkeSa>& sa, const wire::IsakmpMessage& message, TimePoint now);
  void on_clear_notification(const wire::IsakmpMessage& message);
  void on_notification(const IkeSa& sa, wire::Bytes body);
  void on_delete(wire::Bytes body, TimePoint now);
  void after_delete(TimePoint now);
  void send_informational(const IkeSa& sa, wire::IsakmpPayloadType type, wire::Bytes body);
  void drop_pair(std::uint32_t spi_in);
  void delete_pair(std::uint32_t spi_in);
  void send(std::vector<std::byte> bytes, bool natt) {
    actions_.emplace_back(SendIke{std::move(bytes), natt});
  }
  // Sends it, and again until its answer comes.
  void send_and_wait(Waiting& waiting, std::vector<std::byte> bytes, bool natt, TimePoint now);
  // False: it has been sent as often as it may be.
  [[nodiscard]] bool repeat(Waiting& waiting, bool natt, TimePoint now);
  void serve_exchanges(TimePoint now);
  void serve_lifetimes(TimePoint now);
  void fail(Failure failure);
  [[nodiscard]] std::shared_ptr<IkeSa> newest() const;
  [[nodiscard]] std::uint32_t random_number();

  const Settings& settings_;
  Environment environment_;
  wire::IpAddress local_;
  std::list<Phase1> phase1s_;
  std::list<Quick> quicks_;
  std::vector<Established> sas_;  // the newest last
  std::vector<Installed> pairs_;  // the newest last
  std::vector<Action> actions_;
  bool ever_established_ = false;
  bool over_ = false;
  std::uint64_t rekeys_ = 0, reauthentications_ = 0;
};

}  // namespace espgate::client::ike
