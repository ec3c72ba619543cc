// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ppp/actions.h"
#include "wire/ipv4_prefix.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace espgate::control::radius {

using TimePoint = std::chrono::steady_clock::time_point;

// Which session a message is about.
struct SessionIdentity {
  std::string session_id;       // Acct-Session-Id: the same from login to stop, and never another session's
  std::string calling_station;  // the client's outer address as text
  std::string called_station;   // ours, as text; empty: not told
  std::uint32_t nas_port = 0;
};

// Somebody is to say whether that is the user.
struct AccessRequest {
  std::uint64_t id = 0;  // the caller's; the answer repeats it
  ppp::Authenticate question;
  SessionIdentity session;
};

// A network behind the client, as Framed-Route has it: "10.60.0.0/16 0.0.0.0 1".
struct FramedRoute {
  wire::Ipv4Prefix prefix;    // without host bits
  std::uint32_t gateway = 0;  // host order; 0: the client itself, which is all that a tunnel can lead to
  std::uint32_t metric = 1;
  friend bool operator==(const FramedRoute&, const FramedRoute&) = default;
};

// What became of it. Addresses are in host order, 0: none.
struct AccessAnswer {
  std::uint64_t id = 0;
  // A server has said yes or no. Else nobody could, `problem` says why, the result is a refusal, and it was
  // no wrong password.
  bool decided = false;
  ppp::AuthenticationResult result;
  std::string problem;                // for the operator; also where a server's yes is of no use
  std::vector<std::string> warnings;  // what of an accepted answer had to be passed over
  std::string server;                 // "10.30.0.20 port 1812": who answered, or was asked last

  // Of an accepted user.
  std::string user;                      // User-Name for accounting; empty: as the client said it
  std::optional<std::uint32_t> address;  // none: one of a pool
  std::string pool;                      // Framed-Pool; empty: the user's own
  std::string filter_id;                 // Filter-Id
  std::vector<FramedRoute> routes;
  std::vector<std::vector<std::byte>> classes;           // Class: to be repeated in accounting
  std::optional<std::chrono::seconds> session_timeout;   // of the session, at most
  std::optional<std::chrono::seconds> idle_timeout;      // without a packet
  std::optional<std::chrono::seconds> interim_interval;  // at least 60 s
  std::array<std::uint32_t, 2> dns{};
  std::array<std::uint32_t, 2> nbns{};
};

// Acct-Terminate-Cause, RFC 2866 §5.10.
enum class TerminateCause : std::uint8_t {
  user_request = 1,
  lost_carrier = 2,  // the client is gone without a word
  lost_service = 3,
  idle_timeout = 4,
  session_timeout = 5,
  admin_reset = 6,  // an administrator hung up
  admin_reboot = 7,
  port_error = 8,
  nas_error = 9,
  nas_request = 10,
  nas_reboot = 11,
  port_preempted = 13,  // the user has come by another session
  user_error = 17,
};

// What happened to a session. Counters are those of the whole session, "in" is what the client sent.
struct AccountingRecord {
  enum class Kind : std::uint8_t { start = 1, stop = 2, interim = 3 };  // Acct-Status-Type
  Kind kind = Kind::start;
  SessionIdentity session;
  std::string user;
  std::uint32_t address = 0;                    // the client's inner one, host order; 0: it has none yet
  std::vector<std::vector<std::byte>> classes;  // as the Access-Accept had them
  bool by_radius = true;                        // who knew the password: RADIUS, or a file of ours
  std::uint64_t octets_in = 0, octets_out = 0;
  std::uint64_t packets_in = 0, packets_out = 0;
  std::chrono::seconds session_time{0};
  TerminateCause cause = TerminateCause::user_request;  // of a stop
  TimePoint happened;                                   // what is told late tells how late
};

}  // namespace espgate::control::radius
