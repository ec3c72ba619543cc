// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/aaa/radius_accounting_queue.h"
#include "control/aaa/radius_messages.h"
#include "control/aaa/radius_packet.h"
#include "crypto/secret.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace espgate::control::radius {

enum class Service : std::uint8_t { access, accounting };

// How it went with a server, for operators.
struct Counters {
  std::uint64_t requests = 0;      // of them all; a repetition is none
  std::uint64_t repetitions = 0;   // of a request that was not answered in time
  std::uint64_t accepted = 0;      // Access-Accept
  std::uint64_t rejected = 0;      // Access-Reject
  std::uint64_t challenged = 0;    // Access-Challenge
  std::uint64_t acknowledged = 0;  // Accounting-Response
  std::uint64_t unanswered = 0;    // requests that the server was given up for
  std::uint64_t unauthentic = 0;   // datagrams that were signed with another secret, or not as they must be
  std::uint64_t stray = 0;         // datagrams that answer nothing: late ones, or no RADIUS at all
};

// A request on its way, with what it takes to ask it again elsewhere.
struct Exchange {
  std::variant<AccessRequest, AccountingQueue::Taken> subject;
  std::vector<std::size_t> servers;  // still to be asked, the next one in front
  std::vector<std::byte> packet;
  unsigned tries_left = 0;
  TimePoint due;             // of the next try, or of giving the server up
  bool unauthentic = false;  // something came from the server that could not be believed
  bool refused = false;      // nothing listens there
  std::string problem;       // of the servers that were asked before
};

// One server in one of its services. Its requests are told apart by a byte.
class Channel {
 public:
  static constexpr std::size_t most_exchanges = 256;

  Channel(Service service, std::size_t server, std::string name, crypto::SecretBytes secret)
      : service_(service), server_(server), name_(std::move(name)), secret_(std::move(secret)) {}

  [[nodiscard]] Service service() const { return service_; }
  [[nodiscard]] std::size_t server() const { return server_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Octets secret() const { return secret_.bytes(); }

  // The identifier that has been free for longest. nullopt: none is.
  [[nodiscard]] std::optional<std::uint8_t> next_identifier() const;
  Exchange& put(std::uint8_t identifier, std::unique_ptr<Exchange> exchange);
  [[nodiscard]] Exchange* find(std::uint8_t identifier) { return exchanges_[identifier].get(); }
  [[nodiscard]] std::unique_ptr<Exchange> take(std::uint8_t identifier);
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }

  // Whether the reply may be believed. Once a server has sent a Message-Authenticator, an Access reply
  // without one is none of its own.
  [[nodiscard]] bool believes(const Reply& reply, const Exchange& exchange,
                              bool require_message_authenticator);

  // Each returns whether that is news.
  bool is_alive_now();
  bool is_dead_until(TimePoint when);
  [[nodiscard]] bool is_dead(TimePoint now) const { return dead_until_ && now < *dead_until_; }

  Counters counters;

 private:
  Service service_;
  std::size_t server_;
  std::string name_;
  crypto::SecretBytes secret_;
  std::array<std::unique_ptr<Exchange>, most_exchanges> exchanges_;
  std::size_t in_flight_ = 0;
  std::uint8_t last_identifier_ = 0;
  bool sends_message_authenticator_ = false;
  std::optional<TimePoint> dead_until_;  // none: it answered last
};

}  // namespace espgate::control::radius
