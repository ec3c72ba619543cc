// SPDX-License-Identifier: Apache-2.0
#include "control/l2tp/control_channel.h"

#include "wire/l2tp_avp.h"

#include <algorithm>

namespace espgate::control::l2tp {
namespace {

// a - b of sequence numbers.
std::uint16_t distance(std::uint16_t a, std::uint16_t b) { return static_cast<std::uint16_t>(a - b); }

// Half of all numbers lie behind any one of them (§5.8).
constexpr std::uint16_t half = 0x8000;

}  // namespace

void ControlChannel::set_peer_window(std::uint16_t messages) {
  // §4.4.3: 0 is not valid, and means 1 to the lenient.
  peer_window_ = std::clamp<std::uint16_t>(messages, 1, 1024);
  slow_start_until_ = peer_window_;
}

std::size_t ControlChannel::send_window() const { return std::min(peer_window_, congestion_window_); }

void ControlChannel::acknowledge(std::uint16_t nr, TimePoint now) {
  const auto oldest = static_cast<std::uint16_t>(ns_ - in_flight_.size());
  const std::size_t acknowledged = distance(nr, oldest);
  if (acknowledged == 0 || acknowledged > in_flight_.size()) return;  // old, or of what was never sent
  for (std::size_t i = 0; i < acknowledged; ++i) {
    in_flight_.pop_front();
    if (congestion_window_ >= peer_window_) continue;
    if (congestion_window_ < slow_start_until_) {
      ++congestion_window_;
    } else if (++growth_ >= congestion_window_) {
      growth_ = 0;
      ++congestion_window_;
    }
  }
  tries_ = 0;
  send_first_again_ = false;
  due_ = now + patience.front();
}

void ControlChannel::on_message(wire::L2tpSequence numbers, std::uint16_t session, wire::Bytes avps,
                                TimePoint now) {
  acknowledge(numbers.nr, now);
  if (avps.empty()) return;  // a ZLB has no number of its own
  owes_acknowledgement_ = true;
  const std::uint16_t ahead = distance(numbers.ns, nr_);
  if (ahead >= half) {
    ++duplicates_;
  } else if (ahead < own_window) {
    early_.try_emplace(numbers.ns, Received{session, {avps.begin(), avps.end()}});
  }
}

std::optional<ControlChannel::Received> ControlChannel::next() {
  auto found = early_.extract(nr_);
  if (found.empty()) return std::nullopt;
  ++nr_;
  return std::move(found.mapped());
}

std::vector<std::vector<std::byte>> ControlChannel::take_datagrams(std::uint16_t peer_tunnel, TimePoint now) {
  std::vector<std::vector<std::byte>> datagrams;
  const auto put = [&](std::vector<std::byte>& message, std::uint16_t ns) {
    wire::set_l2tp_numbers(message, {ns, nr_});
    datagrams.push_back(message);
  };
  if (send_first_again_ && !in_flight_.empty()) {
    put(in_flight_.front(), static_cast<std::uint16_t>(ns_ - in_flight_.size()));
    ++sent_again_;
  }
  send_first_again_ = false;
  while (!waiting_.empty() && in_flight_.size() < send_window()) {
    if (in_flight_.empty()) due_ = now + patience.front();
    in_flight_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    put(in_flight_.back(), ns_++);
  }
  if (datagrams.empty() && owes_acknowledgement_) {
    std::vector<std::byte> zlb(wire::l2tp_control_header_length);
    wire::build_l2tp_control(zlb, {peer_tunnel, 0, ns_, nr_}, 0);
    datagrams.push_back(std::move(zlb));
  }
  owes_acknowledgement_ = false;
  return datagrams;
}

bool ControlChannel::on_timer(TimePoint now) {
  if (in_flight_.empty() || now < due_) return true;
  if (tries_ + 1U >= patience.size()) return false;
  ++tries_;
  due_ = now + patience.at(tries_);
  slow_start_until_ = std::max<std::uint16_t>(1, congestion_window_ / 2);
  congestion_window_ = 1;
  growth_ = 0;
  send_first_again_ = true;
  return true;
}

void ControlChannel::try_once_more(TimePoint due) {
  send_again();
  due_ = due;
}

std::optional<TimePoint> ControlChannel::next_due() const {
  return in_flight_.empty() ? std::nullopt : std::optional(due_);
}

}  // namespace espgate::control::l2tp
