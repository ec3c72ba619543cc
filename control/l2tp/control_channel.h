// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/l2tp.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace espgate::control::l2tp {

// The cores read no clock: every call says what time it is. Goes on over a restart of the process.
using TimePoint = std::chrono::steady_clock::time_point;

// Reliable delivery of one tunnel's control messages (RFC 2661 §5.8 and appendix A): sequence numbers,
// acknowledgements, windows, retransmission. Knows nothing of what messages mean.
class ControlChannel {
 public:
  static constexpr std::uint16_t own_window = 8;           // messages, as our SCCRP says
  static constexpr std::uint16_t default_peer_window = 4;  // where the peer says nothing (§4.4.3)
  // Patience after the first sending and each of the five that may follow.
  static constexpr std::array<std::chrono::seconds, 6> patience = {
      std::chrono::seconds(1), std::chrono::seconds(2), std::chrono::seconds(4),
      std::chrono::seconds(8), std::chrono::seconds(8), std::chrono::seconds(8)};

  void set_peer_window(std::uint16_t messages);

  // A message of L2tpMessageBuilder's, to be sent as soon as the window allows.
  void send(std::vector<std::byte> message) { waiting_.push_back(std::move(message)); }

  // A message that came; `avps` is empty for a ZLB. What can be delivered now, next() gives.
  void on_message(wire::L2tpSequence numbers, std::uint16_t session, wire::Bytes avps, TimePoint now);
  struct Received {
    std::uint16_t session = 0;  // of its header
    std::vector<std::byte> avps;
  };
  // The next message in order.
  [[nodiscard]] std::optional<Received> next();

  // What is to leave now: messages that the window allows, else a ZLB where an acknowledgement is owed.
  [[nodiscard]] std::vector<std::vector<std::byte>> take_datagrams(std::uint16_t peer_tunnel, TimePoint now);

  // Sends again what has waited too long. False: it has been sent as often as it may be.
  [[nodiscard]] bool on_timer(TimePoint now);
  // Sends the oldest message again at once, for instance since the peer has shown that it lacks it.
  void send_again() { send_first_again_ = !in_flight_.empty(); }
  // After on_timer() has given up: sends once more, and gives up again at `due` if nobody answers.
  void try_once_more(TimePoint due);
  // Nullopt: nothing waits for an acknowledgement.
  [[nodiscard]] std::optional<TimePoint> next_due() const;

  [[nodiscard]] bool all_acknowledged() const { return in_flight_.empty() && waiting_.empty(); }
  [[nodiscard]] std::size_t unacknowledged() const { return in_flight_.size() + waiting_.size(); }
  // Messages that were sent again, and messages that came twice.
  [[nodiscard]] std::uint32_t sent_again() const { return sent_again_; }
  [[nodiscard]] std::uint32_t duplicates() const { return duplicates_; }

  // For the next process.
  template <typename Encoder>
  void encode(Encoder& out) const;
  template <typename Decoder>
  [[nodiscard]] static std::optional<ControlChannel> decode(Decoder& in);

 private:
  void acknowledge(std::uint16_t nr, TimePoint now);
  [[nodiscard]] std::size_t send_window() const;

  std::uint16_t ns_ = 0;  // of the next new message
  std::uint16_t nr_ = 0;  // of the message that is expected next
  std::uint16_t peer_window_ = default_peer_window;
  std::uint16_t congestion_window_ = 1, slow_start_until_ = default_peer_window, growth_ = 0;  // appendix A
  std::deque<std::vector<std::byte>> in_flight_;  // the first has Ns ns_ - size
  std::deque<std::vector<std::byte>> waiting_;
  std::map<std::uint16_t, Received> early_;  // by Ns; came before their turn
  bool owes_acknowledgement_ = false;
  bool send_first_again_ = false;
  std::uint8_t tries_ = 0;  // of the first in flight
  TimePoint due_{};
  std::uint32_t sent_again_ = 0, duplicates_ = 0;
};

template <typename Encoder>
void ControlChannel::encode(Encoder& out) const {
  for (const std::uint16_t number : {ns_, nr_, peer_window_, congestion_window_, slow_start_until_, growth_})
    out.number(number);
  for (const auto* queue : {&in_flight_, &waiting_}) {
    out.number(static_cast<std::uint16_t>(queue->size()));
    for (const auto& message : *queue) out.blob(message);
  }
  out.number(static_cast<std::uint16_t>(early_.size()));
  for (const auto& [ns, received] : early_) {
    out.number(ns);
    out.number(received.session);
    out.blob(received.avps);
  }
  out.number(static_cast<std::uint8_t>(owes_acknowledgement_));
  out.number(tries_);
  out.number(static_cast<std::uint64_t>(due_.time_since_epoch() / std::chrono::nanoseconds(1)));
}

template <typename Decoder>
std::optional<ControlChannel> ControlChannel::decode(Decoder& in) {
  ControlChannel channel;
  for (std::uint16_t* number : {&channel.ns_, &channel.nr_, &channel.peer_window_,
                                &channel.congestion_window_, &channel.slow_start_until_, &channel.growth_})
    *number = in.template number<std::uint16_t>();
  const auto bytes = [&in] {
    const auto blob = in.blob();
    return std::vector<std::byte>(blob.begin(), blob.end());
  };
  for (auto* queue : {&channel.in_flight_, &channel.waiting_}) {
    for (auto left = in.template number<std::uint16_t>(); left > 0 && in.ok(); --left) {
      queue->push_back(bytes());
      if (queue->back().size() < wire::l2tp_control_header_length) return std::nullopt;
    }
  }
  for (auto left = in.template number<std::uint16_t>(); left > 0 && in.ok(); --left) {
    const auto ns = in.template number<std::uint16_t>();
    const auto session = in.template number<std::uint16_t>();
    channel.early_[ns] = {session, bytes()};
  }
  channel.owes_acknowledgement_ = in.template number<std::uint8_t>() != 0;
  channel.tries_ = in.template number<std::uint8_t>();
  channel.due_ =
      TimePoint(std::chrono::nanoseconds(static_cast<std::int64_t>(in.template number<std::uint64_t>())));
  const bool sound = in.ok() && channel.peer_window_ != 0 && channel.congestion_window_ != 0 &&
                     channel.tries_ < patience.size() && channel.early_.size() < own_window;
  return sound ? std::optional(std::move(channel)) : std::nullopt;
}

}  // namespace espgate::control::l2tp
