// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ppp/actions.h"
#include "control/ppp/automaton.h"
#include "control/ppp/settings.h"
#include "control/state/encoding.h"
#include "wire/ppp_options.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace espgate::control::ppp {

// What LCP and the NCPs have in common (RFC 1661 §4 to §5.7): the automaton with its timer and counters, and
// packets of the codes 1 to 7. What the options mean, a derived class says.
class Negotiation {
 public:
  enum class Change : std::uint8_t { up, down, finished };

  Negotiation(std::uint16_t protocol, const Settings& settings, Actions& actions)
      : settings_(settings), actions_(actions), protocol_(protocol) {}
  virtual ~Negotiation() = default;
  Negotiation(const Negotiation&) = delete;
  Negotiation& operator=(const Negotiation&) = delete;

  // Up, Down, Open or Close, or RXJ- for a Protocol-Reject.
  void on_event(Event event, TimePoint now) { step(event, {}, now); }
  void on_packet(const wire::PppPacket& packet, TimePoint now);
  // Close, with a reason that the peer is told in the Terminate-Request.
  void terminate(std::string_view reason, TimePoint now);
  void on_timer(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_due() const;

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool is_opened() const { return state_ == State::opened; }
  // What has become of this layer, oldest first.
  [[nodiscard]] std::vector<Change> take_changes() { return std::exchange(changes_, {}); }
  // What the peer gave as reason in a Terminate-Request, or what went wrong; empty: nothing known.
  [[nodiscard]] const std::string& cause() const { return cause_; }

 protected:
  enum class Verdict : std::uint8_t { ack, nak, reject };
  struct Answer {
    Verdict verdict = Verdict::ack;
    wire::PppOptionList options;  // of a Nak or Reject
  };
  // Collects an answer option by option: one that is rejected outweighs those that are nak'ed (§5.4).
  class AnswerBuilder {
   public:
    [[nodiscard]] wire::PppOptionList& nak() { return nak_; }
    void reject(const wire::PppOption& option) { reject_.copy(option); }
    [[nodiscard]] Answer finish();

   private:
    wire::PppOptionList nak_, reject_;
  };

  // Options of the next Configure-Request.
  [[nodiscard]] virtual wire::PppOptionList request() = 0;
  // Judges the peer's request. `options` walk without error. Where `may_nak` is false, what would be nak'ed
  // is to be rejected (§4.6, Max-Failure).
  [[nodiscard]] virtual Answer judge(wire::Bytes options, bool may_nak) = 0;
  // The peer's request was acknowledged: its options hold.
  virtual void adopt(wire::Bytes options) = 0;
  // The peer's word on our options.
  virtual void on_nak(wire::Bytes options) = 0;
  virtual void on_reject(wire::Bytes options) = 0;
  // Codes above 7. False: not known.
  virtual bool on_other_code(const wire::PppPacket& packet, TimePoint now) = 0;
  // A code that a peer may not know without harm.
  [[nodiscard]] virtual bool may_be_rejected(std::uint8_t code) const = 0;
  // Before negotiation begins anew.
  virtual void reset() = 0;

  void send(wire::PppCode code, std::uint8_t id, wire::Bytes data);
  // There is no agreeing with this peer: negotiation ends.
  void fail(std::string cause) {
    cause_ = std::move(cause);
    failed_ = true;
  }
  [[nodiscard]] std::uint8_t next_id() { return ++id_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  void report(Level level, std::string text) { actions_.emplace_back(Report{level, std::move(text)}); }

  // For the next process; derived classes add their own.
  void encode_base(SecretEncoder& out) const;
  [[nodiscard]] bool decode_base(Decoder& in);

 private:
  void step(Event event, const wire::PppPacket& packet, TimePoint now);
  void perform(std::uint16_t actions, const wire::PppPacket& packet, State before, TimePoint now);
  void on_configure_request(const wire::PppPacket& packet, TimePoint now);
  void on_configure_answer(const wire::PppPacket& packet, TimePoint now);
  void send_request(TimePoint now);
  void send_code_reject(const wire::PppPacket& packet);

  const Settings& settings_;
  Actions& actions_;
  std::uint16_t protocol_;
  State state_ = State::initial;
  std::uint8_t id_ = 0;          // of what was sent last
  std::uint8_t request_id_ = 0;  // of our Configure-Request
  std::vector<std::byte> sent_request_;
  Answer answer_;            // to the request at hand
  unsigned tries_ = 0;       // that are left: the restart counter
  unsigned failures_ = 0;    // Naks sent since the last Ack
  unsigned rejections_ = 0;  // Naks and Rejects that came
  bool failed_ = false;
  TimePoint due_{};
  std::vector<Change> changes_;
  std::string cause_;
};

}  // namespace espgate::control::ppp
