// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/aaa/radius_accounting_queue.h"
#include "control/aaa/radius_channel.h"
#include "control/aaa/radius_messages.h"
#include "control/aaa/radius_requests.h"
#include "control/error.h"
#include "control/ppp/lcp.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace espgate::control::radius {

// What the administrator has decided. Does not change.
struct Settings {
  struct Server {
    std::string access_name;      // "10.30.0.20 port 1812"
    std::string accounting_name;  // "10.30.0.20 port 1813"
    crypto::SecretBytes secret;
  };
  std::vector<Server> servers;  // in the order in which they are asked
  NasIdentity nas;
  std::chrono::seconds timeout{3};
  unsigned tries = 3;
  std::chrono::seconds dead_time{60};
  bool require_message_authenticator = false;
  std::chrono::seconds patience{60};  // how long a login may wait until it is asked for
  std::size_t most_waiting = 1024;    // logins; beside those that are on their way
  std::size_t most_records = 16384;   // of accounting
};

struct ServerStatus {
  std::string name;
  Service service = Service::access;
  bool dead = false;  // asked after the others, as it did not answer
  std::size_t in_flight = 0;
  Counters counters;
};
struct Status {
  std::vector<ServerStatus> servers;
  std::size_t waiting_logins = 0;
  std::uint64_t refused_logins = 0;  // too many were waiting, or RADIUS can't carry them
  std::size_t waiting_records = 0;
  std::uint64_t lost_records = 0;
};

// A network access server, RADIUS's client: bytes and the time in, bytes and answers out. It opens no socket
// and reads no clock. One thread.
class Nas {
 public:
  using WallClock = std::function<std::chrono::system_clock::time_point()>;
  struct Datagram {
    Service service;
    std::size_t server;
    std::vector<std::byte> bytes;
  };

  Nas(Settings settings, ppp::Random random, WallClock wall_clock);

  // Error: it is not asked, and will have no answer.
  [[nodiscard]] Expected<void> ask(AccessRequest request, TimePoint now);
  // Told until a server has acknowledged it. What is lost for want of room is in the reports.
  void account(AccountingRecord record, TimePoint now);

  // The process ends: what was not told yet is lost, each with a report.
  void close();

  void on_datagram(Service service, std::size_t server, Octets datagram, TimePoint now);
  // The host of the server says that nothing listens there.
  void on_refused(Service service, std::size_t server, TimePoint now);
  void on_timer(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_due() const;

  [[nodiscard]] std::vector<Datagram> take_datagrams() { return std::exchange(datagrams_, {}); }
  [[nodiscard]] std::vector<AccessAnswer> take_answers() { return std::exchange(answers_, {}); }
  // For the log: servers that come and go, records that are lost.
  [[nodiscard]] std::vector<ppp::Report> take_reports() { return std::exchange(reports_, {}); }
  [[nodiscard]] Status status(TimePoint now) const;

 private:
  struct Waiting {
    AccessRequest request;
    TimePoint since;
  };
  using Due = std::tuple<TimePoint, std::size_t, std::uint8_t>;  // of a channel's exchange

  [[nodiscard]] Channel& channel(Service service, std::size_t server);
  [[nodiscard]] const Channel& channel(Service service, std::size_t server) const;
  [[nodiscard]] std::size_t index_of(Service service, std::size_t server) const;
  [[nodiscard]] std::vector<std::size_t> order(Service service, TimePoint now) const;
  [[nodiscard]] static Service service_of(const Exchange& exchange);
  void pump(TimePoint now);
  void pump_logins(TimePoint now);
  void pump_records(TimePoint now);
  void begin(std::unique_ptr<Exchange> exchange, TimePoint now);
  [[nodiscard]] std::optional<std::vector<std::byte>> packet_of(const Exchange& exchange, Channel& to,
                                                                std::uint8_t identifier, TimePoint now);
  void send(Channel& to, std::uint8_t identifier, TimePoint now);
  [[nodiscard]] std::unique_ptr<Exchange> take(Channel& from, std::uint8_t identifier);
  void give_server_up(Channel& from, std::uint8_t identifier, TimePoint now);
  void give_up(std::unique_ptr<Exchange> exchange, TimePoint now);
  [[nodiscard]] std::string failure(const Channel& of, const Exchange& exchange) const;
  void finish(Channel& from, const Exchange& exchange, const Reply& reply, TimePoint now);
  void put_back(Exchange& exchange, TimePoint now);
  void acknowledged(const AccountingRecord& record, TimePoint now);
  void lose(const AccountingRecord& record, std::string_view why);
  void report(ppp::Level level, std::string text) { reports_.push_back({level, std::move(text)}); }

  Settings settings_;
  ppp::Random random_;
  WallClock wall_clock_;
  std::vector<std::unique_ptr<Channel>> channels_;  // access of all servers, then accounting
  std::set<Due> due_;
  std::deque<Waiting> waiting_;
  AccountingQueue records_;
  std::set<std::string> accounted_;            // sessions of which a record is on its way
  std::optional<TimePoint> accounting_pause_;  // no server acknowledges; until then nothing is told
  std::uint64_t refused_logins_ = 0;
  std::uint64_t lost_records_ = 0;
  std::vector<Datagram> datagrams_;
  std::vector<AccessAnswer> answers_;
  std::vector<ppp::Report> reports_;
};

}  // namespace espgate::control::radius
