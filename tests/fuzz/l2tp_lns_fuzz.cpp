// SPDX-License-Identifier: Apache-2.0
// A client that says anything, in any order, at any time: the LNS keeps its limits, never promises a session
// that the data plane does not have, and survives being stored at any point.
#include "control/l2tp/lns.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <map>

using namespace espgate;
using namespace espgate::control;
using l2tp::TimePoint;

namespace {

class Peer {
 public:
  Peer() {
    settings_.secret = crypto::SecretBytes(std::as_bytes(std::span("tunnel", 6)));
    lns_ = std::make_unique<l2tp::Lns>(settings_, environment());
  }

  // What the input says: an operation, and what it is about.
  void run(wire::Bytes input) {
    while (input.size() >= 2) {
      const auto operation = std::to_integer<unsigned>(input[0]);
      const std::size_t length =
          std::min<std::size_t>(std::to_integer<std::size_t>(input[1]), input.size() - 2);
      step(operation, input.subspan(2, length));
      input = input.subspan(2 + length);
      check();
    }
  }

 private:
  l2tp::Lns::Environment environment() {
    return {[this](std::span<std::byte> bytes) {
              for (std::byte& byte : bytes) byte = std::byte(++random_ & 0xff);
            },
            {}};
  }
  void step(unsigned operation, wire::Bytes argument) {
    switch (operation % 8) {
      case 0:
        lns_->on_message(1, 1701, argument, now_);
        break;
      case 1:
      case 2:
      case 3:
        lns_->on_message(1, 1701, with_header(argument, operation), now_);
        break;
      case 4:
        now_ += std::chrono::milliseconds(1 + 4 * operation);
        lns_->on_timer(now_);
        break;
      case 5:
        if (const auto due = lns_->next_due()) {
          now_ = std::max(now_, *due);
          lns_->on_timer(now_);
        }
        break;
      case 6:
        if (!starting_.empty()) {
          lns_->on_session_installed(starting_.begin()->first, operation < 128, now_);
          starting_.erase(starting_.begin());
        }
        break;
      default:
        store(operation);
        break;
    }
    take();
  }
  // AVPs behind a header that fits the first tunnel, so that the fuzzer need not find numbers and lengths.
  std::vector<std::byte> with_header(wire::Bytes avps, unsigned operation) {
    std::uint16_t tunnel = 0, session = 0;
    if (operation % 8 != 1 && !lns_->tunnels().empty()) {
      const auto& first = lns_->tunnels().begin()->second;
      tunnel = first.id;
      if (!first.sessions.empty() && operation % 8 == 3) session = first.sessions.begin()->first;
    }
    if (tunnel == 0) ns_ = 0;
    std::vector<std::byte> message(wire::l2tp_control_header_length + avps.size());
    wire::build_l2tp_control(message, {tunnel, session, ns_, nr_}, avps.size());
    std::ranges::copy(avps, message.begin() + wire::l2tp_control_header_length);
    if (!avps.empty()) ++ns_;
    return message;
  }
  void store(unsigned operation) {
    if (operation < 64) {
      lns_->close("the fuzzer stops", now_);
    } else if (operation < 96) {
      if (!up_.empty()) lns_->close_session(up_.begin()->first, "the fuzzer hangs up", now_);
    } else {
      SecretEncoder out;
      lns_->encode(out);
      Decoder in(out.result());
      lns_ = l2tp::Lns::decode(in, settings_, environment());
      fuzz::require(lns_ != nullptr && in.complete());
      starting_.clear();
      SecretEncoder again;
      lns_->encode(again);
      fuzz::require(std::ranges::equal(out.result(), again.result()));
    }
  }
  void take() {
    for (auto& action : lns_->take_actions()) std::visit([this](const auto& what) { note(what); }, action);
  }
  void note(const l2tp::SendControl& send) {
    const auto header = wire::L2tpHeader::parse(send.bytes);
    fuzz::require(header && header->is_control() && send.bytes.size() <= 1400);
    if (header->payload().empty()) return;
    const auto message = l2tp::ControlMessage::parse(header->payload(), {});
    fuzz::require(!message.fault() && message.is_known());
    nr_ = static_cast<std::uint16_t>(header->ns() + 1);
  }
  void note(const l2tp::SessionStarting& what) { starting_[what.ids.session] = what.ids; }
  void note(const l2tp::SessionUp& what) {
    fuzz::require(!starting_.contains(what.ids.session));
    fuzz::require(up_.emplace(what.ids.session, what.ids).second);
  }
  void note(const l2tp::SessionDown& what) { up_.erase(what.ids.session); }
  void note(const l2tp::TunnelDown& /*what*/) {}
  void note(const l2tp::Report& what) { fuzz::require(!what.text.empty() && what.text.size() < 1000); }
  void check() const {
    std::size_t open = 0;
    for (const auto& [id, tunnel] : lns_->tunnels()) {
      fuzz::require(id == tunnel.id && id != 0);
      if (tunnel.state != l2tp::Tunnel::State::closing) ++open;
      fuzz::require(tunnel.state != l2tp::Tunnel::State::closing || tunnel.sessions.empty());
      for (const auto& [session_id, session] : tunnel.sessions) {
        fuzz::require(session_id == session.id && session_id != 0);
        fuzz::require((session.state == l2tp::Session::State::established) == up_.contains(session_id));
      }
    }
    fuzz::require(open <= settings_.most_tunnels && lns_->tunnels().size() <= 64);
    fuzz::require(lns_->session_count() <= settings_.most_sessions);
    fuzz::require(lns_->done() || lns_->next_due().has_value());
  }

  l2tp::Settings settings_;
  std::unique_ptr<l2tp::Lns> lns_;
  std::uint32_t random_ = 0;
  TimePoint now_{std::chrono::hours(1)};
  std::uint16_t ns_ = 0, nr_ = 0;
  std::map<std::uint16_t, l2tp::SessionIds> starting_, up_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::Bytes input = fuzz::as_bytes(data, size);
  Peer().run(input);
  // A record that nobody wrote.
  Decoder in(input);
  static const l2tp::Settings settings;
  if (auto lns = l2tp::Lns::decode(in, settings, {[](std::span<std::byte>) {}, {}})) {
    lns->on_timer(TimePoint(std::chrono::hours(2)));
    lns->close("", TimePoint(std::chrono::hours(2)));
  }
  return 0;
}
